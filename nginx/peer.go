package nginx

import (
	"net"
	"net/netip"
	"net/url"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// proxiedToBackend says that a route ends at an upstream one server of which
// may be the backend that answers us.
func (s *site) proxiedToBackend(t *Route) bool {
	u := t.upstream()
	if u == nil {
		return false
	}
	for _, p := range u.Peers {
		if !p.Down && s.isBackend(p) != diag.No {
			return true
		}
	}
	return len(u.Peers) == 0 // its address is not known
}

// isBackend says whether a server of an upstream is the backend that answers
// us. Two ports of this machine tell; a socket, a name, or an address of
// another network may lead to the same application.
func (s *site) isBackend(p Peer) diag.Tri {
	u, err := url.Parse(s.Stack.Backend.Origin())
	host, port, err2 := net.SplitHostPort(p.Addr)
	if err != nil || err2 != nil {
		return diag.Undecided
	}
	want := u.Port()
	if want == "" {
		want = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	a, b := literal(host), literal(u.Hostname())
	switch {
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

// literal is the address that a host is without being resolved, the zero
// address where it is a name.
func literal(host string) netip.Addr {
	if host == "localhost" {
		return netip.IPv6Loopback()
	}
	a, _ := netip.ParseAddr(host)
	return a.Unmap()
}
