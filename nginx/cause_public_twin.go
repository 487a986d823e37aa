package nginx

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var publicTwin = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-public-twin", Part: diag.PartHandoff, Severity: diag.Warning,
		Title: "Another location serves the same folder to anyone",
		Text: "The folder behind an internal location lies in, or is, a folder that a public location or the " +
			"document root serves: the same files have a second URL, and the application is not asked there.",
		Fix: "Move the protected files out of the public folder, or deny the second URL.",
		Before: `location /protected/ { internal; alias /srv/media/; }
location /media/ { alias /srv/media/; }`,
		After:  "location /protected/ { internal; alias /srv/media/; }",
		Source: "nginx documentation, ngx_http_core_module, root, alias, internal",
	},
	Check:    "exposure",
	Explains: []string{"handoff-traversal"},
	Static:   true,
	Judge:    judgeConfig(judgePublicTwin),
}

func judgePublicTwin(s *site) []diag.Finding {
	for _, t := range s.twins() {
		if x := s.Exchange(twinProbe); x != nil && t.asked && !x.Delivers() {
			continue // it was asked for, and is not served
		}
		f := s.Found(t.at, "%s opens %s for %s, the same file that %s keeps internal.", blockName(t.at), t.route.File, t.uri, blockName(t.internal))
		if len(t.route.Tried) > 0 {
			f.Detail = fmt.Sprintf("%s looks for %s first when %s is asked for, the same file that %s keeps internal.",
				blockName(t.at), t.route.Tried[0], t.uri, blockName(t.internal))
		}
		f.Evidence = append(f.Evidence, s.Quote("the internal location", t.internal))
		if x := s.Exchange(twinProbe); x != nil && t.asked {
			f.Evidence = append(f.Evidence, diag.Evidence{Kind: diag.EvidenceExchange, Probe: x.Probe.ID,
				Text: fmt.Sprintf("GET %s → %d, the stored file", x.Request.URL, x.Status)})
		}
		return []diag.Finding{*s.With(f, t.route)}
	}
	return nil
}
