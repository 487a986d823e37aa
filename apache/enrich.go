package apache

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// enrich adds to a finding of the neutral package the directive that is
// responsible, and to any finding what the log says about the download.
func enrich(v *diag.View, f *diag.Finding) {
	s := siteOf(v)
	if s == nil || s.download == nil {
		return
	}
	if f.Location == nil {
		if at := s.responsible(f.Code); at != nil {
			f.Location = place(at)
			f.Evidence = append(f.Evidence, quote("the directive", at))
		}
	}
	quoted := slices.ContainsFunc(f.Evidence, func(e diag.Evidence) bool { return e.Kind == diag.EvidenceLog })
	if e, ok := s.logged(func(event) bool { return true }); ok && !quoted && !s.Delivered() {
		f.Evidence = append(f.Evidence, s.line(e))
	}
}

// provider is the directive that may still refuse.
func provider(t *Route) *conf.Directive {
	for _, step := range t.Provided {
		if step.Directive != nil {
			return step.Directive
		}
	}
	return nil
}

// pass is the directive that hands a route to its upstream.
func pass(t *Route) *conf.Directive {
	if u := t.upstream(); u != nil {
		return u.Pass
	}
	return nil
}

// way is where the configuration sends a request: to the backend, and for
// which path, or not. It says nothing where the answer that came is not the
// one that the configuration gives: then another one may be in use.
func way(v *diag.View, x *diag.Exchange) diag.Way {
	s := siteOf(v)
	if s == nil || s.file == nil {
		return diag.Way{}
	}
	t := s.follow(x)
	switch {
	case s.proxiedToBackend(t) && s.gaveUp(t, x):
		return diag.Way{Reached: diag.Undecided, TimedOut: true, Why: "the proxy's time to wait was over"}
	case s.proxiedToBackend(t):
		u, err := url.Parse(t.Upstream.URI)
		if err != nil || t.Upstream.Unknown != "" || len(t.Provided) > 0 {
			return diag.Way{}
		}
		return diag.Way{Path: u.Path, Why: "the configuration hands it to the backend" + where(t.Upstream.Pass)}
	case t.Outcome == Proxied && x.Status < 500:
		return diag.Way{Reached: diag.No, Why: "the configuration hands it to another upstream, " + t.Upstream.Host + where(t.Upstream.Pass)}
	case ends(t, x):
		return diag.Way{Reached: diag.No, Why: "by the configuration the proxy answers it itself: " + chain(t)}
	}
	return diag.Way{}
}

// ends says that a route ends within Apache, with the answer that came.
func ends(t *Route, x *diag.Exchange) bool {
	switch t.Outcome {
	case Returned, Refused, Failed:
		return t.Status == x.Status
	case File:
		return x.Status == 200 || x.Status == 403 || x.Status == 404
	case Folder:
		return x.Status == 403 || x.Status == 404
	}
	return false
}

// where says on which line a directive stands.
func where(d *conf.Directive) string {
	if d == nil || d.Pos.Line == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s:%d)", d.Pos.File, d.Pos.Line)
}
