package main

import (
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// TestIntend: the handoff that is meant is the user's, else the configuration's
// where that has a single one.
func TestIntend(t *testing.T) {
	const one = "server { listen 8080; location /files/ { internal; alias /srv/; } }"
	for _, c := range []struct{ name, stated, config, want string }{
		{"stated", "nginx:/protected/", one, "nginx:/protected/"},
		{"by the configuration", "", one, "nginx:/files/"},
		{"two locations", "", "server { listen 8080; location /a/ { internal; } location /b/ { internal; } }", ""},
		{"no configuration", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			stack := diag.Stack{Sendfile: c.stated, Proxy: "http://127.0.0.1:8080/dl/"}
			var config *diag.Config
			if c.config != "" {
				kind, _ := all.Kind("nginx")
				source, err := kind.Load("-", strings.NewReader(c.config))
				if err != nil {
					t.Fatal(err)
				}
				config = &diag.Config{Kind: kind.Name, Source: source}
			}
			intend(&stack, config)
			if stack.Sendfile != c.want || (stack.SendfileFrom == "") != (c.stated != "" || c.want == "") {
				t.Errorf("got %q, %q", stack.Sendfile, stack.SendfileFrom)
			}
		})
	}
}
