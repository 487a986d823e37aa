package nginx

import (
	"path"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var aliasTooWide = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-alias-too-wide", Part: diag.PartHandoff, Severity: diag.Warning,
		Title: "An internal location opens the whole file system",
		Text: "The internal location is mapped to /: whatever path the application puts into the header is " +
			"sent, and a fault in the application opens every file that nginx's workers may read.",
		Fix:    "Name the folder that the files are in.",
		Before: "location /protected/ { internal; alias /; }",
		After:  "location /protected/ { internal; alias /srv/media/; }",
		Source: "nginx documentation, ngx_http_core_module, alias",
	},
	Check:  "exposure",
	Static: true,
	Judge:  judgeConfig(judgeAliasTooWide),
}

func judgeAliasTooWide(s *site) []diag.Finding {
	var list []diag.Finding
	for _, l := range s.locations() {
		kind, name := LocationName(l)
		plain := kind == LocationPrefix || kind == LocationNoRegex
		if !isInternal(l) || !plain {
			continue
		}
		for _, d := range l.All("alias", "root") {
			if path.Clean(d.Arg(0)) == "/" && (d.Name == "alias" || name == "/") {
				list = append(list, *s.Found(d, "%s is in %s: the handoff can name any file.", d, l))
			}
		}
	}
	return list
}
