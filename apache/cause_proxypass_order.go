package apache

import (
	"fmt"
	"slices"
	"strings"

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
	Anyway:   true,
	Judge:    judge(judgeProxyPassOrder),
}

func judgeProxyPassOrder(s *site) *diag.Finding {
	var t *Route
	var later *conf.Directive
	if s.Lost() {
		t, later = s.outrunAt()
	}
	if s.Record.StandIns && (s.Lost() || s.Delivered()) {
		for _, tier := range s.tiers(s.Exchange(diag.ProxyGet)) {
			if d := s.router.never(tier); later == nil && d != nil {
				t, later = tier, d
			}
		}
	}
	if later == nil {
		return nil
	}
	winner := t.Deciding(route.StepProxy)
	f := s.Found(winner, "%s takes %s before %s (line %d) is looked at.", winner, t.URI, later, later.Pos.Line)
	if inLocation(later) && inLocation(winner) {
		f.Detail = fmt.Sprintf("%s stands in the later %s, and replaces %s (line %d) for %s.", winner, written(winner.Parent), later, later.Pos.Line, t.URI)
		f.Fix = "Write the Location with the longer path behind the one with the shorter path."
	}
	f.Evidence = append(f.Evidence, s.Quote("what is meant to take it", later))
	return s.With(f, t)
}

// inLocation says that a directive stands in a Location.
func inLocation(d *conf.Directive) bool {
	return d.Parent != nil && strings.HasPrefix(d.Parent.Name, "Location")
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
	for _, d := range append(inBlocks(t.state.locations, "ProxyPass", "ProxyPassMatch"), s.router.Server(t, "ProxyPass", "ProxyPassMatch")...) {
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

// never is a ProxyPass for the request and another application that is never
// looked at, as the one that takes the request is for a shorter path and takes
// everything that the other one would; nil for none.
func (r *Router) never(t *Route) *conf.Directive {
	winner := t.Deciding(route.StepProxy)
	if winner == nil || winner.Name != "ProxyPass" && winner.Name != "ProxyPassMatch" {
		return nil
	}
	won, ok := newMapping(winner)
	if !ok || t.Upstream == nil {
		return nil
	}
	mappings := r.Server(t, "ProxyPass")
	if inLocation(winner) {
		if _, regex := isRegex(winner.Parent); regex {
			return nil
		}
		mappings = slices.DeleteFunc(inBlocks(t.state.locations, "ProxyPass"), func(d *conf.Directive) bool {
			_, regex := isRegex(d.Parent)
			return regex
		})
	}
	for _, d := range mappings {
		m, ok := newMapping(d)
		if !ok || d == winner || m.regex || m.target == "!" || len(m.path) <= len(won.literal()) || !won.takesAll(m.path) {
			continue
		}
		if other := t.onlyBy(m); other != nil && other.Upstream != nil && other.Upstream.Protocol == t.Upstream.Protocol && other.Upstream.Host != t.Upstream.Host {
			return d
		}
	}
	return nil
}

// takesAll says that a mapping takes every URI that begins with a path.
func (m mapping) takesAll(path string) bool {
	if !m.regex {
		return aliasMatch(path, m.path) > 0
	}
	literal := m.literal()
	rest := strings.Trim(strings.TrimPrefix(strings.TrimPrefix(m.path, "^"), literal), "()$")
	return strings.HasPrefix(path, literal) && strings.HasPrefix(m.path, "^"+literal) && (rest == "" && !strings.HasSuffix(m.path, "$") || rest == ".*")
}
