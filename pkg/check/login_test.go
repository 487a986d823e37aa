package check

import (
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// TestLogin: a download that may need a login says so, and how to give one.
func TestLogin(t *testing.T) {
	for name, c := range map[string]struct {
		status         int
		location, sent string
		says, do       string
		never          string
	}{
		"401":              {status: 401, says: "may need a login", do: "--header 'Cookie: "},
		"403":              {status: 403, says: "may need a login", do: "--header 'Cookie: "},
		"to the login":     {status: 302, location: "/accounts/login/?next=/dl/main.bin", says: "may need a login", do: "--header 'Cookie: "},
		"refused all same": {status: 403, sent: "Cookie", says: "a login was given", do: "The Cookie that --header gives is refused"},
		"elsewhere":        {status: 302, location: "/v2/dl/main.bin", says: "redirects to /v2/dl/main.bin", do: "Make the backend answer 200"},
		"failure":          {status: 500, says: "500", do: "Make the backend answer 200", never: "redirect"},
		"not there":        {status: 404, says: "It was asked for as /dl/main.bin: where downloads have another path", do: "Make the backend answer 200", never: "redirect"},
	} {
		t.Run(name, func(t *testing.T) {
			r := record()
			r.Stack.Companion = false
			if c.sent != "" {
				r.Stack.Header = compare.Header{{Name: c.sent, Value: "x"}}
			}
			r.Exchanges[0] = got(diag.BackendGet, c.status, 0)
			if c.location != "" {
				r.Exchanges[0].Header = compare.Header{{Name: "Location", Value: c.location}}
			}
			r.Exchanges[1] = got(diag.ProxyGet, c.status, 0)
			rep := diag.Judge(r.Record, Rules(), Checks())
			if len(rep.Findings) != 1 || rep.Findings[0].Code != "backend-error-status" {
				t.Fatalf("%v", codesOf(r))
			}
			if f := rep.Findings[0]; !strings.Contains(f.Detail, c.says) || !strings.Contains(f.Fix, c.do) {
				t.Errorf("%s\nfix: %s\nwant %q, %q", f.Detail, f.Fix, c.says, c.do)
			} else if c.never != "" && strings.Contains(f.Detail, c.never) {
				t.Errorf("%s\nsays %q", f.Detail, c.never)
			}
		})
	}
}
