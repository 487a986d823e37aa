package nginx

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
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
	Symptoms: unmapped,
	Static:   true,
	Partly:   true,
	Judge:    alone(judge(judgeAliasSlash), lintAliasSlash),
}

// lintAliasSlash looks at the locations that are there for handoffs: whatever
// follows their prefix is glued to the folder's name.
func lintAliasSlash(s *site) []diag.Finding {
	var list []diag.Finding
	for _, v := range s.router.servers {
		for _, l := range s.forHandoffs(v) {
			alias := l.First("alias")
			kind, name := LocationName(l)
			if alias == nil || kind != LocationPrefix && kind != LocationNoRegex || !strings.HasSuffix(name, "/") || !glues(alias.Arg(0)) ||
				handlerOf(l) != nil || len(l.All("rewrite", "return", "try_files")) > 0 || bringsSlash(v.dir, name, alias.Arg(0)) {
				continue
			}
			f := s.Found(alias, "For %sNAME nginx opens %sNAME, and not a file in the folder.", name, alias.Arg(0))
			f.Fix = fmt.Sprintf("Write `alias %s/;`.", alias.Arg(0))
			list = append(list, *f)
		}
	}
	return list
}

// glues says that a path names a folder without a slash: one that ends with a
// separator is the beginning of names, and a variable's end is not known.
func glues(path string) bool {
	parts := cutVariables(path)
	return len(parts) > 0 && !parts[len(parts)-1].variable && isWord(rune(path[len(path)-1])) && path[len(path)-1] != '_'
}

// bringsSlash says that the application is told, by the field X-Accel-Mapping,
// to write the slash twice: for /srv/media=/protected/ it hands off to
// /protected//NAME, and nginx merges none in what is handed to it.
func bringsSlash(server *conf.Directive, prefix, folder string) bool {
	found := false
	server.Walk(func(d *conf.Directive) bool {
		for from, to := range mappedFolders(d) {
			found = found || from == folder && to == prefix
		}
		return true
	})
	return found
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
