package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// follow is the way of an exchange through the configuration: the routes that
// end at an address on which this very configuration listens, and the last one.
func (s *site) follow(x *diag.Exchange) (front []*Route, last *Route) {
	const most = 5 // server blocks that hand over to each other
	last = s.router.Route(request(x))
	for len(front) < most {
		q, ok := s.next(last)
		if !ok {
			break
		}
		front, last = append(front, last), s.router.Route(q)
	}
	return front, last
}

// next is the request that a route sends to a server block of this
// configuration.
func (s *site) next(t *Route) (Request, bool) {
	u := t.upstream()
	if u == nil || u.Unknown != "" || u.Pass.Name != "proxy_pass" {
		return Request{}, false
	}
	for _, p := range u.Peers {
		if s.router.at(p.Addr) == nil || s.isBackend(p) == diag.Yes {
			continue
		}
		return Request{Method: t.state.req.Method, Scheme: u.Protocol, Host: t.hostSent(), Addr: p.Addr, URI: u.URI, Header: t.state.req.Header, Client: client(p.Addr)}, true
	}
	return Request{}, false
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
