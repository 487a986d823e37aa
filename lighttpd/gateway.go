package lighttpd

import (
	"net"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// gateway is a module that hands requests to backends.
type gateway struct {
	setting  string // that lists the backends
	protocol string
	// local says that a file must be there, where check-local is not off.
	local bool
}

var gateways = map[string]*gateway{
	"mod_proxy":     {setting: "proxy.server", protocol: "http"},
	"mod_fastcgi":   {setting: "fastcgi.server", protocol: "fastcgi", local: true},
	"mod_scgi":      {setting: "scgi.server", protocol: "scgi", local: true},
	"mod_ajp13":     {setting: "ajp13.server", protocol: "ajp13"},
	"mod_wstunnel":  {setting: "wstunnel.server", protocol: "wstunnel"},
	"mod_sockproxy": {setting: "sockproxy.server", protocol: "sockproxy"},
}

// offers says that a gateway takes a path: one of its keys is the beginning
// of it, where the key begins with a slash, and its end otherwise
// (gw_check_extension). url is true while the URL is looked at, and false
// where a file was found.
func (s *state) offers(g *gateway, path string, url bool) bool {
	set, maybe := s.get(g.setting)
	if maybe != nil {
		s.undecide(maybe.Get(g.setting).Dir, "whether it is in force is not known: %s", maybe.Cond)
		return false
	}
	if set == nil || s.done {
		return false
	}
	for i := range set.Value.Items {
		item := &set.Value.Items[i]
		if strings.HasPrefix(item.Key, "/") && !strings.HasPrefix(s.path, item.Key) || !strings.HasPrefix(item.Key, "/") && !strings.HasSuffix(path, item.Key) {
			continue
		}
		hosts := s.r.hosts(set, item)
		if len(hosts) == 0 {
			return false
		}
		if local := g.local && hosts[0].checksFile(); local == url {
			return false
		}
		s.out.Hosts, s.out.Setting = hosts, set
		s.handler = item.Key
		return true
	}
	return false
}

// cut takes off the path what a gateway takes for information to a program:
// what follows the first slash behind its key. The modules behind the gateway
// see the rest alone.
func (s *state) cut() {
	if !strings.HasPrefix(s.handler, "/") {
		return
	}
	if i := strings.IndexByte(s.path[len(s.handler):], '/'); i >= 0 {
		s.left = s.path[:len(s.handler)+i]
	}
}

// checksFile says that the host is asked only for what is a file here, too.
func (h *Host) checksFile() bool {
	i := h.option("check-local")
	return i == nil || i.Value.On(true)
}

// hosts are the backends of one key.
func (r *Router) hosts(set *Setting, item *Item) []*Host {
	var list []*Host
	for i := range item.Value.Items {
		h := &Host{Item: &item.Value.Items[i]}
		if h.Item.Value.Kind != Array {
			continue
		}
		h.Addr, h.Directive = address(h.Item)
		if h.Directive == nil || h.Directive.Pos.Line == 0 {
			h.Directive = set.Dir
		}
		list = append(list, h)
	}
	return list
}

// address is where a host listens, and the element that says so: the port, as
// that is what most often is wrong.
func address(item *Item) (addr string, by *conf.Directive) {
	host, port := "", 80
	get := item.Value.Get
	if i := get("socket"); i != nil && i.Value.Str() != "" {
		return "unix:" + i.Value.Str(), i.Dir
	}
	if i := get("host"); i != nil {
		host, by = i.Value.Str(), i.Dir
	}
	if strings.HasPrefix(host, "/") {
		return "unix:" + host, by
	}
	if i := get("port"); i != nil {
		if n, ok := i.Value.Int(); ok {
			port, by = n, i.Dir
		}
	}
	if host == "" {
		if get("bin-path") == nil {
			return "", by
		}
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, strconv.Itoa(port)), by
}

// pass ends the route at an upstream.
func (s *state) pass(g *gateway) {
	t := s.out
	u := &route.Upstream{Pass: t.Setting.Dir, Protocol: g.protocol, URI: s.target}
	if set, _ := s.get("scgi.protocol"); g.protocol == "scgi" && set != nil {
		u.Protocol = set.Value.Str()
	}
	for _, h := range t.Hosts {
		u.Peers = append(u.Peers, h.Peer)
		if why := h.Item.Value.unknown(); why != "" && u.Unknown == "" {
			u.Unknown = why
		}
	}
	u.Host = u.Peers[0].Addr
	s.note(route.StepProxy, t.Setting.Dir, "%s is handed to %s", key(s.handler), u.Host)
	if g.protocol == "http" {
		s.mapPath(u)
	}
	t.Upstream = u
	s.end(route.Proxied, 0, "")
}

func key(k string) string {
	if k == "" {
		return "every path"
	}
	return k
}

// mapPath applies map-urlpath of proxy.header: the first beginning that fits.
func (s *state) mapPath(u *route.Upstream) {
	item := s.proxyHeader("map-urlpath")
	if item == nil {
		return
	}
	for i := range item.Value.Items {
		m := &item.Value.Items[i]
		rest, ok := strings.CutPrefix(u.URI, m.Key)
		if !ok {
			continue
		}
		u.URI = m.Value.Str() + rest
		s.note(route.StepRewrite, m.Dir, "asked for as %s", u.URI)
		return
	}
}

// proxyHeader is an element of proxy.header in force, nil for none.
func (s *state) proxyHeader(name string) *Item {
	set, _ := s.get("proxy.header")
	if set == nil {
		return nil
	}
	return set.Value.Get(name)
}
