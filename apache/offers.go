package apache

import (
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// trials is Apache's server.Sandboxer.
type trials struct{}

// Offers implements server.Sandboxer. A way in is where a virtual host asks an
// application, or runs one itself; a way out is a folder of XSendFilePath. Where
// XSendFile is in force for some ways in, the others are not tried: it is meant
// for those.
func (trials) Offers(source conf.Source) server.Offers {
	c, _ := Parse(source)
	var o server.Offers
	if c == nil {
		return o
	}
	for _, v := range surveys(NewRouter(c, RouterOptions{Files: c.standing})) {
		if v.behind {
			continue
		}
		o.Ports = append(o.Ports, v.ports...)
		for _, w := range v.ways {
			o.Ways = append(o.Ways, w.WayIn)
		}
		o.Outs = append(o.Outs, v.outs...)
	}
	return o
}

// entry is a way in and whether XSendFile is in force there.
type entry struct {
	server.WayIn
	inside *inside // what answers is run by Apache itself
	on     bool
	off    bool // explicitly
	live   bool // a handoff would be acted on

	refused *conf.Directive // what refuses us, nil for nothing
	failed  bool            // it is 500, whoever asks
	never   *conf.Directive // what would ask another application, and is never looked at
}

// survey is what a virtual host offers.
type survey struct {
	r      *Router
	h      *vhost
	behind bool // another virtual host asks it
	ports  []server.Port
	ways   []entry
	outs   []server.WayOut
	own    bool // one of outs is the virtual host's own
}

// surveys are those of all virtual hosts that clients can reach, and of the main
// server where it takes requests.
func surveys(r *Router) []*survey {
	var list []*survey
	for _, h := range append([]*vhost{r.main}, r.hosts...) {
		v := &survey{r: r, h: h, ports: r.portsOf(h)}
		if len(v.ports) == 0 {
			continue
		}
		v.findOuts()
		v.findWays()
		list = append(list, v)
	}
	for _, v := range list {
		for _, other := range list {
			if other != v && other.asks(v) {
				v.behind = true
				for _, out := range v.outs {
					out.Scope = other.scope()
					other.outs = append(other.outs, out)
				}
				for i := range other.ways {
					w := &other.ways[i]
					w.live = w.live || v.asks(v) || slices.ContainsFunc(v.ways, func(x entry) bool { return x.live })
				}
			}
		}
	}
	anyLive := slices.ContainsFunc(list, func(v *survey) bool {
		return slices.ContainsFunc(v.ways, func(w entry) bool { return w.live && w.refused == nil })
	})
	for _, v := range list {
		v.sort(anyLive)
	}
	return list
}

// scope names a virtual host.
func (v *survey) scope() string {
	if v.h.dir == nil {
		return "main"
	}
	return v.h.dir.Pos.String()
}

// asks says that a virtual host asks another one of the configuration.
func (v *survey) asks(other *survey) bool {
	if v == other {
		return false
	}
	for _, w := range v.ways {
		host, port := splitPort(w.App.Address)
		if w.inside != nil || !cause.Literal(host).IsLoopback() && !strings.EqualFold(host, "localhost") {
			continue
		}
		for _, p := range other.ports {
			if _, on := splitPort(p.Listen); on == port && !slices.ContainsFunc(v.ports, func(own server.Port) bool { return own.Listen == p.Listen }) {
				return true
			}
		}
	}
	return false
}

// portsOf are the addresses at which clients come to a virtual host, each with a
// name that it has.
func (r *Router) portsOf(h *vhost) []server.Port {
	var list []server.Port
	for _, e := range r.conf.endpoints() {
		for _, host := range h.hostsOn(e) {
			p, ok := r.portAt(h, endpoint{host: host, port: e.port})
			if ok && !slices.ContainsFunc(list, func(known server.Port) bool { return known.Origin == p.Origin }) {
				list = append(list, p)
			}
		}
	}
	return list
}

// hostsOn are the hosts on which a virtual host takes connections of an endpoint.
func (h *vhost) hostsOn(e endpoint) []string {
	if h.dir == nil {
		return []string{e.host}
	}
	var hosts []string
	for _, a := range h.addrs {
		switch host := hostOf(a.name); {
		case a.port != "" && a.port != e.port:
		case host == anyHost || a.any:
			hosts = append(hosts, e.host)
		case e.host == anyHost || e.host == host:
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// portAt is the port of a virtual host at an endpoint; false where all requests
// there land elsewhere.
func (r *Router) portAt(h *vhost, e endpoint) (server.Port, bool) {
	p := server.Port{Listen: e.String(), Scope: (&survey{h: h}).scope()}
	scheme, standard := "http", "80"
	s := &state{r: r, srv: h}
	if d := s.serverLast("SSLEngine"); d != nil && !strings.EqualFold(d.Arg(0), "off") {
		scheme, standard = "https", "443"
	}
	names := askable(h)
	if d := r.conf.Top.First("ServerName"); h.dir == nil && d != nil {
		names = append(names, strings.ToLower(serverName(d.Arg(0))))
	}
	if e.host != anyHost {
		names = append(names, e.host)
	}
	for _, name := range append(names, "127.0.0.1") {
		if name == "" || strings.ContainsAny(name, "$ /") {
			continue
		}
		if p.Origin = scheme + "://" + name; e.port != standard {
			p.Origin += ":" + e.port
		}
		if t := r.at(p, "/"); t.Server == h.dir {
			return p, true
		}
	}
	return p, false
}

// at follows a plain request that comes in at a port.
func (r *Router) at(p server.Port, uri string) *Route {
	scheme, host, _ := strings.Cut(p.Origin, "://")
	addr := strings.Replace(p.Listen, "*:", "127.0.0.1:", 1)
	return r.Route(route.Request{Scheme: scheme, Host: host, URI: uri, Addr: addr, Client: netip.AddrFrom4([4]byte{127, 0, 0, 1})})
}

// findOuts finds the folders that a virtual host may hand over from.
func (v *survey) findOuts() {
	s := &state{r: v.r, srv: v.h}
	for _, d := range append(s.paths(), v.guarded()...) {
		folder := path.Clean(d.Arg(0))
		switch {
		case !path.IsAbs(folder) || strings.Contains(folder, "${"):
			continue
		case folder == "/":
			folder = madeUpFolder
		}
		v.own = v.own || d.Parent == v.h.block || within(d, v.h.block) && v.h.dir != nil
		v.addOut(server.WayOut{Name: written(d), Storage: folder, Location: *cause.Writing(written).Place(d)})
	}
}

// madeUpFolder is a folder for files where the configuration names none.
const madeUpFolder = "/srv/proxydiag"

func (v *survey) addOut(out server.WayOut) {
	out.Scope, out.Sendfile = v.scope(), kindName+":"+strings.TrimSuffix(out.Storage, "/")+"/"
	if !slices.ContainsFunc(v.outs, func(known server.WayOut) bool { return known.Sendfile == out.Sendfile }) {
		v.outs = append(v.outs, out)
	}
}

// guarded are the XSendFilePaths in an IfModule that is left out together with
// what switches XSendFile on. Names that IfDefine asks for may be given on the
// command line.
func (v *survey) guarded() (found []*conf.Directive) {
	for _, g := range v.r.conf.Guards {
		around := g.Directive.Parent
		if g.Open || !g.Known || g.Directive.Name == "IfDefine" || !switchesOn(g.Directive) ||
			around == nil || around != v.h.block && around.Name != "" && !within(g.Directive, v.h.block) {
			continue
		}
		g.Directive.Walk(func(d *conf.Directive) bool {
			if d.Name == "XSendFilePath" {
				found = append(found, d)
			}
			return d.Name != "VirtualHost"
		})
	}
	return found
}
