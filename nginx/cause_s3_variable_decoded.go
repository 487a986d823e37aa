package nginx

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var s3VariableDecoded = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-s3-variable-decoded", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The storage is asked for unescaped names",
		Text: "A proxy_pass with variables sends its URI as it is put together, and captures and $uri are " +
			"decoded: a space or a per cent sign in a name makes a request that the storage refuses or " +
			"understands otherwise.",
		Fix: "Let nginx escape the URI itself: a proxy_pass without variables in its URI, behind a prefix " +
			"location or a rewrite … break.",
		Before: `location ~ ^/s3/(.*)$ { internal; proxy_pass https://bucket.s3.example.org/$1$is_args$args; }`,
		After:  `location /s3/ { internal; proxy_pass https://bucket.s3.example.org/; }`,
		Source: "nginx documentation, ngx_http_proxy_module, proxy_pass",
	},
	Check:    "names",
	Symptoms: []string{"handoff-name-encoding"},
	Judge:    judge(judgeS3VariableDecoded),
}

func judgeS3VariableDecoded(s *site) *diag.Finding {
	u := s.fetched()
	if u == nil || !s.Delivered() || u.Unknown != "" || !strings.Contains(u.Pass.Arg(0), "$") {
		return nil
	}
	for i := range s.Record.Exchanges {
		x := &s.Record.Exchanges[i]
		f := s.Fixture(x.Probe.Role)
		if x.Probe.Port != diag.Proxy || x.Probe.Method != "GET" || f == nil || !f.OK() || !x.Answered() || x.Delivers() || !strings.Contains(f.Name, " ") {
			continue
		}
		t := s.redirectOf(f)
		if t == nil || t.Upstream == nil || t.Upstream.Pass != u.Pass || !strings.Contains(t.Upstream.URI, " ") {
			continue
		}
		found := s.Found(u.Pass, "For %q it asks %s for %s, unescaped.", f.Name, u.Host, t.Upstream.URI)
		found.Evidence = append(found.Evidence, diag.Evidence{Kind: diag.EvidenceExchange, Probe: x.Probe.ID,
			Text: fmt.Sprintf("GET %s → %d", x.Request.URL, x.Status)})
		return s.With(found, t)
	}
	return nil
}

// redirectOf is the way of another fixture's handoff, as the one of the main
// file shows it; nil where that does not tell.
func (s *site) redirectOf(f *diag.FixtureRecord) *Route {
	main := diag.EscapePath(s.File.Name)
	if s.Value == "" || !strings.Contains(s.Value, main) {
		return nil
	}
	return s.router.Handoff(s.Download, route.Handoff{Value: strings.Replace(s.Value, main, diag.EscapePath(f.Name), 1), Header: cause.Fields(s.Exchange(diag.BackendGet))})
}
