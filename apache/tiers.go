package apache

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// tiers are the routes of an exchange through the virtual hosts of this
// configuration that hand it to each other, the outermost first.
func (s *site) tiers(x *diag.Exchange) []*Route {
	const most = 5 // virtual hosts that hand over to each other
	routes := []*Route{s.router.Route(request(x))}
	for len(routes) <= most {
		q, ok := s.next(routes[len(routes)-1])
		if !ok {
			break
		}
		routes = append(routes, s.router.Route(q))
	}
	return routes
}

// next is the request that a route sends to a virtual host of this
// configuration.
func (s *site) next(t *Route) (Request, bool) {
	u := t.upstream()
	if u == nil || u.Unknown != "" || u.Protocol != "http" {
		return Request{}, false
	}
	for _, p := range u.Peers {
		if !s.listens(p.Addr) || s.isBackend(p) == diag.Yes {
			continue
		}
		q := Request{Method: t.state.req.Method, Scheme: u.Protocol, Host: u.Host, Addr: p.Addr, URI: u.URI, Header: t.state.req.Header, Client: client(p.Addr)}
		if d := t.Last("ProxyPreserveHost"); d != nil && strings.EqualFold(d.Arg(0), "on") {
			q.Host = t.state.req.Host
		}
		return q, true
	}
	return Request{}, false
}
