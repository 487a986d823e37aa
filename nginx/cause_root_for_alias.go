package nginx

import (
	"fmt"
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var rootForAlias = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-root-for-alias", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "root where alias is meant",
		Text: "With root the whole URI is appended to the folder, the internal prefix included. The files lie " +
			"in the folder itself.",
		Fix:    "Write alias instead of root, with a slash at the end of both the location and the folder.",
		Before: "location /protected/ { internal; root /srv/media; }   # opens /srv/media/protected/a.bin",
		After:  "location /protected/ { internal; alias /srv/media/; }",
		Source: "nginx documentation, ngx_http_core_module, root, alias",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: unmapped,
	Judge:    judge(judgeRootForAlias),
}

func judgeRootForAlias(s *site) *diag.Finding {
	folder, rest, ok := s.mapping()
	if !s.notFound() || !ok || s.Handoff.FileBy.Name != "root" || s.opens(s.Handoff) || !s.Same(path.Join(folder, rest), s.wanted()) {
		return nil
	}
	wrong, events := s.opened()
	f := s.Found(s.Handoff.FileBy, "%s", s.mapped(wrong))
	f.Fix = fmt.Sprintf("Write `alias %s/;`.", strings.TrimSuffix(folder, "/"))
	return s.With(f, s.Handoff, events...)
}
