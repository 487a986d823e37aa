package sendfile

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Fate says what becomes of a header field on its way from the backend
// through a correct proxy to the client.
type Fate int

const (
	// Keep means: the backend's values must arrive.
	Keep Fate = iota
	// Own means: the proxy writes the field itself, with any value; it must be there.
	Own
	// MayOwn means: the field may be there or not, with the backend's or any value.
	MayOwn
	// Drop means: the backend's values are not to be expected at the client.
	Drop
)

// String returns "keep", "own", "may-own" or "drop".
func (f Fate) String() string {
	switch f {
	case Keep:
		return "keep"
	case Own:
		return "own"
	case MayOwn:
		return "may-own"
	case Drop:
		return "drop"
	}
	return "Fate(" + strconv.Itoa(int(f)) + ")"
}

// An Expectation is what is expected of one header field.
type Expectation struct {
	Name   string   // in canonical case, e.g. "Etag"
	Fate   Fate     // what becomes of it
	Values []string // with Keep the backend's; with Own the value, where it is known (Content-Length)
	Why    string   // one sentence, with its source
}

// Expected is what a correct proxy makes of a response.
type Expected struct {
	Status int
	Header []Expectation // sorted by name; every field of the backend's, and those that the proxy writes itself
	Rest   Fate          // the fate of backend fields that were not given to Expect
}

// Expect returns what a correct proxy of this dialect answers to an
// unconditional request without Range, when the backend answered with status
// and header. method is the request's. size is that of the file handed off in
// bytes, or negative if it is not there; it is not looked at where the proxy
// does not act on a handoff.
//
// The facts were recorded from the real servers in their plain, healthy
// configuration (see testdata/oracle); for Caddy that is one whose
// copy_response_headers names Content-Type, Content-Disposition,
// Cache-Control and Set-Cookie. For LiteSpeed and for an unknown dialect
// nothing is required but the file's length.
func (d Dialect) Expect(method string, status int, backend http.Header, size int64) Expected {
	fields := http.Header{}
	for name, values := range backend {
		key := http.CanonicalHeaderKey(name)
		fields[key] = append(fields[key], values...)
	}
	out, code := d.outcome(status, fields.Get(d.Header) != "", size)
	rules, rest := d.fates(out, fields)
	if out == sent {
		rules["Content-Length"] = rule{Own, "the length is the file's (RFC 9110, section 8.6)"}
		if method == http.MethodHead || code == http.StatusNoContent || code == http.StatusNotModified {
			rules["Content-Length"] = rule{MayOwn, "without a body the length is optional (RFC 9110, section 8.6)"}
		}
	}
	if code == http.StatusNotModified {
		rules["Content-Type"] = rule{MayOwn, "a 304 need not repeat it (RFC 9110, section 15.4.5)"}
	}

	want := Expected{Status: code, Rest: rest.fate}
	names := slices.AppendSeq(slices.Collect(maps.Keys(rules)), maps.Keys(fields))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		r, named := rules[name]
		if !named {
			r = rest
		}
		e := Expectation{Name: name, Fate: r.fate, Why: r.why}
		switch {
		case r.fate == Keep && fields.Values(name) == nil:
			continue
		case r.fate == Keep:
			e.Values = slices.Clone(fields.Values(name))
		case r.fate == Own && name == "Content-Length":
			e.Values = []string{strconv.FormatInt(size, 10)}
		case r.fate == Drop && fields.Values(name) == nil:
			continue
		}
		want.Header = append(want.Header, e)
	}
	return want
}

// outcome is what a proxy does with a response.
type outcome int

const (
	passed outcome = iota // passed on: no handoff, or none that the proxy acts on
	sent                  // the file is sent
	failed                // the handoff was taken, but there is no file
)

// outcome returns what the proxy does and the status that the client sees.
func (d Dialect) outcome(status int, handoff bool, size int64) (outcome, int) {
	switch {
	case !handoff:
		return passed, status
	case d.Name == "apache" && status != http.StatusOK:
		return passed, status // mod_xsendfile acts on 200 only
	case d.Name == "lighttpd" && size < 0 && status >= 300:
		return passed, status // an error stays the backend's
	case size < 0:
		return failed, http.StatusNotFound
	case d.Name == "lighttpd":
		return sent, status
	}
	return sent, http.StatusOK
}

// rule is the fate of a field and the reason.
type rule struct {
	fate Fate
	why  string
}

// isHandoff reports whether name, in any case, is one of Headers.
func isHandoff(name string) bool {
	return slices.ContainsFunc(Headers(), func(h string) bool { return strings.EqualFold(h, name) })
}
