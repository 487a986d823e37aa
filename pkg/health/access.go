package health

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Access says who may see what. The zero Access answers everyone with states,
// and nobody with messages.
type Access struct {
	// Public are the addresses that are answered at all; for others there is
	// nothing here. nil: everyone.
	Public []netip.Prefix
	// Allow are the addresses whose callers see messages and measurements.
	Allow []netip.Prefix
	// TrustedProxies are the addresses of proxies whose X-Forwarded-For is
	// believed. Without them the peer of the connection is the caller.
	TrustedProxies []netip.Prefix
	// Token gives the token with which a caller sees messages and may ask for
	// fresh results, as "Authorization: Bearer TOKEN". nil or "": there is none.
	Token func() string
}

// Caller is who asks.
type Caller struct {
	// Addr is the caller's address, the zero Addr where it is not known.
	Addr netip.Addr
	// Admitted callers are answered, those with Details see messages.
	Admitted, Details bool
	// Token says that the caller has the token.
	Token bool
}

// Caller says who asks and what they may see.
func (a Access) Caller(r *http.Request) Caller {
	c := Caller{Addr: a.addr(r)}
	c.Token = a.bears(r)
	c.Admitted = a.Public == nil || within(a.Public, c.Addr)
	c.Details = c.Admitted && (c.Token || within(a.Allow, c.Addr))
	c.Token = c.Token && c.Admitted
	return c
}

// addr is the caller's address: the peer or, where that is a trusted proxy, the
// last address of X-Forwarded-For that no trusted proxy has. What stands before
// it anybody may have written.
func (a Access) addr(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := plain(peer.Addr())
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		hop = strings.TrimSpace(hop)
		if !within(a.TrustedProxies, addr) || hop == "" && len(hops) == 1 {
			return addr
		}
		next, ok := parseHop(hop)
		if !ok {
			return netip.Addr{} // a trusted proxy says that it does not know
		}
		addr = plain(next)
	}
	return addr
}

// parseHop reads an address as proxies write it, with a port or without.
func parseHop(hop string) (netip.Addr, bool) {
	if pair, err := netip.ParseAddrPort(hop); err == nil {
		return pair.Addr(), true
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(hop, "["), "]"))
	return addr, err == nil
}

// plain is an address without what makes equal ones differ.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func within(list []netip.Prefix, addr netip.Addr) bool {
	return addr.IsValid() && slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// bears says that the request has the token. The comparison takes the same time
// whatever differs, and tells nothing about the length.
func (a Access) bears(r *http.Request) bool {
	scheme, got, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if a.Token == nil || !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	want := a.Token()
	if want == "" {
		return false
	}
	x, y := sha256.Sum256([]byte(strings.TrimSpace(got))), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
