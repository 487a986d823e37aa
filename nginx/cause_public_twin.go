package nginx

import (
	"fmt"
	"path"
	"slices"
	"strings"

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
	Anyway:   true,
	Explains: []string{"handoff-traversal"},
	Static:   true,
	Judge:    judgeConfig(judgePublicTwin),
}

// judgePublicTwin names them. An internal location for the whole of a site's
// document root may well be meant for a part of it that is guarded.
func judgePublicTwin(s *site) []diag.Finding {
	twins := s.twins()
	list := s.Public(twins, "the internal location", func(t twin) string {
		if u := t.Route.Upstream; u != nil {
			return fmt.Sprintf("%s asks %s for %s when %s is asked for, the same object that %s keeps internal.", blockName(t.By), u.Host, u.URI, t.URI, blockName(t.Guard))
		}
		if len(t.Route.Tried) > 0 {
			return fmt.Sprintf("%s looks for %s first when %s is asked for, the same file that %s keeps internal.",
				blockName(t.By), t.Route.Tried[0], t.URI, blockName(t.Guard))
		}
		return fmt.Sprintf("%s opens %s for %s, the same file that %s keeps internal.", blockName(t.By), t.Route.File, t.URI, blockName(t.Guard))
	})
	for i := range list {
		for _, t := range twins {
			if kind, prefix := LocationName(t.Guard); kind == LocationPrefix && *s.Place(t.By) == *list[i].Location && isRegex(t.By) && strings.HasPrefix(t.URI, prefix) {
				list[i].Fix = fmt.Sprintf("Write `location ^~ %s` at line %d: regular expressions are then not looked at.", prefix, t.Guard.Pos.Line)
			}
		}
		list[i].Depends = slices.ContainsFunc(twins, func(t twin) bool {
			return path.Dir(t.URI) == "/" && *s.Place(t.By) == *list[i].Location
		})
	}
	return list
}
