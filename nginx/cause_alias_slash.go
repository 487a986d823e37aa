package nginx

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var aliasSlash = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-alias-slash", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "alias lacks the slash that its location has",
		Text: "The location's prefix ends with a slash and the alias does not: nginx replaces the one by the " +
			"other, and the file's name is glued to the folder's.",
		Fix:    "End both with a slash.",
		Before: "location /protected/ { internal; alias /srv/media; }   # opens /srv/mediaa.bin",
		After:  "location /protected/ { internal; alias /srv/media/; }",
		Source: "nginx documentation, ngx_http_core_module, alias",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"handoff-not-found", "handoff-wrong-content", "proxy-redirects"},
	Judge:    judge(judgeAliasSlash),
}

func judgeAliasSlash(s *site) *diag.Finding {
	folder, rest, ok := s.mapping()
	if !s.notFound() || !ok || s.Handoff.FileBy.Name != "alias" || strings.HasSuffix(folder, "/") || strings.HasPrefix(rest, "/") ||
		!s.Same(folder+"/"+rest, s.wanted()) {
		return nil
	}
	wrong, events := s.opened()
	f := s.Found(s.Handoff.FileBy, "%s", s.mapped(wrong))
	f.Fix = fmt.Sprintf("Write `alias %s/;`.", folder)
	return s.With(f, s.Handoff, events...)
}
