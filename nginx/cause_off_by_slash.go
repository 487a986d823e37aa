package nginx

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var offBySlash = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-off-by-slash", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "A public location without its final slash and an alias with one",
		Text: "The location matches every URI that begins with its prefix, also one that goes on with “..”: " +
			"the rest is appended to the alias, and files beside the folder can be fetched.",
		Fix: "End both the location and the alias with a slash.",
		Before: `# GET /static../media/a.bin opens /srv/static/../media/a.bin
location /static { alias /srv/static/; }`,
		After:  "location /static/ { alias /srv/static/; }",
		Source: "nginx documentation, ngx_http_core_module, alias",
	},
	Check:    "exposure",
	Anyway:   true,
	Symptoms: []string{"handoff-traversal"},
	Static:   true,
	Judge:    judgeConfig(judgeOffBySlash),
}

func judgeOffBySlash(s *site) []diag.Finding {
	var list []diag.Finding
	for _, v := range s.router.servers {
		for _, l := range locations(v.dir) {
			alias := l.First("alias")
			if alias == nil || isInternal(l) {
				continue
			}
			uri, opened, ok := s.climbs(v, l)
			if !ok {
				continue
			}
			kind, name := LocationName(l)
			if kind == LocationRegex || kind == LocationNoCase {
				f := s.Found(l, "%s lets “..” into %s: GET %s opens %s.", l, alias, uri, opened)
				f.Evidence = append(f.Evidence, s.Quote("the alias", alias))
				f.Fix = "Write a slash into the expression, before the group that the alias takes: ^/files/(.*)$."
				list = append(list, *f)
				continue
			}
			f := s.Found(l, "%s ends with a slash and %s does not: GET %s opens %s.", alias, l, uri, opened)
			f.Evidence = append(f.Evidence, s.Quote("the alias", alias))
			f.Fix = fmt.Sprintf("Write `location %s/ {` at line %d.", name, l.Pos.Line)
			if s.Handoff != nil && s.Handoff.Location == l {
				f.Fix += " It takes the handoff and is not internal: add `internal;`, too."
			}
			list = append(list, *f)
		}
	}
	return list
}

// climbs follows a request for what stands beside the folder of a location, and
// says what it opens: the name of the location, or the beginning of its
// expression, with ".." right behind it. ok is false where the request goes
// elsewhere, or where something may refuse it.
func (s *site) climbs(v *vhost, l *conf.Directive) (uri, opened string, ok bool) {
	kind, name := LocationName(l)
	switch kind {
	case LocationPrefix, LocationNoRegex:
		if strings.HasSuffix(name, "/") {
			return "", "", false
		}
		uri = name + "../NAME"
	case LocationRegex, LocationNoCase:
		lead := s.router.pattern(name, kind == LocationNoCase).Beginning()
		if lead == "" || strings.HasSuffix(lead, "/") {
			return "", "", false
		}
		uri = lead + "../NAME"
	default:
		return "", "", false
	}
	for _, q := range v.requests(diag.EscapePath(uri)) {
		t := s.router.Route(q)
		if t.Outcome == route.File && t.Location == l && strings.Contains(t.File, "/../") {
			return uri, t.File, true
		}
	}
	return "", "", false
}
