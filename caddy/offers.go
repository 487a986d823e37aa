package caddy

import (
	"net"
	"net/http"
	"path"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// trials is Caddy's server.Sandboxer.
type trials struct{}

// Offers implements server.Sandboxer. A way in is a reverse_proxy, or what
// stands for one such as php_fastcgi, that a request comes to; a way out is a
// handle_response of the same one that takes handoffs.
func (trials) Offers(source conf.Source) server.Offers { return offersOf(filled(source)).Offers }

// offers are the offers of a configuration, and what must be there for them.
type offers struct {
	server.Offers
	// scripts are files that the configuration wants to see before it asks the
	// application, such as index.php.
	scripts []string

	conf   *Config
	folder string // what relative paths are relative to
	outs   map[*Handler]bool
	inner  []*Route // of servers that others ask
}

func offersOf(s conf.Source) *offers {
	c, _ := Parse(s)
	for _, srv := range c.Servers {
		withoutPlugins(srv.Routes)
	}
	o := &offers{conf: c, folder: workingFolder(s), outs: map[*Handler]bool{}}
	behind := c.behind()
	for _, srv := range c.Servers {
		if behind[srv] {
			o.inner = append(o.inner, srv.Routes...)
		}
	}
	for _, srv := range c.Servers {
		if behind[srv] {
			continue // another server is what clients reach
		}
		for _, listen := range srv.Listen {
			if _, port := splitListen(listen); port != "" && !strings.HasPrefix(listen, "unix") {
				o.server(srv, listen)
			}
		}
	}
	return o
}

// withoutPlugins takes out handlers that are not Caddy's own: a sandbox does not
// run them.
func withoutPlugins(routes []*Route) {
	for _, r := range routes {
		r.Handlers = slices.DeleteFunc(slices.Clone(r.Handlers), func(h *Handler) bool { return slices.Contains(pluginWords, h.Name) })
		for _, h := range r.Handlers {
			withoutPlugins(h.Routes)
			for _, resp := range h.Responses {
				withoutPlugins(resp.Routes)
			}
		}
	}
}

// behind are the servers that others of the configuration ask.
func (c *Config) behind() map[*Server]bool {
	list := map[*Server]bool{}
	r := NewRouter(c, RouterOptions{})
	for _, front := range c.Servers {
		walk(front.Routes, nil, func(_ *Route, h *Handler, _ []*Response) {
			if h.Proxy == nil {
				return
			}
			for _, d := range h.Proxy.Upstreams {
				for _, addr := range ports(d.Addr) {
					if !c.listens(addr) {
						continue
					}
					if to := r.serverFor(route.Request{Addr: addr}); to != nil && to != front {
						list[to] = true
					}
				}
			}
		})
	}
	return list
}

// server adds what one server offers on one of its addresses.
func (o *offers) server(srv *Server, listen string) {
	sites := [][]*Route{srv.Routes}
	if srv.At == nil && len(srv.Routes) > 0 {
		sites = nil
		for _, r := range srv.Routes {
			sites = append(sites, []*Route{r})
		}
	}
	for _, routes := range sites {
		port := server.Port{Origin: originOf(srv, listen, hostOfSite(routes)), Listen: listen}
		if !slices.Contains(o.Ports, port) {
			o.Ports = append(o.Ports, port)
		}
		seen := map[*Handler]bool{}
		for _, base := range bases(append(slices.Clone(routes), o.inner...)) {
			o.wayIn(port, base, seen)
		}
	}
}

// originOf is how clients come to a host of a server.
func originOf(srv *Server, listen, host string) string {
	own, port := splitListen(listen)
	switch {
	case host != "":
	case own == "" || own == "0.0.0.0" || own == "::":
		host = "127.0.0.1"
	default:
		host = own
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	scheme, standard := "http", "80"
	if srv.TLS {
		scheme, standard = "https", "443"
	}
	if port != standard {
		host += ":" + port
	}
	return scheme + "://" + host
}

// hostOfSite is a name by which clients come to a site, "" where any does.
func hostOfSite(routes []*Route) string {
	if len(routes) != 1 {
		return ""
	}
	for _, set := range routes[0].Match {
		for _, m := range set {
			if m.Name == "host" && len(m.Values) > 0 && !strings.Contains(m.Values[0], "{") {
				return strings.ReplaceAll(m.Values[0], "*", "www")
			}
		}
	}
	return ""
}

// probeName stands for the name of a file.
const probeName = "proxydiag-name.bin"

// otherName is the one that is handed off, which is not the one that was asked for.
const otherName = "proxydiag-other.bin"

// bases are URLs, without the origin, under which downloads may be: those of
// the paths that matchers name, then every one.
func bases(routes []*Route) []string {
	var list []string
	add := func(base string) {
		if strings.HasPrefix(base, "/") && !slices.Contains(list, base) {
			list = append(list, base)
		}
	}
	var follow func(routes []*Route, stripped string)
	follow = func(routes []*Route, stripped string) {
		for _, r := range routes {
			for _, set := range r.Match {
				for _, m := range set {
					for _, base := range m.bases() {
						if stripped != "" {
							add(stripped + base)
						}
						add(base)
					}
				}
			}
			inner := stripped
			for _, h := range r.Handlers {
				if h.Rewrite != nil && h.Rewrite.StripPrefix != "" && h.Rewrite.URI == "" {
					inner += strings.TrimSuffix(h.Rewrite.StripPrefix, "/")
				}
				follow(h.Routes, inner)
			}
		}
	}
	follow(routes, "")
	add("/")
	return list
}

// bases are URLs that a matcher of paths takes.
func (m *Matcher) bases() []string {
	var list []string
	switch m.Name {
	case "path":
		for _, v := range m.Values {
			star := strings.HasSuffix(v, "*")
			v = strings.ReplaceAll(strings.TrimSuffix(v, "*"), "*", "x")
			switch {
			case strings.ContainsAny(v, "{?"):
			case star:
				list = append(list, strings.TrimSuffix(v, "/")+"/")
			default:
				list = append(list, v+"?file={name}")
			}
		}
	case "path_regexp":
		if tree, err := syntax.Parse(m.Pattern, syntax.Perl); err == nil {
			list = append(list, strings.TrimSuffix(route.Sample(tree, nil), "/")+"/")
		}
	}
	return list
}

// wayIn adds the way in that a URL is, if it comes to a reverse_proxy that has
// none yet.
func (o *offers) wayIn(port server.Port, base string, seen map[*Handler]bool) {
	w := server.WayIn{Port: port, URL: diag.URL(port.Origin + base)}
	script, answered := "", false
	r := NewRouter(o.conf, RouterOptions{Files: func(name string) route.FileKind {
		switch {
		case answered:
			return route.FileRegular
		case strings.HasPrefix(path.Base(name), "index.") && path.Base(name) != "index.html" && !strings.Contains(name, probeName):
			script = name
			return route.FileRegular
		}
		return route.FileMissing
	}})
	front, t := o.follow(r, requestFor(port, w.URL.For(probeName)))
	if t.Outcome != route.Proxied || seen[t.Proxy] {
		return
	}
	seen[t.Proxy] = true
	w.Scope = scopeOf(t.Proxy)
	first := t
	if len(front) > 0 {
		first = front[0]
	}
	w.Location = *cause.Writing(written).Place(first.Proxy.At)
	_, host, _ := strings.Cut(port.Origin, "://")
	w.Name = host + " " + base
	w.App = server.App{Protocol: t.Upstream.Protocol, Address: t.Upstream.Host}
	if len(t.Upstream.Peers) > 0 {
		w.App.Address = t.Upstream.Peers[0].Addr
	}
	w.Path = server.CutName(t.Upstream.URI, probeName)
	if script != "" && !slices.Contains(o.scripts, script) {
		o.scripts = append(o.scripts, script)
	}
	o.Ways = append(o.Ways, w)
	if !o.outs[t.Proxy] {
		o.outs[t.Proxy] = true
		answered = true
		o.waysOut(r, t, port)
	}
}

// follow is the way of a request, on from server to server of the configuration.
func (o *offers) follow(r *Router, q route.Request) (front []*Passage, last *Passage) {
	return cause.Follow(q, r.Route, func(t *Passage) (route.Request, bool) {
		return o.conf.next(t, func(route.Peer) bool { return false })
	})
}

// scopeOf names a reverse_proxy.
func scopeOf(h *Handler) string { return h.At.Pos.String() }

// requestFor is a plain request through one address.
func requestFor(port server.Port, target string) route.Request {
	scheme, rest, _ := strings.Cut(target, "://")
	host, uri, _ := strings.Cut(rest, "/")
	own, p := splitListen(port.Listen)
	if own == "" || own == "0.0.0.0" || own == "::" {
		own = "127.0.0.1"
	}
	return route.Request{Scheme: scheme, Host: host, URI: "/" + uri, Addr: net.JoinHostPort(own, p)}
}

// waysOut adds what the response handlers of a reverse_proxy make of handoffs.
func (o *offers) waysOut(r *Router, t *Passage, port server.Port) {
	for _, resp := range t.Proxy.Responses {
		if !resp.forHandoffs() {
			continue
		}
		out := server.WayOut{Scope: scopeOf(t.Proxy), Location: *cause.Writing(written).Place(resp.At)}
		field := resp.field()
		if !strings.EqualFold(field, handoffFields[0]) {
			out.Header = field
		}
		opened := false
		for _, prefix := range resp.prefixes() {
			storage, private, opens := o.storage(r, t, resp, field, prefix, port)
			if storage == "" || opened && !opens {
				continue
			}
			if opens && !opened {
				o.Outs = slices.DeleteFunc(o.Outs, func(known server.WayOut) bool { return known.Location == out.Location })
			}
			opened = opened || opens
			if prefix == "/" && !private {
				prefix, storage = o.privately(r, t, resp, field, storage, port)
			}
			if !opens { // a name of its own, so that no coincidence brings the file
				prefix, storage = prefix+"files/", path.Join(storage, "files")
			}
			one := out
			one.Storage, one.Sendfile = storage, kindName+":"+prefix
			one.Name = prefix + " (" + one.Storage + ")"
			o.Outs = append(o.Outs, one)
		}
	}
}

// field is the header by which a response handler is handed off to.
func (r *Response) field() string {
	if r.Match != nil {
		for _, f := range r.Match.Fields {
			if isHandoffField(f.Name) {
				return http.CanonicalHeaderKey(f.Name)
			}
		}
	}
	return handoffFields[0]
}

// prefixes are what handoffs to a response handler may begin with: what is
// stripped off or matched, else anything.
func (r *Response) prefixes() []string {
	var list []string
	add := func(prefix string) {
		prefix = strings.TrimSuffix(prefix, "/") + "/"
		if strings.HasPrefix(prefix, "/") && !strings.ContainsAny(prefix, "{*") && !slices.Contains(list, prefix) {
			list = append(list, prefix)
		}
	}
	walk(r.Routes, nil, func(_ *Route, h *Handler, _ []*Response) {
		if h.Rewrite != nil && h.Rewrite.StripPrefix != "" {
			add(h.Rewrite.StripPrefix)
		}
	})
	if r.Match != nil {
		for _, f := range r.Match.Fields {
			for _, v := range f.Values {
				if prefix, ok := strings.CutSuffix(v, "*"); ok && isHandoffField(f.Name) && strings.HasSuffix(prefix, "/") {
					add(prefix)
				}
			}
		}
	}
	if len(list) == 0 {
		add("/")
	}
	return list
}

// storage is the folder in which the files of handoffs with a prefix lie, ""
// where that cannot be told; private says that no plain URL leads there, opens
// that such a handoff opens files.
func (o *offers) storage(r *Router, t *Passage, resp *Response, field, prefix string, port server.Port) (folder string, private, opens bool) {
	value := prefix + otherName
	h := r.Handoff(t, route.Handoff{Value: value, Header: http.Header{field: {value}}})
	if file := o.absolute(h.File); h.Response == resp && h.Outcome == route.File && path.Base(file) == otherName {
		_, public := o.follow(r, requestFor(port, port.Origin+value))
		return path.Dir(file), public.Outcome != route.File || o.absolute(public.File) != file, true
	}
	root := ""
	walk(resp.Routes, nil, func(_ *Route, h *Handler, _ []*Response) {
		for _, v := range h.Vars {
			if v.Name == "root" {
				root = v.Value
			}
		}
		if h.Files != nil && h.Files.Root != "" {
			root = h.Files.Root
		}
	})
	if root == "" || strings.Contains(root, "{") {
		return "", true, false
	}
	return path.Clean(o.absolute(root)), true, false
}

// privately is a prefix that no plain URL leads to, of those that the
// configuration names, with its folder; "/" where there is none.
func (o *offers) privately(r *Router, t *Passage, resp *Response, field, storage string, port server.Port) (prefix, folder string) {
	for _, srv := range o.conf.Servers {
		for _, base := range bases(srv.Routes) {
			if base == "/" || strings.ContainsAny(base, "?%") {
				continue
			}
			if folder, private, opens := o.storage(r, t, resp, field, base, port); private && opens && folder != "" && folder != storage {
				if _, err := sendfile.ParseSpec(kindName+":"+base, ""); err == nil {
					return base, folder
				}
			}
		}
	}
	return "/", storage
}

// absolute is a path that may be relative to Caddy's working folder.
func (o *offers) absolute(name string) string {
	if name == "" || path.IsAbs(name) {
		return name
	}
	return path.Join(o.folder, name)
}

// workingFolder is where Caddy is taken to be started: beside its main file.
func workingFolder(s conf.Source) string {
	if len(s.Roots) == 0 || !path.IsAbs(s.Roots[0]) {
		return "/"
	}
	return path.Dir(s.Roots[0])
}
