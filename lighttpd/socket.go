package lighttpd

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// sockets are what lighttpd listens on: server.bind with server.port, and
// every $SERVER["socket"] == "…".
func sockets(c *Config) []string {
	port := "80"
	if s := c.Blocks[0].Get("server.port"); s != nil {
		if n, ok := s.Value.Int(); ok {
			port = strconv.Itoa(n)
		}
	}
	var list []string
	if !c.Fragment || c.Blocks[0].Get("server.port") != nil || c.Blocks[0].Get("server.bind") != nil {
		bind := ""
		if s := c.Blocks[0].Get("server.bind"); s != nil {
			bind = s.Value.Str()
		}
		switch {
		case strings.HasPrefix(bind, "/"):
			list = append(list, bind)
		case strings.Contains(bind, ":") && !strings.HasPrefix(bind, "["):
			list = append(list, net.JoinHostPort(bind, port))
		default:
			list = append(list, socketToken(bind+":"+port, port))
		}
	}
	for _, b := range c.Blocks[1:] {
		if b.Cond.Object == "SERVER" && b.Cond.Op == OpEqual && b.Cond.Unknown == "" {
			list = append(list, socketToken(b.Cond.Value, port))
		}
	}
	return list
}

// socketToken is an address in the form in which sockets are compared
// (network.c).
func socketToken(addr, port string) string {
	if strings.HasPrefix(addr, "/") {
		return addr
	}
	host, own, err := net.SplitHostPort(addr)
	if err != nil {
		host, own = strings.Trim(addr, "[]"), port
	}
	switch {
	case host == "" && strings.HasPrefix(addr, "["):
		host = "::"
	case host == "":
		host = "0.0.0.0"
	case strings.EqualFold(host, "localhost"):
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, own)
}

// accepts is the socket that takes a connection to an address: that very one,
// or one for all addresses. "" where it is not known, ok is false where none
// does.
func (r *Router) accepts(addr string) (socket string, ok bool) {
	if addr == "" || len(r.sockets) == 0 {
		return "", true
	}
	for _, s := range r.sockets {
		if s == addr {
			return s, true
		}
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", false
	}
	ip, err := netip.ParseAddr(host)
	for _, s := range r.sockets {
		h, p, _ := net.SplitHostPort(s)
		bound, badBound := netip.ParseAddr(h)
		switch {
		case p != port || strings.HasPrefix(s, "/"):
		case badBound != nil: // a name, which may be this address
			return s, true
		case err == nil && bound.IsUnspecified() && (bound.Is6() || ip.Unmap().Is4()):
			return s, true
		}
	}
	return "", false
}
