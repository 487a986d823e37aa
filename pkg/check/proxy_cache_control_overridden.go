package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyCacheControlOverridden = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-cache-control-overridden", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "A private download is made cacheable",
		Text: "The backend says that the answer is private or must not be stored; what the client gets allows " +
			"shared caches to keep it.",
		Fix: "Do not set Cache-Control or Expires in the location that sends the files; the backend's value " +
			"survives the handoff.",
		Before: "backend: Cache-Control: private      client: Cache-Control: public, max-age=31536000",
		After:  "backend and client: Cache-Control: private",
		Source: "RFC 9111 section 5.2",
	},
	Check:    checkHeaders,
	Explains: []string{"proxy-header-*"},
	Judge:    judgeCacheControl,
}

func judgeCacheControl(v *diag.View) []diag.Finding {
	b, p := v.Exchange(diag.BackendGet), v.Exchange(diag.ProxyGet)
	if !v.Delivered() || !b.Answered() || len(b.Handoffs()) == 0 && !b.Delivers() {
		return nil
	}
	sent, got := directives(b), directives(p)
	if !restricts(sent) || restricts(got) && !slices.Contains(got, "public") {
		return nil
	}
	if len(got) == 0 && !p.Header.Has("Expires") {
		return nil // lost, not overridden: a heuristic cache is another matter
	}
	return []diag.Finding{{
		Detail: fmt.Sprintf("The backend says Cache-Control: %s; the client gets Cache-Control: %s.",
			strings.Join(sent, ", "), strings.Join(got, ", ")),
		Evidence: []diag.Evidence{{Kind: diag.EvidenceDiff, Text: "caching on both ports", Probe: diag.ProxyGet, Rows: []diag.Row{
			{Field: "Cache-Control", Backend: strings.Join(b.Header.Values("Cache-Control"), "\n"),
				Proxy: strings.Join(p.Header.Values("Cache-Control"), "\n"), Expected: "the backend's"},
			{Field: "Expires", Backend: b.Header.Get("Expires"), Proxy: p.Header.Get("Expires"), Expected: "the backend's"},
		}}},
	}}
}

// directives are the Cache-Control directives of an answer, in lower case.
func directives(x *diag.Exchange) []string { return members(x.Header.Values("Cache-Control")) }

// restricts says that shared caches may not keep the answer (RFC 9111
// sections 5.2.2.4, 5.2.2.5 and 5.2.2.7).
func restricts(directives []string) bool {
	for _, d := range directives {
		name, _, _ := strings.Cut(d, "=")
		if name == "private" || name == "no-store" || name == "no-cache" {
			return true
		}
	}
	return false
}
