package check

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// otherFault judges why a file of another type or size does not come while the
// main one does: a code of proxyFault, or the zero fault where it does come,
// where the backend refuses it, or where the answer does not tell.
func otherFault(v *diag.View, k kind) fault {
	p, b := v.Exchange(k.probe()), v.Exchange(OnBackend(k.probe()))
	if !p.Answered() || arrives(p) || !b.Answered() || b.Status >= 300 || len(b.Handoffs()) == 0 || timedOut(p) || mislabelled(p) {
		return fault{}
	}
	if coding(p) != "" && p.Status == 200 {
		if !packedWrongly(p) {
			return fault{}
		}
		return fault{"proxy-body-altered", fmt.Sprintf("Unpacked, the body is not the file (Content-Encoding: %s).", coding(p))}
	}
	if p.Status == 403 || p.Status >= 500 {
		return fault{} // a rule for such files, or a hiccup
	}
	if reached, _ := v.Reached(k.probe()); reached == diag.No && v.Stack.Companion {
		return fault{"proxy-not-routed", fmt.Sprintf("The proxy answers %s by itself: the request did not reach the application.", status(p))}
	}
	return afterHandoff(v, b, p)
}

// otherFindings is the one finding of a code about files that do not come
// while the main one does.
func otherFindings(v *diag.View, code string) []diag.Finding {
	if !othersMakeSense(v) {
		return nil
	}
	var names []string
	var finding diag.Finding
	for _, k := range append(kinds(), more()) {
		f := otherFault(v, k)
		if f.code != code {
			continue
		}
		names = append(names, fmt.Sprintf("%s (%s)", v.Fixture(k.role).Name, bytes(k.size)))
		if finding.Detail == "" {
			finding.Detail = f.detail
		}
		finding.Evidence = append(finding.Evidence, said(v.Exchange(k.probe())), said(v.Exchange(OnBackend(k.probe()))))
	}
	if names == nil {
		return nil
	}
	finding.Detail = fmt.Sprintf("%s arrives. These files do not: %s. %s",
		v.Fixture(diag.RoleMain).Name, strings.Join(names, ", "), finding.Detail)
	return []diag.Finding{finding}
}

// wronglyPacked is the finding about a main file that does not unpack.
func wronglyPacked(v *diag.View) []diag.Finding {
	x := v.Exchange(proxyGzip)
	if v.Delivered() && coding(x) != "" && x.Failure != nil && x.Failure.Kind == compare.TooLong {
		return []diag.Finding{{
			Detail:   "To a client that accepts gzip the proxy sends a packed body that is longer than the file itself: " + x.Failure.Message + ".",
			Evidence: []diag.Evidence{said(x)},
		}}
	}
	if !v.Delivered() || !x.Answered() || !packedWrongly(x) || len(v.Exchange(diag.BackendGet).Handoffs()) == 0 ||
		x.Parts.Match == compare.NotCompared {
		return nil
	}
	return []diag.Finding{{
		Detail:   fmt.Sprintf("To a client that accepts gzip the proxy sends a packed body that does not unpack to the file (%s).", x.Parts.Match),
		Evidence: []diag.Evidence{said(x)},
	}}
}
