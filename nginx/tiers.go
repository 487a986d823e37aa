package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// follow is the way of an exchange through the configuration.
func (s *site) follow(x *diag.Exchange) *Route {
	_, last := s.tiers(x)
	return last
}

// tiers are the routes of an exchange that end at an address on which this
// very configuration listens, and the last one.
func (s *site) tiers(x *diag.Exchange) (front []*Route, last *Route) {
	return cause.Follow(cause.Request(x), s.router.Route, s.next)
}

// ends says that a request ends at an error_page, and not at the backend.
func (s *site) ends(t *Route) bool {
	return !s.ToBackend(t) && t.Deciding(StepErrorPage) != nil
}

// untilPage is tiers up to where an error_page answers.
func (s *site) untilPage(x *diag.Exchange) (front []*Route, last *Route) {
	return cause.Follow(cause.Request(x), s.router.unpaged, s.next)
}

// asked is the way of an exchange to the backend, or to what keeps it from
// there, whatever an error_page makes of that.
func (s *site) asked(x *diag.Exchange) *Route {
	t := s.follow(x)
	if s.ends(t) {
		_, t = s.untilPage(x)
	}
	return t
}

// next is the request that a route sends to a server block of this
// configuration.
func (s *site) next(t *Route) (route.Request, bool) {
	u := cause.Upstream(t)
	if u == nil || u.Unknown != "" || u.Pass.Name != "proxy_pass" {
		return route.Request{}, false
	}
	for _, p := range u.Peers {
		if s.router.at(p.Addr) == nil || s.IsBackend(p) == diag.Yes {
			continue
		}
		return route.Request{Method: t.state.req.Method, Scheme: u.Protocol, Host: t.hostSent(), Addr: p.Addr, URI: u.URI, Header: t.state.req.Header, Client: cause.Client(p.Addr)}, true
	}
	return route.Request{}, false
}

// hostSent is the Host field that proxy_pass sends, "" where it is not known.
func (t *Route) hostSent() string {
	for _, d := range t.Effective("proxy_set_header") {
		if strings.EqualFold(d.Arg(0), "Host") {
			host, _ := t.Eval(d.Arg(1))
			return host
		}
	}
	return t.Upstream.Host
}
