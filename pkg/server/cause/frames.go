package cause

import (
	"net/url"
	"slices"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// Enrich adds to a finding of the neutral package the directive that is
// responsible for it, nil where none stands out, and to any finding what the
// log says about the download.
func Enrich[S Own[R], R Routed](of func(*diag.View) S, responsible func(s S, code string) *conf.Directive) diag.Enrich {
	return func(v *diag.View, f *diag.Finding) {
		own, ok := asked(of, v)
		if !ok {
			return
		}
		s := own.base()
		if f.Location == nil {
			if at := responsible(own, f.Code); at != nil {
				f.Location = s.Place(at)
				f.Evidence = append(f.Evidence, s.Quote("the directive", at))
			}
		}
		quoted := slices.ContainsFunc(f.Evidence, func(e diag.Evidence) bool { return e.Kind == diag.EvidenceLog })
		if e, ok := s.Logged(Any); ok && !quoted && !s.Delivered() {
			f.Evidence = append(f.Evidence, s.Line(e))
		}
	}
}

// Way is where the configuration sends a request: to the backend, and for
// which path, or not. It says nothing where the answer that came is not the
// one that the configuration gives: then another one may be in use. follow is
// the way of an exchange.
func Way[S Own[R], R Routed](of func(*diag.View) S, follow func(S, *diag.Exchange) R) diag.Trace {
	return func(v *diag.View, x *diag.Exchange) diag.Way {
		var none S
		own := of(v)
		if own == none || own.base().File == nil {
			return diag.Way{}
		}
		routed := follow(own, x)
		switch t := routed.Common(); {
		case own.base().ToBackend(routed):
			u, err := url.Parse(t.Upstream.URI)
			if err != nil || t.Upstream.Unknown != "" || len(t.Provided) > 0 {
				return diag.Way{}
			}
			return diag.Way{Path: u.Path, Why: "the configuration hands it to the backend" + Where(t.Upstream.Pass)}
		case t.Outcome == route.Proxied && (x.Status < 502 || x.Status > 504):
			return diag.Way{Reached: diag.No, Why: "the configuration hands it to another upstream, " + t.Upstream.Host + Where(t.Upstream.Pass)}
		case ends(t, x):
			return diag.Way{Reached: diag.No, Why: "by the configuration the proxy answers it itself: " + Chain(routed)}
		}
		return diag.Way{}
	}
}

// ends says that a route ends within the proxy, with the answer that came.
func ends(t *route.Route, x *diag.Exchange) bool {
	switch t.Outcome {
	case route.Returned, route.Refused, route.Failed:
		return t.Status == x.Status
	case route.File:
		return x.Status == 200 || x.Status == 403 || x.Status == 404
	case route.Folder:
		return x.Status == 403 || x.Status == 404
	}
	return false
}
