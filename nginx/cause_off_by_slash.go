package nginx

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var offBySlash = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-off-by-slash", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "A public location without its final slash and an alias with one",
		Text: "The location matches every URI that begins with its prefix, also one that goes on with “..”: " +
			"the rest is appended to the alias, and files beside the folder can be fetched.",
		Fix:    "End both the location and the alias with a slash.",
		Before: "location /files { alias /srv/media/; }   # GET /files../secret opens /srv/media/../secret",
		After:  "location /files/ { alias /srv/media/; }",
		Source: "nginx documentation, ngx_http_core_module, alias",
	},
	Check:    "exposure",
	Symptoms: []string{"handoff-traversal"},
	Static:   true,
	Judge:    judgeConfig(judgeOffBySlash),
}

func judgeOffBySlash(s *site) []diag.Finding {
	var list []diag.Finding
	for _, l := range s.locations() {
		kind, name := LocationName(l)
		alias := l.First("alias")
		if alias == nil || kind != LocationPrefix && kind != LocationNoRegex || strings.HasSuffix(name, "/") || !strings.HasSuffix(alias.Arg(0), "/") || isInternal(l) {
			continue
		}
		f := s.Found(l, "%s ends with a slash and %s does not: GET %s../NAME opens %s../NAME.", alias, l, name, alias.Arg(0))
		f.Evidence = append(f.Evidence, s.Quote("the alias", alias))
		f.Fix = fmt.Sprintf("Write `location %s/ {` at line %d.", name, l.Pos.Line)
		list = append(list, *f)
	}
	return list
}
