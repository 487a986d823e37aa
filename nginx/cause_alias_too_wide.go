package nginx

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var aliasTooWide = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-alias-too-wide", Part: diag.PartHandoff, Severity: diag.Warning,
		Title: "An internal location opens the whole file system",
		Text: "The internal location is mapped to /: whatever path the application puts into the header is " +
			"sent, and a fault in the application opens every file that nginx's workers may read.",
		Fix: "Name the folder that the files are in.",
		Before: `# X-Accel-Redirect: /protected/srv/media/a.bin
location /protected/ { internal; alias /; }`,
		After: `# X-Accel-Redirect: /protected/a.bin
location /protected/ { internal; alias /srv/media/; }`,
		Source: "nginx documentation, ngx_http_core_module, alias",
	},
	Check:  "exposure",
	Anyway: true,
	Static: true,
	Judge:  judgeConfig(judgeAliasTooWide),
}

func judgeAliasTooWide(s *site) []diag.Finding {
	var list []diag.Finding
	for _, l := range s.locations() {
		if !isInternal(l) {
			continue
		}
		for _, d := range l.All("alias", "root") {
			if wide(l, d) {
				list = append(list, *s.Found(d, "%s is in %s: the handoff can name any file.", d, l))
			}
		}
	}
	return list
}

// wide says that a mapping lets a location open any file: a prefix is mapped to
// the root, a group of an expression that takes all that follows is the whole
// path, or the prefix is taken off by a rewrite below root /.
func wide(l, d *conf.Directive) bool {
	kind, name := LocationName(l)
	top := path.Clean(d.Arg(0)) == "/"
	switch kind {
	case LocationPrefix, LocationNoRegex:
		if parts := cutVariables(d.Arg(0)); d.Name == "alias" && len(parts) > 1 && parts[1].isCapture() { // of nothing: empty
			top = path.Clean(strings.Replace(d.Arg(0), "$"+parts[1].text, "", 1)) == "/"
		}
		if d.Name == "root" && top && name != "/" {
			return slices.ContainsFunc(l.All("rewrite"), func(r *conf.Directive) bool {
				return r.Arg(2) == "break" && everything(r.Arg(0), strings.TrimSuffix(name, "/"), r.Arg(1))
			})
		}
		return top
	case LocationRegex, LocationNoCase:
		return d.Name == "alias" && everything(name, "", strings.TrimPrefix(d.Arg(0), "/"))
	}
	return false
}

// everything says that a pattern takes a prefix, any one or the one given, and
// that a text is its only group, which takes all that follows: ^/all(/.*)$ and $1.
func everything(pattern, prefix, text string) bool {
	m := takesAll.FindStringSubmatch(pattern)
	if m == nil || prefix != "" && strings.TrimSuffix(m[1], "/") != prefix {
		return false
	}
	return text == "$1" || text == "${1}" || m[2] != "" && (text == "$"+m[2] || text == "${"+m[2]+"}")
}

var takesAll = regexp.MustCompile(`^\^(/[\w/-]*)\((?:\?P?<(\w+)>)?/?\.[*+]\)\$?$`)
