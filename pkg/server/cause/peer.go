package cause

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// Upstream is the upstream that a route ends at, nil where it does not end at
// one, where no directive says so, and for no route.
func Upstream[R Routed](t R) *route.Upstream {
	var none R
	if t == none {
		return nil
	}
	if c := t.Common(); c.Outcome == route.Proxied && c.Upstream != nil && c.Upstream.Pass != nil {
		return c.Upstream
	}
	return nil
}

// Pass is the directive that hands a route to its Upstream, or nil.
func Pass[R Routed](t R) *conf.Directive {
	if u := Upstream(t); u != nil {
		return u.Pass
	}
	return nil
}

// ToBackend says that a route ends at an upstream one server of which may be
// the backend that answers us.
func (s *Site[R]) ToBackend(t R) bool {
	u := Upstream(t)
	if u == nil {
		return false
	}
	for _, p := range u.Peers {
		if !p.Down && s.IsBackend(p) != diag.No {
			return true
		}
	}
	return len(u.Peers) == 0 // its address is not known
}

// IsBackend says whether a server of an upstream is the backend that answers
// us. Two ports of this machine tell; a socket, a name, or an address of
// another network may lead to the same application.
func (s *Site[R]) IsBackend(p route.Peer) diag.Tri {
	u, err := url.Parse(s.Stack.Backend.Origin())
	host, port, err2 := net.SplitHostPort(p.Addr)
	if err != nil || err2 != nil {
		return diag.Undecided
	}
	want := u.Port()
	if want == "" {
		want = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	a, b := Literal(host), Literal(u.Hostname())
	switch {
	case a.IsLoopback() && b.IsLoopback() && a != b && !named(host) && !named(u.Hostname()) && port == want:
		return diag.Undecided // who listens on one of them need not on the other
	case host == u.Hostname() || a.IsLoopback() && b.IsLoopback():
		if port == want {
			return diag.Yes
		}
		return diag.No
	case a.IsValid() && b.IsValid() && !a.IsLoopback() && !b.IsLoopback():
		return diag.No
	}
	return diag.Undecided
}

// named says that a host of this machine is written as a name.
func named(host string) bool { return strings.EqualFold(host, "localhost") }

// Literal is the address that a host is without being resolved, the zero
// address where it is a name.
func Literal(host string) netip.Addr {
	if strings.EqualFold(host, "localhost") {
		return netip.IPv6Loopback()
	}
	a, _ := netip.ParseAddr(strings.Trim(host, "[]"))
	return a.Unmap()
}
