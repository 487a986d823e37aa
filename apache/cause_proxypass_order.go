package apache

import (
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var proxyPassOrder = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-proxypass-order", Part: diag.PartProxy, Severity: diag.Error,
		Title: "An earlier ProxyPass takes the downloads",
		Text: "Apache takes the first ProxyPass that fits, not the longest: one for a shorter path, written " +
			"before that of the downloads, wins. Those of the main server come before those of a virtual host, " +
			"and one in a Location before all.",
		Fix: "Write the ProxyPass with the longer path before the one with the shorter path.",
		Before: `ProxyPass /    http://127.0.0.1:8001/
ProxyPass /dl/ http://127.0.0.1:8000/dl/`,
		After: `ProxyPass /dl/ http://127.0.0.1:8000/dl/
ProxyPass /    http://127.0.0.1:8001/`,
		Source: "Apache documentation, mod_proxy, ProxyPass, Ordering ProxyPass Directives",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"proxy-bad-gateway", "proxy-not-routed", "proxy-path-rewritten", "proxy-redirects", "proxy-timeout", "proxy-auth-required"},
	Judge:    judge(judgeProxyPassOrder),
}

func judgeProxyPassOrder(s *site) *diag.Finding {
	if !s.Lost() {
		return nil
	}
	t, later := s.outrunAt()
	if later == nil {
		return nil
	}
	winner := t.Deciding(route.StepProxy)
	f := s.Found(winner, "%s takes %s before %s (line %d) is looked at.", winner, t.URI, later, later.Pos.Line)
	f.Evidence = append(f.Evidence, s.Quote("what is meant to take it", later))
	return s.With(f, t)
}

// outrun is the ProxyPass that is meant for the download, and that another one
// for a shorter path comes before; nil for none.
func (s *site) outrun() *conf.Directive {
	_, d := s.outrunAt()
	return d
}

// outrunAt is outrun with the way on which it is so: of the download, or of one
// in a virtual host before.
func (s *site) outrunAt() (*Route, *conf.Directive) {
	for _, t := range s.tiers(s.Exchange(diag.ProxyGet)) {
		if d := s.outrunOn(t); d != nil {
			return t, d
		}
	}
	return nil, nil
}

func (s *site) outrunOn(t *Route) *conf.Directive {
	winner := t.Deciding(route.StepProxy)
	if winner == nil || winner.Name != "ProxyPass" && winner.Name != "ProxyPassMatch" {
		return nil
	}
	won, ok := newMapping(winner)
	if !ok || won.target == "!" { // an exclusion is a fault of its own
		return nil
	}
	if asked, want, ok := s.paths(t); s.ToBackend(t) && (!ok || asked == want) {
		return nil // it does what the other one would do
	}
	for _, d := range s.router.Server(t, "ProxyPass", "ProxyPassMatch") {
		m, ok := newMapping(d)
		if !ok || d == winner || m.target == "!" || len(m.literal()) <= len(won.literal()) && (!m.regex || won.regex) {
			continue
		}
		if other := t.onlyBy(m); other != nil && s.ToBackend(other) {
			if asked, want, ok := s.paths(other); ok && asked == want {
				return d
			}
		}
	}
	return nil
}

// onlyBy is the way of a request if a ProxyPass were the first to be looked at,
// nil where it does not take it.
func (t *Route) onlyBy(m mapping) *Route {
	c := *t.state
	s := &c
	s.done, s.filename, s.pass, s.nocanon, s.out = false, "", nil, false, Route{}
	if !s.tryMapping(m) || s.done || s.pass != m.dir {
		return nil
	}
	s.content()
	return s.result()
}
