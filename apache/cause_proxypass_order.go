package apache

import (
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyPassOrder = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-proxypass-order", Part: diag.PartProxy, Severity: diag.Error,
		Title: "An earlier ProxyPass takes the downloads",
		Text: "Apache takes the first ProxyPass that fits, not the longest: one for a shorter path, written " +
			"before that of the downloads, wins. Those of the main server come before those of a virtual host, " +
			"and one in a Location before all.",
		Fix:    "Write the ProxyPass with the longer path before the one with the shorter path.",
		Before: "ProxyPass /    http://127.0.0.1:9000/\nProxyPass /dl/ http://127.0.0.1:8000/dl/",
		After:  "ProxyPass /dl/ http://127.0.0.1:8000/dl/\nProxyPass /    http://127.0.0.1:9000/",
		Source: "Apache documentation, mod_proxy, ProxyPass, Ordering ProxyPass Directives",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"proxy-bad-gateway", "proxy-not-routed", "proxy-path-rewritten", "proxy-redirects", "proxy-timeout", "proxy-auth-required"},
	Judge:    judge(judgeProxyPassOrder),
}

func judgeProxyPassOrder(s *site) *diag.Finding {
	if !s.lost() {
		return nil
	}
	later := s.outrun()
	if later == nil {
		return nil
	}
	winner := s.download.deciding(StepProxy)
	f := found(winner, "%s takes %s before %s (line %d) is looked at.", winner, s.download.URI, later, later.Pos.Line)
	f.Evidence = append(f.Evidence, quote("what is meant to take it", later))
	return s.with(f, s.download)
}

// outrun is the ProxyPass that is meant for the download, and that another one
// for a shorter path comes before; nil for none.
func (s *site) outrun() *conf.Directive {
	winner := s.download.deciding(StepProxy)
	if winner == nil || winner.Name != "ProxyPass" && winner.Name != "ProxyPassMatch" {
		return nil
	}
	won, ok := newMapping(winner)
	if !ok || won.regex {
		return nil
	}
	if asked, want, ok := s.paths(s.download); s.proxiedToBackend(s.download) && (!ok || asked == want) {
		return nil // it does what the other one would do
	}
	for _, d := range s.router.Server(s.download, "ProxyPass", "ProxyPassMatch") {
		m, ok := newMapping(d)
		if !ok || d == winner || m.target == "!" || !m.regex && len(m.path) <= len(won.path) {
			continue
		}
		if t := s.onlyBy(d); t != nil && s.proxiedToBackend(t) {
			if asked, want, ok := s.paths(t); ok && asked == want {
				return d
			}
		}
	}
	return nil
}

// onlyBy is the way of the download if a ProxyPass were the first to be looked
// at, nil where it does not take it.
func (s *site) onlyBy(d *conf.Directive) *Route {
	m, ok := newMapping(d)
	if !ok {
		return nil
	}
	c := *s.download.state
	t := &c
	t.done, t.filename, t.pass, t.nocanon, t.out = false, "", nil, false, Route{}
	if !t.tryMapping(m) || t.done || t.pass != d {
		return nil
	}
	t.content()
	return t.result()
}
