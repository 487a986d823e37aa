package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var duplicateHeader = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-duplicate-header", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "add_header repeats what the backend sends",
		Text: "add_header in force in the internal location adds a field that the backend's answer has " +
			"already, and that the handoff keeps: it arrives twice.",
		Fix: "Set the field in one place.",
		Before: `# the backend sends Content-Disposition
location /protected/ { internal; alias /srv/media/; add_header Content-Disposition attachment; }`,
		After:  "location /protected/ { internal; alias /srv/media/; }",
		Source: "nginx documentation, ngx_http_headers_module",
	},
	Check:    "headers",
	Symptoms: []string{"proxy-header-duplicated"},
	Needs:    true,
	Judge:    judge(judgeDuplicateHeader),
}

func judgeDuplicateHeader(s *site) *diag.Finding {
	if s.Handoff == nil || !s.Delivered() {
		return nil
	}
	b, p := s.Exchange(diag.BackendGet), s.Exchange(diag.ProxyGet)
	for _, f := range p.Header {
		if !b.Header.Has(f.Name) || len(p.Header.Values(f.Name)) <= len(b.Header.Values(f.Name)) || strings.EqualFold(f.Name, "Cache-Control") {
			continue
		}
		for _, t := range s.answering() {
			if at := adds(t, f.Name); at != nil {
				return s.With(s.Found(at, "%s adds a second %s to the backend's.", at, f.Name), t)
			}
		}
	}
	return nil
}
