package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// nginxRows are the stacks with nginx.
func nginxRows() []row {
	return slices.Concat(storageRows(), backendAnswerRows(), backendValueRows(), proxyRoutingRows(),
		proxyAnswerRows(), requestRows(), nameRows(), handoffRows(), sampleRows(), healthyRows(), fixedRows())
}

// TestCatalogue: with each kind of server, every neutral finding has a stack
// that shows it, and one that nearly does. The codes that no stack with a kind
// shows are listed with the reason. They need their near miss all the same.
func TestCatalogue(t *testing.T) {
	catalogue(t, "nginx", nginxRows(), map[string]string{
		"backend-content-encoding": "nginx drops the field in an internal redirect",
		"backend-name-encoded":     "nginx wants the name escaped",
		"backend-uri-not-path":     "the value that nginx takes is a URI",
		"proxy-plain-answer-lost":  "nginx acts on the field alone",
	})
	catalogue(t, "apache", apacheRows(), map[string]string{
		"proxy-stale-file":            "mod_cache stores most answers of such a set-up and not all, so that a stack with it shows the fault most of the time only",
		"backend-content-encoding":    "mod_xsendfile removes the field",
		"backend-name-double-encoded": "mod_xsendfile decodes nothing: escaped twice is escaped",
		"backend-name-unencoded":      "mod_xsendfile wants the name as it is",
		"backend-path-not-uri":        "the value that mod_xsendfile takes is a path",
		"handoff-echoed":              "a path is not asked for",
		"handoff-forbidden":           "mod_xsendfile answers 404 for what it may not read or send",
		"handoff-headers-dropped":     "mod_xsendfile keeps all fields",
		"handoff-internal-exposed":    "a path cannot be asked for",
		"handoff-loop":                "a path is not asked for",
		"handoff-traversal":           "a path cannot be asked for",
		"proxy-plain-answer-lost":     "mod_xsendfile acts on the field alone",
	})
	catalogue(t, "lighttpd", lighttpdRows(), map[string]string{
		"backend-name-encoded":      "lighttpd decodes the name",
		"backend-path-not-uri":      "the value that lighttpd takes is a path",
		"handoff-echoed":            "a path is not asked for",
		"handoff-headers-dropped":   "lighttpd keeps all fields",
		"handoff-internal-exposed":  "a path cannot be asked for",
		"handoff-loop":              "a path is not asked for",
		"handoff-traversal":         "a path cannot be asked for",
		"proxy-body-altered":        "no module of lighttpd changes a body",
		"proxy-cached-handoff":      "lighttpd keeps no answers",
		"proxy-plain-answer-lost":   "lighttpd acts on the field alone",
		"proxy-compressed-download": "mod_deflate is in a package of its own",
		"proxy-scheme-lost":         "mod_proxy names the scheme itself, and TLS is in a package of its own",
		"proxy-stale-file":          "lighttpd keeps no answers",
		"proxy-truncated":           "no module of lighttpd changes a body",
	})
}

func catalogue(t *testing.T, kind string, rows []row, unseen map[string]string) {
	t.Helper()
	cover(t, kind, check.Rules(), rows, unseen)
}

// cover checks that each of the rules is shown by a row and nearly shown by one.
func cover(t *testing.T, kind string, rules []diag.Rule, rows []row, unseen map[string]string) {
	t.Helper()
	shown, near := map[string]bool{}, map[string]bool{}
	names := map[string]bool{}
	for _, r := range rows {
		shown[r.code] = true
		for code := range strings.FieldsSeq(r.near) {
			near[code] = true
			documentation(t, code)
			if code == r.code {
				t.Errorf("%s: %s: %s is both what it shows and what it nearly shows", kind, r.name, code)
			}
		}
		if names[r.name] {
			t.Errorf("%s: two cases are called %q", kind, r.name)
		}
		names[r.name] = true
	}
	for _, rule := range rules {
		why, allowed := unseen[rule.Code]
		switch {
		case !shown[rule.Code] && !allowed:
			t.Errorf("%s: no stack triggers %s", kind, rule.Code)
		case shown[rule.Code] && allowed:
			t.Errorf("%s: %s is shown by a stack: it does not belong on the list (%s)", kind, rule.Code, why)
		}
		if !near[rule.Code] {
			t.Errorf("%s: no stack is a near miss of %s", kind, rule.Code)
		}
	}
}
