package check

import (
	"net/http"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// differences compares the plain GET on both ports with what the oracle of the
// dialect expects; nil where the download does not work or there is nothing to
// compare with.
func differences(v *diag.View) []compare.Difference {
	b, p := v.Exchange(diag.BackendGet), v.Exchange(diag.ProxyGet)
	if !v.Delivered() || !attests(b) {
		return nil
	}
	d, _, _ := v.Dialect()
	want := Expected(d.Expect("GET", b.Status, canonical(b.Header), v.Fixture(diag.RoleMain).Size))
	return compare.Diff(b.Exchange, p.Exchange, want, volatile(v))
}

// attests says that the backend's own answer to the download shows what it gives
// the proxy: a handoff or the file, with a header that is read to its end. What
// is neither may come of another server than the one that the proxy asks.
func attests(b *diag.Exchange) bool {
	return b.Answered() && b.Status < 300 && !malformed(b) && (len(b.Handoffs()) > 0 || b.Delivers())
}

// malformed says that an answer's header is not HTTP as it should be.
func malformed(x *diag.Exchange) bool {
	return x.Answered() && x.Failure != nil && x.Failure.Kind == compare.Protocol && x.Failure.Phase == compare.PhaseHeader
}

// Expected puts the oracle's answer into the comparer's words.
func Expected(e sendfile.Expected) compare.Expected {
	want := compare.Expected{Status: e.Status, Rest: compare.Fate(e.Rest.String())}
	for _, h := range e.Header {
		if h.Fate == sendfile.Own {
			h.Fate = sendfile.MayOwn // a proxy that makes none loses nothing of the backend's
		}
		want.Header = append(want.Header, compare.Rule{
			Name: h.Name, Fate: compare.Fate(h.Fate.String()), Values: h.Values, Why: h.Why,
		})
	}
	return want
}

func canonical(h compare.Header) http.Header {
	out := http.Header{}
	for _, f := range h {
		out.Add(f.Name, f.Value)
	}
	return out
}

// volatile are the names of fields that differ between two answers to the same
// request on either port.
func volatile(v *diag.View) []string {
	var names []string
	for _, pair := range [][2]string{{diag.BackendGet, diag.BackendAgain}, {diag.ProxyGet, diag.ProxyAgain}} {
		first, again := v.Exchange(pair[0]), v.Exchange(pair[1])
		if first.Answered() && again.Answered() {
			names = append(names, compare.Volatile(first.Exchange, again.Exchange)...)
		}
	}
	return names
}

// headerFinding makes one finding of all differences in fields that the
// backend sent and that pick accepts.
func headerFinding(v *diag.View, what string, pick func(compare.Difference) bool) []diag.Finding {
	var rows []diag.Row
	var names []string
	for _, d := range differences(v) {
		if len(d.Backend) == 0 || strings.HasPrefix(d.Field, ":") || ownAffair(d) || !pick(d) {
			continue
		}
		names = append(names, d.Field)
		rows = append(rows, diag.Row{
			Field: d.Field, Backend: strings.Join(d.Backend, "\n"), Proxy: orAbsent(strings.Join(d.Proxy, "\n")),
			Expected: d.Expected, Meaning: d.Meaning,
		})
	}
	if rows == nil {
		return nil
	}
	return []diag.Finding{{
		Detail:   what + ": " + strings.Join(names, ", ") + ".",
		Evidence: []diag.Evidence{{Kind: diag.EvidenceDiff, Text: "fields of the same download on both ports", Probe: diag.ProxyGet, Rows: rows}},
	}}
}

// orAbsent says so of a field that is not there.
func orAbsent(value string) string {
	if value == "" {
		return "absent"
	}
	return value
}

// ownAffair says that a difference in the field is no loss: the length is the
// file's whatever the backend says, a charset may be added to a type, and a
// proxy that packs some answers adds Accept-Encoding to Vary (RFC 9110 section
// 12.5.5).
func ownAffair(d compare.Difference) bool {
	switch strings.ToLower(d.Field) {
	case "content-length", "accept-ranges":
		return true
	case "etag", "last-modified":
		// Validators are judged by what they do, see proxy-conditional-broken.
		return d.Verdict == compare.Changed || d.Verdict == compare.Lost
	case "vary":
		return !slices.ContainsFunc(members(d.Backend), func(m string) bool { return !slices.Contains(members(d.Proxy), m) })
	case "content-type":
		media := func(list []string) string {
			t, _, _ := strings.Cut(strings.Join(list, ","), ";")
			return strings.ToLower(strings.TrimSpace(t))
		}
		return d.Verdict == compare.Changed && media(d.Backend) == media(d.Proxy)
	}
	return slices.Contains(d.Backend, "")
}

// members are the members of a field's list, in lower case (RFC 9110 section 5.6.1).
func members(lines []string) []string {
	var list []string
	for m := range strings.SplitSeq(strings.ToLower(strings.Join(lines, ",")), ",") {
		if m = strings.TrimSpace(m); m != "" {
			list = append(list, m)
		}
	}
	return list
}
