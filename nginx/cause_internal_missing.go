package nginx

import (
	"path"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var internalMissing = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-internal-missing", Part: diag.PartHandoff, Severity: diag.Warning,
		Title: "The location of the internal prefix is not internal",
		Text: "The location that X-Accel-Redirect names lacks `internal`: whoever knows or guesses a name " +
			"fetches the file, without the application being asked.",
		Fix:    "Add `internal;` to this location.",
		Before: "location /protected/ { alias /srv/media/; }",
		After:  "location /protected/ { internal; alias /srv/media/; }",
		Source: "nginx documentation, ngx_http_core_module, internal",
	},
	Check:    "exposure",
	Anyway:   true,
	Symptoms: []string{"handoff-internal-exposed"},
	Needs:    true,
	Explains: []string{"handoff-traversal"},
	Static:   true,
	Partly:   true,
	Judge:    alone(judge(judgeInternalMissing), lintInternalMissing),
}

// lintInternalMissing looks at the location that is there for the prefix that
// is stated.
func lintInternalMissing(s *site) []diag.Finding {
	var list []diag.Finding
	told := map[*conf.Directive]bool{}
	for _, m := range s.meantHandoffs() {
		l := m.handoff.Location
		there := intended(m.server.dir, m.uri)
		named := there != nil && inside(l, there) || l != nil && handoffPrefix(l) == path.Dir(m.uri)+"/"
		if l == nil || told[l] || !named || isInternal(l) || !m.handoff.opensSomething() || !s.open(s.mappings(), m.server, l, m.uri) {
			continue
		}
		told[l] = true
		f := s.Found(l, "%s takes the handoff and is not internal: GET %s opens the file for anyone.", l, m.uri)
		if m.by != nil {
			f.Evidence = append(f.Evidence, s.Quote("what the application is told", m.by))
		}
		list = append(list, *s.With(f, m.handoff))
	}
	return list
}

func judgeInternalMissing(s *site) *diag.Finding {
	h := s.Handoff
	if h == nil || h.Location == nil || h.Outcome != route.File || isInternal(h.Location) || !s.opens(h) {
		return nil
	}
	if v := s.router.of(h.Server); v != nil {
		if _, _, ok := s.climbs(v, h.Location); ok {
			return nil // one location, one finding: that it lets “..” in is worse
		}
	}
	q := cause.Request(s.Exchange(diag.ProxyGet))
	q.URI = s.Value
	direct := s.router.Route(q)
	x := s.Exchange(diag.ProxyInternal)
	if direct.Outcome != route.File || len(direct.Provided) > 0 || x.Answered() && !x.Delivers() {
		return nil
	}
	return s.With(s.Found(h.Location, "%s takes the handoff and is not internal: GET %s delivers the file to anyone.", h.Location, s.Value), h)
}
