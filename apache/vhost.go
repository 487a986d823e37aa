package apache

import (
	"net/netip"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// vhostAddr is one address of a <VirtualHost>.
type vhostAddr struct {
	any  bool       // "*", "_default_"
	ip   netip.Addr // the zero value: a name, which only the resolver knows
	name string     // as written
	port string     // "" or "*": every port
	arg  conf.Arg
}

// hostName is a name of a virtual host.
type hostName struct {
	name string // in lower case, with * and ? in an alias
	by   *conf.Directive
}

func newServer(d *conf.Directive) *vhost {
	s := &vhost{dir: d, block: d}
	for _, a := range d.Args {
		s.addrs = append(s.addrs, newAddr(a))
	}
	for _, c := range d.All("ServerName", "ServerAlias") {
		for i, text := range c.Texts(0) {
			if c.Name == "ServerName" && i > 0 {
				break
			}
			if c.Name == "ServerName" {
				// Of several the last one holds.
				var aliases []hostName
				for _, n := range s.names {
					if n.by.Name != "ServerName" {
						aliases = append(aliases, n)
					}
				}
				s.names = aliases
				text = serverName(text)
			}
			s.names = append(s.names, hostName{strings.ToLower(text), c})
		}
	}
	return s
}

// serverName is the name in a ServerName, which may have a scheme and a port.
func serverName(text string) string {
	if _, rest, ok := strings.Cut(text, "://"); ok {
		text = rest
	}
	host, _ := splitPort(text)
	return host
}

// splitPort cuts host:port; port is "" where there is none.
func splitPort(text string) (host, port string) {
	if end := strings.LastIndexByte(text, ']'); strings.HasPrefix(text, "[") && end > 0 {
		return text[1:end], strings.TrimPrefix(text[end+1:], ":")
	}
	if i := strings.LastIndexByte(text, ':'); i >= 0 {
		return text[:i], text[i+1:]
	}
	return text, ""
}

func newAddr(arg conf.Arg) vhostAddr {
	host, port := splitPort(arg.Text)
	if port == "*" {
		port = ""
	}
	a := vhostAddr{name: host, port: port, arg: arg}
	a.any = host == "*" || strings.EqualFold(host, "_default_") || host == "255.255.255.255"
	if !a.any {
		a.ip, _ = netip.ParseAddr(host)
		if strings.EqualFold(host, "localhost") {
			a.ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
		}
	}
	return a
}

// begin finds the server and the path; false where the way ends there.
func (s *state) begin() bool {
	host, port := splitPort(s.req.Host)
	s.host = strings.TrimSuffix(strings.ToLower(host), ".")
	var ip netip.Addr
	ipKnown := true
	if s.req.Addr != "" {
		addr, p := splitPort(s.req.Addr)
		ip, _ = netip.ParseAddr(addr)
		port = p
	} else {
		ip, _ = netip.ParseAddr(s.host)
		if s.host == "localhost" {
			ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
		}
		ipKnown = ip.IsValid()
	}
	if port == "" {
		port = map[string]string{"https": "443"}[s.req.Scheme]
		if port == "" {
			port = "80"
		}
	}
	s.port = port
	if s.chooseServer(ip.Unmap(), ipKnown); s.done {
		return false
	}
	return s.target()
}

// chooseServer finds the virtual host: of those on the very address and port
// that the connection was made to, or else of those on any address, and those
// with the port before those for every port, the first one with the name, or
// else the first one
// (https://httpd.apache.org/docs/2.4/vhosts/details.html).
func (s *state) chooseServer(ip netip.Addr, ipKnown bool) {
	var first *conf.Arg
	var chain []*vhost
	find := func(match func(a vhostAddr) bool) {
		for _, h := range s.r.hosts {
			for _, a := range h.addrs {
				if !match(a) || a.port != "" && a.port != s.port {
					continue
				}
				// The address that matches first names the group.
				if first == nil {
					first = &a.arg
				} else if b := newAddr(*first); b.port != a.port || b.any != a.any || b.ip != a.ip {
					continue
				}
				chain = append(chain, h)
				break
			}
		}
	}
	// Where the request's address or that of a virtual host is not known, there
	// must be one address alone.
	var one *conf.Arg
	unclear, several := !ipKnown, false
	for _, h := range s.r.hosts {
		for _, a := range h.addrs {
			if a.port != "" && a.port != s.port {
				continue
			}
			unclear = unclear || !a.any && !a.ip.IsValid()
			if one == nil {
				one = &a.arg
			} else if b := newAddr(*one); b.any != a.any || b.name != a.name {
				several = several || !a.any || !b.any
			}
		}
	}
	switch {
	case one != nil && unclear && several:
		s.undecided(nil, "which address the request is made to is not known, and the virtual hosts have several")
		return
	case one != nil && unclear:
		find(func(a vhostAddr) bool { return a.port != "" })
		if chain == nil {
			find(func(a vhostAddr) bool { return true })
		}
	}
	own := func(a vhostAddr) bool { return !a.any && a.ip.IsValid() && a.ip.Unmap() == ip }
	for _, match := range []func(vhostAddr) bool{
		func(a vhostAddr) bool { return own(a) && a.port != "" },
		own,
		func(a vhostAddr) bool { return a.any && a.port != "" },
		func(a vhostAddr) bool { return a.any },
	} {
		if chain == nil {
			find(match)
		}
	}
	if chain == nil {
		if len(s.r.hosts) > 0 {
			s.step(route.StepServer, nil, "no VirtualHost is on this address and port: the main server")
		}
		return
	}
	for _, h := range chain {
		for _, n := range h.names {
			if n.name == s.host || n.by.Name == "ServerAlias" && wildMatch(n.name, s.host) {
				s.srv = h
				s.step(route.StepServer, h.dir, "the first one with the name %s: %s of line %d", s.host, n.by, n.by.Pos.Line)
				return
			}
		}
	}
	s.srv = chain[0]
	if len(chain) == 1 {
		s.step(route.StepServer, s.srv.dir, "the only one on this address and port")
	} else {
		s.step(route.StepServer, s.srv.dir, "none has the name %q: the first one on this address and port", s.host)
	}
}

// wildMatch matches * and ? (ap_strcasecmp_match). Both are in lower case.
func wildMatch(pattern, name string) bool {
	p, n, star, mark := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			mark++
			p, n = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
