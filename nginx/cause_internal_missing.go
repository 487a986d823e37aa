package nginx

import (
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
	Symptoms: []string{"handoff-internal-exposed"},
	Needs:    true,
	Explains: []string{"handoff-traversal"},
	Judge:    judge(judgeInternalMissing),
}

func judgeInternalMissing(s *site) *diag.Finding {
	h := s.Handoff
	if h == nil || h.Location == nil || h.Outcome != route.File || isInternal(h.Location) || !s.opens(h) {
		return nil
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
