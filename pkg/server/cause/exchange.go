package cause

import (
	"net/http"
	"net/netip"
	"net/url"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// Request is an exchange as the proxy got it.
func Request(x *diag.Exchange) route.Request {
	q := route.Request{Method: x.Request.Method, Host: x.Request.Host, Addr: x.Remote, URI: "/", Header: http.Header{}, Client: Client(x.Remote)}
	if u, err := url.Parse(x.Request.URL); err == nil {
		q.Scheme, q.URI = u.Scheme, u.RequestURI()
	}
	for _, f := range x.Request.Header {
		q.Header.Add(f.Name, f.Value)
	}
	return q
}

// Client is the address that the proxy sees us at: on this machine that of the
// loopback, otherwise it is not known.
func Client(remote string) netip.Addr {
	at, err := netip.ParseAddrPort(remote)
	switch {
	case err != nil || !at.Addr().IsLoopback():
		return netip.Addr{}
	case at.Addr().Is4():
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.IPv6Loopback()
}

// Fields are the header fields of an answer.
func Fields(x *diag.Exchange) http.Header {
	h := http.Header{}
	for _, f := range x.Header {
		h.Add(f.Name, f.Value)
	}
	return h
}
