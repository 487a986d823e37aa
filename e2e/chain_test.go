package e2e

import (
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/all"
)

// TestChain: where several servers stand between, the report says which one
// answers.
func TestChain(t *testing.T) {
	t.Parallel()
	const (
		via     = `add_header Via "1.1 front.example.org" always; `
		forward = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; " // as the sample does, behind it
	)
	front := swap("    listen 127.0.0.1:8080;\n", "    listen 127.0.0.1:8080;\n    server_tokens off;\n    location /dl/ { return 404; }\n")
	for _, c := range []struct {
		row
		mode
		says, reason string // what the first finding's evidence and the check end-to-end have; "": nothing of a chain
	}{
		{row{name: "one tier"}, companion, "", ""},
		{row{name: "two tiers", site: behind(forward)}, companion, "", "by way of 2 proxies"},
		{row{name: "the front does not pass it on", code: "proxy-not-routed",
			site: both(behind("proxy_pass_header Server; "+via), front)}, companion, "It has no Via field, and other answers of this port have (1.1 front.example.org)", ""},
		{row{name: "servers of other names", code: "proxy-not-routed",
			site: both(behind("proxy_pass_header Server;"), front)}, companion, "It is from Server: nginx, and other answers of this port are from nginx/", ""},
		{row{name: "the inner one fails", code: "handoff-not-found",
			site: both(swap("alias /srv/media/;\n    }", "alias /srv/pages/;\n    }"), behind(via+forward))},
			companion, "It came by way of 1.1 front.example.org (Via). 2 proxies passed the request on", ""},
		{row{name: "a cache in front", code: "proxy-cached-handoff",
			site: both(cacheZone, behind(via+"proxy_cache z; proxy_cache_valid 200 1m; proxy_ignore_headers Cache-Control Expires Set-Cookie; add_header X-Cache $upstream_cache_status;"))},
			companion, "It has the marks of a cache: X-Cache: HIT", ""},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			_, rec := c.observe(t, c.mode)
			rep := all.Judge(rec)
			c.assert(t, c.mode, rep)
			text := ""
			for _, f := range rep.Findings {
				for _, e := range f.Evidence {
					text += e.Text + "\n"
				}
			}
			if !strings.Contains(text, c.says) || strings.Contains(text, "Who answered") != (c.says != "") {
				t.Errorf("the evidence lacks %q:\n%s", c.says, text)
			}
			for _, check := range rep.Checks {
				if check.ID == "end-to-end" && c.code == "" && (!strings.Contains(check.Reason, c.reason) || (check.Reason == "") != (c.reason == "")) {
					t.Errorf("reason %q, want one with %q", check.Reason, c.reason)
				}
			}
		})
	}
}
