package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var regexAliasNoCapture = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-regex-alias-no-capture", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "A regular-expression location with an alias that takes over nothing",
		Text: "In a location with a regular expression the alias is the whole path: without a capture in it " +
			"every file of the location is mapped to the folder itself. nginx answers with a redirect to the " +
			"internal URI and a slash.",
		Fix:    "Capture the name in the regular expression and append it to the alias: alias /srv/media/$1;",
		Before: "location ~ ^/protected/ { internal; alias /srv/media/; }",
		After:  "location ~ ^/protected/(.*)$ { internal; alias /srv/media/$1; }",
		Source: "nginx documentation, ngx_http_core_module, alias",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: unmapped,
	Static:   true,
	Partly:   true,
	Judge:    alone(judge(judgeRegexAliasNoCapture), lintRegexAliasNoCapture),
}

// lintRegexAliasNoCapture looks at internal locations that name a folder where
// a file is opened: nothing but its index can be meant.
func lintRegexAliasNoCapture(s *site) []diag.Finding {
	var list []diag.Finding
	for _, l := range s.locations() {
		kind, _ := LocationName(l)
		alias := l.First("alias")
		if kind != LocationRegex && kind != LocationNoCase || alias == nil || len(l.All("internal")) == 0 || !strings.HasSuffix(alias.Arg(0), "/") || strings.Contains(alias.Arg(0), "$") ||
			len(l.All("rewrite", "try_files", "return", "index", "location")) > 0 || handlerOf(l) != nil {
			continue
		}
		list = append(list, *s.Found(alias, "%s maps every URI of %s to the same folder.", alias, blockName(l)))
	}
	return list
}

func judgeRegexAliasNoCapture(s *site) *diag.Finding {
	h := s.Handoff
	if !s.notFound() || h == nil || h.FileBy == nil || h.FileBy.Name != "alias" || strings.Contains(h.FileBy.Arg(0), "$") || s.opens(h) {
		return nil
	}
	if kind, _ := LocationName(h.Location); kind != LocationRegex && kind != LocationNoCase {
		return nil
	}
	return s.With(s.Found(h.FileBy, "%s maps every URI of %s to the same path.", h.FileBy, blockName(h.Location)), h)
}
