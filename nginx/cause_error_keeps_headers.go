package nginx

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var errorKeepsHeaders = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-error-keeps-headers", Part: diag.PartProxy, Severity: diag.Info,
		Title: "A failed handoff keeps the backend's caching and file name",
		Text: "Where the file that the backend names is missing, nginx answers 404 with the backend's " +
			"Cache-Control, Expires and Content-Disposition: the error may be cached, and is offered for " +
			"saving.",
		Fix: "Let the application check that the file is there before it hands off.",
		Before: `HTTP/1.1 404 Not Found
Cache-Control: max-age=3600
Content-Disposition: attachment; filename="a.bin"`,
		After:  "HTTP/1.1 404 Not Found",
		Source: "seen on nginx 1.22",
	},
	Check: "errors",
	Judge: judge(judgeErrorKeepsHeaders),
}

func judgeErrorKeepsHeaders(s *site) *diag.Finding {
	b, p := s.Exchange(diag.BackendMissing), s.Exchange(diag.ProxyMissing)
	if !b.Answered() || !p.Answered() || p.Status != 404 || !b.Header.Has(header) || s.Stack.Companion {
		return nil
	}
	for _, name := range []string{"Content-Disposition", "Expires", "Cache-Control"} {
		value := p.Header.Get(name)
		if value == "" || value != b.Header.Get(name) || name == "Cache-Control" && !strings.Contains(value, "max-age") {
			continue
		}
		f := &diag.Finding{Detail: fmt.Sprintf("For a missing file the client gets 404 with the backend's %s: %s.", name, value)}
		f.Evidence = append(f.Evidence, diag.Evidence{Kind: diag.EvidenceExchange, Probe: p.Probe.ID,
			Text: fmt.Sprintf("%s %s → %d, %s: %s", p.Request.Method, p.Request.URL, p.Status, name, value)})
		return f
	}
	return nil
}
