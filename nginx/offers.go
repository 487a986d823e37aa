package nginx

import (
	"path"
	"regexp/syntax"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// trials is nginx's server.Sandboxer.
type trials struct{}

// Offers implements server.Sandboxer. A way in is a location from which a
// request, with no file there, comes to an upstream; a way out is an internal
// location that opens files.
func (trials) Offers(source conf.Source) server.Offers {
	c, _ := Parse(source)
	var o server.Offers
	if c == nil || c.HTTP == nil {
		return o
	}
	r := NewRouter(c, RouterOptions{Files: func(string) route.FileKind { return route.FileMissing }})
	behind := r.tiersBehind()
	for _, v := range r.servers {
		if behind[v] {
			continue // another server block is what clients reach
		}
		ports := v.ports()
		o.Ports = append(o.Ports, ports...)
		for _, p := range ports {
			o.Ways = append(o.Ways, v.waysIn(p)...)
		}
		for _, l := range handoffLocations(v.dir) {
			if out, ok := v.wayOut(l); ok {
				o.Outs = append(o.Outs, out)
			}
		}
	}
	return o
}

// scope names a server block.
func (s *vhost) scope() string { return s.dir.Pos.String() }

// ports are the addresses of a server block that clients can tell apart by
// scheme and port.
func (s *vhost) ports() []server.Port {
	var list []server.Port
	seen := map[string]bool{}
	for _, l := range s.list {
		if l.port == "" {
			continue
		}
		scheme, standard := "http", "80"
		if l.ssl {
			scheme, standard = "https", "443"
		}
		host := l.host
		if host == "*" || host == "[::]" {
			host = "127.0.0.1"
		}
		if names := askableNames(s.dir); len(names) > 0 {
			host = names[0]
		}
		origin := scheme + "://" + host
		if l.port != standard {
			origin += ":" + l.port
		}
		if !seen[origin] {
			seen[origin] = true
			list = append(list, server.Port{Origin: origin, Listen: l.String(), Scope: s.scope()})
		}
	}
	return list
}

// waysIn are the ways in through one address: one for each directive that hands
// requests over.
func (s *vhost) waysIn(port server.Port) []server.WayIn {
	var list []server.WayIn
	seen := map[*conf.Directive]bool{}
	for _, base := range s.bases() {
		t := s.ask(port, diag.URL(port.Origin+base).For(probeName))
		if t.Outcome != route.Proxied || t.Server != s.dir || seen[t.Upstream.Pass] {
			continue
		}
		seen[t.Upstream.Pass] = true
		w := server.WayIn{Port: port, URL: diag.URL(port.Origin + base), Location: *cause.Writing(written).Place(t.Upstream.Pass)}
		_, host, _ := strings.Cut(port.Origin, "://")
		w.Name = host + " " + base
		w.App = appOf(t.Upstream)
		if path, ok := cutName(t.Upstream.URI); ok {
			w.Path = path
		}
		list = append(list, w)
	}
	return list
}

// ask follows a plain request through one address.
func (s *vhost) ask(port server.Port, url string) *Route {
	scheme, rest, _ := strings.Cut(url, "://")
	host, uri, _ := strings.Cut(rest, "/")
	q := route.Request{Scheme: scheme, Host: host, URI: "/" + uri, Addr: port.Listen}
	q.Addr = strings.Replace(strings.Replace(q.Addr, "*:", "127.0.0.1:", 1), "[::]:", "[::1]:", 1)
	return s.r.Route(q)
}

// cutName is a request target with {name} in the place of the name that was
// asked for; a name at its end is left out.
func cutName(uri string) (string, bool) {
	before, after, ok := strings.Cut(uri, probeName)
	if !ok || before == "" {
		return "", false
	}
	if after == "" && !strings.Contains(before, "?") {
		return before, true
	}
	return before + "{name}" + after, true
}

// bases are URLs, without the origin, under which downloads may be: of each
// location that clients can ask for.
func (s *vhost) bases() []string {
	var list []string
	for _, l := range locations(s.dir) {
		switch kind, name := LocationName(l); kind {
		case LocationPrefix, LocationNoRegex:
			list = append(list, strings.TrimSuffix(name, "/")+"/")
		case LocationExact:
			list = append(list, name+"?file={name}")
		case LocationRegex, LocationNoCase:
			if tree, err := syntax.Parse(name, syntax.Perl); err == nil {
				if uri := route.Sample(tree, nil); path.IsAbs(uri) {
					list = append(list, strings.TrimSuffix(uri, "/")+"/")
				}
			}
		}
	}
	return append(list, "/")
}

// appOf is the application that an upstream is.
func appOf(u *route.Upstream) server.App {
	app := server.App{Protocol: u.Protocol, Address: u.Host}
	if len(u.Peers) > 0 {
		app.Address = u.Peers[0].Addr
	}
	return app
}

// wayOut is the way out that an internal location is.
func (s *vhost) wayOut(l *conf.Directive) (server.WayOut, bool) {
	prefix := handoffPrefix(l)
	out := server.WayOut{Scope: s.scope(), Sendfile: kindName + ":" + prefix, Location: *cause.Writing(written).Place(l)}
	switch d := last(l, "alias"); {
	case d != nil:
		out.Storage = d.Arg(0)
	default:
		if root := last(l, "root"); root != nil {
			out.Storage = strings.TrimSuffix(root.Arg(0), "/") + prefix
		}
	}
	if strings.Contains(out.Storage, "$") || !path.IsAbs(out.Storage) {
		return out, false
	}
	out.Storage = path.Clean(out.Storage)
	out.Name = prefix + " (" + out.Storage + ")"
	return out, true
}
