package apache

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// follow is the way of an exchange through the configuration, on from virtual
// host to virtual host where one hands it to another one of this configuration.
func (s *site) follow(x *diag.Exchange) *Route {
	routes := s.tiers(x)
	return routes[len(routes)-1]
}

// tiers are the routes of an exchange through the virtual hosts of this
// configuration that hand it to each other, the outermost first.
func (s *site) tiers(x *diag.Exchange) []*Route {
	front, last := cause.Follow(cause.Request(x), s.router.Route, s.next)
	return append(front, last)
}

// next is the request that a route sends to a virtual host of this
// configuration.
func (s *site) next(t *Route) (route.Request, bool) {
	u := cause.Upstream(t)
	if u == nil || u.Unknown != "" || u.Protocol != "http" {
		return route.Request{}, false
	}
	for _, p := range u.Peers {
		if !s.listens(p.Addr) || s.IsBackend(p) == diag.Yes {
			continue
		}
		q := route.Request{Method: t.state.req.Method, Scheme: u.Protocol, Host: u.Host, Addr: p.Addr, URI: u.URI, Header: t.state.req.Header, Client: cause.Client(p.Addr)}
		if d := t.Last("ProxyPreserveHost"); d != nil && strings.EqualFold(d.Arg(0), "on") {
			q.Host = t.state.req.Host
		}
		return q, true
	}
	return route.Request{}, false
}
