package check

import (
	"testing"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// TestIntention: a prefix that the configuration tells makes a backend guilty
// that hands off to another one, and not one that names a folder below it.
func TestIntention(t *testing.T) {
	for _, c := range []struct {
		from, value, want string
	}{
		{"", "/other/main.bin", "backend-wrong-prefix"},
		{"", "/protected/more/main.bin", "backend-wrong-prefix"},
		{"by location /protected/ at a:1", "/other/main.bin", "backend-wrong-prefix"},
		{"by location /protected/ at a:1", "/protected/more/main.bin", ""},
		{"by location /protected/ at a:1", "/protected/main.bin", ""},
	} {
		r := record()
		r.Stack.SendfileFrom = c.from
		r.Exchanges[0].Header = compare.Header{{Name: "X-Accel-Redirect", Value: c.value}}
		r.Exchanges[1] = got(diag.ProxyGet, 404, 10)
		if code := BackendFault(r.view()); code != c.want {
			t.Errorf("%q for %s: %q, want %q", c.from, c.value, code, c.want)
		}
	}
}

// TestSentElsewhere: the configuration tells the path that nobody saw.
func TestSentElsewhere(t *testing.T) {
	for path, want := range map[string]string{"/main.bin": "proxy-path-rewritten", "/dl/main.bin": "", "": ""} {
		r := record()
		r.Stack.Companion = false
		r.Exchanges[1] = got(diag.ProxyGet, 404, 10)
		way := func(*diag.View, *diag.Exchange) diag.Way { return diag.Way{Path: path, Why: "by its configuration"} }
		rep := diag.Judge(r.Record, []diag.Rule{proxyPathRewritten}, nil, diag.Expert{Way: way})
		code := ""
		if len(rep.Findings) > 0 {
			code = rep.Findings[0].Code
		}
		if code != want {
			t.Errorf("asked for %q: %q, want %q", path, code, want)
		}
	}
}
