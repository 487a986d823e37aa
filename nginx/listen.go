package nginx

import (
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// vhost is a server block.
type vhost struct {
	r    *Router
	dir  *conf.Directive
	once sync.Once
	root *location // for comparison; its tree is made by tree()
	list []listen
}

// tree returns the server's locations, which are looked at when the first
// request needs them.
func (s *vhost) tree() *location {
	s.once.Do(func() {
		t := newLocation(s.r, s.dir)
		s.root.exact, s.root.prefixes, s.root.regexes, s.root.named = t.exact, t.prefixes, t.regexes, t.named
	})
	return s.root
}

// listen is one address that a server listens on.
type listen struct {
	dir      *conf.Directive // nil for the default
	host     string          // "*", "[::]", "127.0.0.1", "[::1]", "unix:/path"
	port     string          // "" for unix
	standard bool            // default_server
	ssl      bool
	dual     bool // an IPv6 socket that takes IPv4 as well
}

func (l listen) String() string {
	if l.port == "" {
		return l.host
	}
	return l.host + ":" + l.port
}

// listens returns the addresses of a server block
// (https://nginx.org/en/docs/http/ngx_http_core_module.html#listen).
func listens(d *conf.Directive) []listen {
	var all []listen
	sslOn := false
	if e := effective(d, "ssl"); len(e) > 0 {
		sslOn = e[0].Arg(0) == "on"
	}
	for _, dir := range d.All("listen") {
		l := listen{dir: dir, ssl: sslOn}
		for _, p := range dir.Texts(1) {
			switch p {
			case "default_server", "default":
				l.standard = true
			case "ssl", "quic":
				l.ssl = true
			case "ipv6only=off":
				l.dual = true
			}
		}
		var first, last int
		l.host, first, last = listenAddr(dir.Arg(0))
		if strings.HasPrefix(l.host, "unix:") {
			all = append(all, l)
			continue
		}
		for port := first; port <= last && port-first < 1<<16; port++ {
			l.port = strconv.Itoa(port)
			all = append(all, l)
		}
	}
	if len(all) == 0 {
		all = []listen{{host: "*", port: "80", ssl: sslOn}}
	}
	return all
}

// listenAddr splits an address as listen takes it. Without a port it is 80.
func listenAddr(a string) (host string, first, last int) {
	if strings.HasPrefix(a, "unix:") {
		return a, 0, 0
	}
	host, port := a, "80"
	if ports(a) {
		host, port = "*", a
	} else if i := strings.LastIndexByte(a, ':'); i >= 0 && !strings.HasSuffix(a, "]") {
		host, port = a[:i], a[i+1:]
	}
	from, to, isRange := strings.Cut(port, "-")
	first, _ = strconv.Atoi(from)
	last = first
	if isRange {
		last, _ = strconv.Atoi(to)
	}
	return listenHost(host), first, last
}

// ports says that an address is a port, or a range of ports.
func ports(a string) bool { return a != "" && strings.Trim(a, "0123456789-") == "" }

// listenHost writes equal hosts equally.
func listenHost(host string) string {
	switch host {
	case "", "*", "0.0.0.0":
		return "*"
	case "localhost":
		return "127.0.0.1"
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if ip := net.ParseIP(strings.TrimSuffix(inner, "]")); ip != nil {
			return "[" + ip.String() + "]"
		}
	}
	return host
}

// group is the servers that listen on one address.
type group struct {
	listen   listen
	servers  []*vhost
	standard *vhost          // the default server
	by       *conf.Directive // the listen directive that makes it so, or nil
	once     sync.Once
	index    *nameIndex
}

// of is the server block that a directive opens, nil for none.
func (r *Router) of(block *conf.Directive) *vhost {
	for _, v := range r.servers {
		if v.dir == block {
			return v
		}
	}
	return nil
}

func (r *Router) addServers(http *conf.Directive) {
	for _, d := range http.All("server") {
		srv := &vhost{r: r, dir: d, list: listens(d), root: &location{dir: d}}
		r.servers = append(r.servers, srv)
		for _, l := range srv.list {
			key := l.String()
			g := r.groups[key]
			if g == nil {
				g = &group{listen: l, standard: srv}
				r.groups[key] = g
				r.order = append(r.order, g)
			}
			g.listen.ssl = g.listen.ssl || l.ssl
			g.listen.dual = g.listen.dual || l.dual
			if l.standard && g.by == nil {
				g.standard, g.by = srv, l.dir
			}
			if n := len(g.servers); n == 0 || g.servers[n-1] != srv {
				g.servers = append(g.servers, srv)
			}
		}
	}
}

// at returns the group that takes a connection to a local address, or nil.
func (r *Router) at(addr string) *group {
	if strings.HasPrefix(addr, "unix:") {
		return r.groups[addr]
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil
	}
	ip := net.ParseIP(host)
	if ip == nil {
		return nil
	}
	if v4 := ip.To4(); v4 != nil {
		if g := r.groups[v4.String()+":"+port]; g != nil {
			return g
		}
		if g := r.groups["*:"+port]; g != nil {
			return g
		}
		if g := r.groups["[::]:"+port]; g != nil && g.listen.dual {
			return g
		}
		return nil
	}
	if g := r.groups["["+ip.String()+"]:"+port]; g != nil {
		return g
	}
	return r.groups["[::]:"+port]
}

// candidates returns the groups that a request may mean whose local address is
// not known: those on the port of its URL or, where nothing listens there (as
// behind a container's published port), those for its scheme.
func (r *Router) candidates(scheme, port string) (found []*group, exact bool) {
	if port == "" {
		port = "80"
		if scheme == "https" {
			port = "443"
		}
	}
	for _, g := range r.order {
		if g.listen.port == port {
			found = append(found, g)
		}
	}
	if len(found) > 0 {
		return found, true
	}
	for _, g := range r.order {
		if g.listen.ssl == (scheme == "https") {
			found = append(found, g)
		}
	}
	return found, false
}
