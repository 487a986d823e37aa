package nginx

import (
	"net/http"
	"net/netip"
	"path"
	"regexp/syntax"
	"slices"
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
// location that opens files or asks where they are.
func (trials) Offers(source conf.Source) server.Offers {
	c, _ := Parse(source)
	if c == nil || c.HTTP == nil {
		return server.Offers{}
	}
	return newOffering(c).offers()
}

// offering looks for the ways in and out of a configuration.
type offering struct {
	conf    *Config
	in      *Router // no file is there, but scripts
	out     *Router // what is handed over is there
	pages   *Router // every file is there
	scripts map[string]bool
	madeUp  map[*conf.Directive]server.App // server blocks whose applications another file, or a module, names
}

func newOffering(c *Config) *offering {
	o := &offering{conf: c, scripts: map[string]bool{}, madeUp: map[*conf.Directive]server.App{}}
	passwords := map[string]bool{}
	c.HTTP.Walk(func(d *conf.Directive) bool {
		passwords[d.Arg(0)] = passwords[d.Arg(0)] || d.Name == "auth_basic_user_file"
		return true
	})
	o.in = NewRouter(c, RouterOptions{Prefix: compiledPrefix, Files: func(file string) route.FileKind {
		if passwords[file] {
			return route.FileRegular
		}
		if path.Ext(file) == ".php" && !strings.Contains(file, probeName) {
			o.scripts[file] = true
			return route.FileRegular
		}
		return route.FileMissing
	}})
	o.out = NewRouter(c, RouterOptions{Prefix: compiledPrefix, Files: func(file string) route.FileKind {
		if strings.Contains(file, probeName) {
			return route.FileRegular
		}
		return route.FileMissing
	}})
	o.pages = NewRouter(c, RouterOptions{Prefix: compiledPrefix, Files: func(string) route.FileKind { return route.FileRegular }})
	return o
}

// stated finds the scripts that stated ways in ask for.
func (o *offering) stated(ways []server.WayIn) {
	for _, w := range ways {
		url := w.URL.For(probeName)
		for _, file := range route.Scripts(strings.TrimPrefix(url, w.Origin), func(files func(string) route.FileKind) route.Outcome {
			r := NewRouter(o.conf, RouterOptions{Prefix: compiledPrefix, Files: files})
			return r.Route(requestFor(w.Port, url)).Outcome
		}) {
			o.scripts[file] = true
		}
	}
}

// named are the files that the configuration itself falls back to: pages for
// errors, the one page of an application.
func (o *offering) named() []string {
	var list []string
	for _, v := range o.pages.servers {
		for _, uri := range used(v.dir) {
			uri, _, _ = strings.Cut(uri, "?")
			if !strings.HasPrefix(uri, "/") || strings.ContainsAny(uri, "$") || strings.HasSuffix(uri, "/") {
				continue
			}
			if t := v.inside(uri, ""); t.Outcome == route.File && t.FileBy != nil && path.IsAbs(t.File) {
				list = append(list, t.File)
			}
		}
	}
	return list
}

func (o *offering) offers() server.Offers {
	var all server.Offers
	behind := o.in.tiersBehind()
	asked := map[string]bool{} // scopes with a way in
	for _, v := range o.in.servers {
		if behind[v] {
			continue // another server block is what clients reach
		}
		for _, p := range v.ports() {
			all.Ports = append(all.Ports, p)
			for _, w := range v.waysIn(p, behind) {
				asked[w.Scope] = true
				all.Ways = append(all.Ways, w)
			}
		}
	}
	for _, v := range o.out.servers {
		outs := v.waysOut()
		if !asked[v.scope()] && v.dir.Pos.Line > 0 && !behind[o.in.of(v.dir)] {
			var shut []server.WayIn
			if shut, outs = v.shut(outs); len(shut) > 0 {
				asked[v.scope()] = true
				all.Ways = append(all.Ways, shut...)
			}
		}
		all.Outs = append(all.Outs, outs...)
		if len(outs) > 0 && !asked[v.scope()] && !behind[o.in.of(v.dir)] && (o.conf.Fragment || asksForeign(v.dir)) {
			all.Ways = append(all.Ways, o.makeUp(v)...)
		}
	}
	all.Folders = o.folders()
	return all
}

// folders are the paths that root and alias name, and variables in their place.
func (o *offering) folders() []string {
	var list []string
	note := func(text string) {
		if i := strings.IndexByte(text, '$'); i >= 0 {
			text = path.Dir(text[:i] + "x")
		}
		if path.IsAbs(text) && text != "/" && !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	o.conf.HTTP.Walk(func(d *conf.Directive) bool {
		if d.Name == "root" || d.Name == "alias" {
			note(d.Arg(0))
			for _, p := range cutVariables(d.Arg(0)) {
				for _, text := range o.assigned(p) {
					note(text)
				}
			}
		}
		return true
	})
	return list
}

// assigned are the texts that a variable can be; none of what is no variable.
func (o *offering) assigned(p part) []string {
	if !p.variable {
		return nil
	}
	return o.conf.assigned(p.text)
}

// shut are ways in that are internal, where a server block opens files for
// handoffs and has no application that clients can ask; and the ways out that
// are none of them.
func (s *vhost) shut(outs []server.WayOut) (ways []server.WayIn, rest []server.WayOut) {
	files := slices.ContainsFunc(outs, func(out server.WayOut) bool { return out.Storage != "" })
	used := used(s.dir)
	for _, l := range locations(s.dir) {
		prefix := handoffPrefix(l)
		kind, _ := LocationName(l)
		at := *cause.Writing(written).Place(l)
		i := slices.IndexFunc(outs, func(out server.WayOut) bool { return out.Location == at })
		if !files || prefix == "" || kind == LocationRegex || kind == LocationNoCase || !isInternal(l) || usesPrefix(used, prefix) || handlerOf(l) == nil {
			continue
		}
		t := s.inside(prefix+probeName, "")
		if t.Outcome != route.Proxied || t.Location != l || t.Upstream.Unknown != "" || !s.r.conf.names(t.Upstream) {
			continue
		}
		if i >= 0 {
			outs = slices.Delete(slices.Clone(outs), i, i+1)
		}
		for _, port := range s.ports() {
			_, host, _ := strings.Cut(port.Origin, "://")
			w := server.WayIn{Name: host + " " + prefix, Port: port, URL: diag.URL(port.Origin + prefix), App: appOf(t.Upstream), Location: *cause.Writing(written).Place(t.Upstream.Pass)}
			w.Path = server.CutName(t.Upstream.URI, probeName)
			ways = append(ways, w)
		}
	}
	return ways, outs
}

// madeUpPath is where a server block asks an application that it gets in the
// sandbox.
const madeUpPath = "/proxydiag-application/"

// makeUp are ways in to a server block whose application is not seen here.
func (o *offering) makeUp(v *vhost) []server.WayIn {
	o.madeUp[v.dir] = server.App{Protocol: "http", Address: "application"}
	var list []server.WayIn
	for _, port := range v.ports() {
		_, host, _ := strings.Cut(port.Origin, "://")
		w := server.WayIn{
			Name: host + " (an application that is not named here)", Port: port, App: o.madeUp[v.dir],
			URL: diag.URL(port.Origin + madeUpPath), Path: madeUpPath,
		}
		if at := cause.Writing(written).Place(v.dir); at != nil {
			w.Location = *at
		}
		if len(list) == 0 {
			list = append(list, w)
		}
	}
	return list
}

// asksForeign says that modules of others hand over to applications.
func asksForeign(block *conf.Directive) bool {
	found := false
	block.Walk(func(d *conf.Directive) bool {
		found = found || strings.HasPrefix(d.Name, "passenger_") || strings.HasSuffix(d.Name, "_pass") && protocols[d.Name] == "" || strings.HasPrefix(d.Name, "content_by_lua")
		return !found
	})
	return found || len(effective(block, "passenger_enabled")) > 0
}

// scope names a server block.
func (s *vhost) scope() string { return s.dir.Pos.String() }

// ports are the addresses of a server block that clients can tell apart by
// scheme and port.
func (s *vhost) ports() []server.Port {
	var list []server.Port
	seen := map[string]bool{}
	for _, l := range s.list {
		scheme, standard := "http", "80"
		if l.ssl {
			scheme, standard = "https", "443"
		}
		host := l.host
		if host == "*" || host == "[::]" || l.port == "" {
			host = "127.0.0.1"
		}
		if names := askableNames(s.dir); len(names) > 0 && !strings.Contains(names[0], ":") {
			host = names[0]
		}
		origin := scheme + "://" + host
		if l.port != standard && l.port != "" {
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
func (s *vhost) waysIn(port server.Port, behind map[*vhost]bool) []server.WayIn {
	var list []server.WayIn
	seen := map[*conf.Directive]bool{}
	_, host, _ := strings.Cut(port.Origin, "://")
	for _, base := range s.allBases(behind) {
		first := s.ask(port, diag.URL(port.Origin+base).For(probeName), netip.Addr{})
		if first.Outcome != route.Proxied || first.Server != s.dir || s.r.aside(first.Upstream.Pass) {
			continue
		}
		t, acts := s.r.last(first)
		if t.Outcome != route.Proxied || seen[t.Upstream.Pass] {
			continue
		}
		seen[t.Upstream.Pass] = true
		w := server.WayIn{Name: host + " " + base, Port: port, URL: diag.URL(port.Origin + base), App: appOf(t.Upstream)}
		w.Location, w.Scope = *cause.Writing(written).Place(t.Upstream.Pass), s.r.of(acts.Server).scope()
		w.Path = server.CutName(t.Upstream.URI, probeName)
		w.Untried = s.closed(port, w.URL, first)
		list = append(list, w)
	}
	return list
}

// closed says why a way in is closed to who has nothing but its URL.
func (s *vhost) closed(port server.Port, url diag.URL, t *Route) string {
	for _, p := range t.Provided {
		if p.Directive != nil && p.Directive.Name == "auth_basic" {
			return "it asks for a password"
		}
	}
	if d := last(s.dir, "ssl_verify_client"); d != nil && d.Arg(0) == "on" && strings.HasPrefix(port.Origin, "https:") {
		return "it asks for a client's certificate"
	}
	if here := s.ask(port, url.For(probeName), netip.AddrFrom4([4]byte{127, 0, 0, 1})); here.Outcome == route.Refused {
		return "it lets in some addresses only, and not this machine's"
	}
	return ""
}

// ask follows a plain request through one address.
func (s *vhost) ask(port server.Port, url string, client netip.Addr) *Route {
	q := requestFor(port, url)
	q.Client = client
	return s.r.Route(q)
}

// requestFor is a plain request through one address.
func requestFor(port server.Port, url string) route.Request {
	scheme, rest, _ := strings.Cut(url, "://")
	host, uri, _ := strings.Cut(rest, "/")
	q := route.Request{Scheme: scheme, Host: host, URI: "/" + uri, Addr: port.Listen}
	q.Header = http.Header{"Authorization": {"Basic eDp4"}} // what asks for a password goes on with one
	q.Addr = strings.Replace(strings.Replace(q.Addr, "*:", "127.0.0.1:", 1), "[::]:", "[::1]:", 1)
	return q
}

// last is the route at whose end an application stands, where server blocks of
// this configuration ask each other, and the one that acts on its handoffs: the
// nearest that does not pass them on.
func (r *Router) last(t *Route) (last, acts *Route) {
	chain := []*Route{t}
	for range 5 {
		u := t.Upstream
		if t.Outcome != route.Proxied || u.Unknown != "" || u.Pass.Name != "proxy_pass" {
			break
		}
		i := slices.IndexFunc(u.Peers, func(p route.Peer) bool { return r.at(local(p.Addr)) != nil })
		if i < 0 {
			break
		}
		t = r.Route(route.Request{Scheme: u.Protocol, Host: t.hostSent(), Addr: local(u.Peers[i].Addr), URI: u.URI})
		chain = append(chain, t)
	}
	acts = t
	for _, c := range slices.Backward(chain) {
		if !c.handsThrough() {
			acts = c
			break
		}
	}
	return t, acts
}

// handsThrough says that the handoffs of a route's upstream are passed on to who
// asks, and not acted on.
func (t *Route) handsThrough() bool {
	return t.passesOn(header) && slices.ContainsFunc(t.Effective("proxy_ignore_headers"), func(d *conf.Directive) bool {
		return slices.ContainsFunc(d.Texts(0), func(name string) bool { return strings.EqualFold(name, header) })
	})
}

// allBases are the URLs of a server block, and of those that this configuration
// itself asks.
func (s *vhost) allBases(behind map[*vhost]bool) []string {
	list := s.bases()
	for _, v := range s.r.servers {
		if behind[v] && v != s {
			list = append(list, v.bases()...)
		}
	}
	return list
}

// local writes the machine's own name as an address.
func local(addr string) string { return strings.Replace(addr, "localhost:", "127.0.0.1:", 1) }

// bases are URLs, without the origin, under which downloads may be: of each
// location that clients can ask for.
func (s *vhost) bases() []string {
	list := []string{"/"}
	for _, l := range locations(s.dir) {
		switch kind, name := LocationName(l); kind {
		case LocationPrefix, LocationNoRegex:
			list = append(list, strings.TrimSuffix(name, "/")+"/", name+"{name}")
		case LocationExact:
			list = append(list, name+"?file={name}")
		case LocationRegex, LocationNoCase:
			list = append(list, sampleURLs(name)...)
		}
	}
	return append(list, "/index.php/", "/index.php?file={name}")
}

// sampleURLs are URLs that a pattern may match.
func sampleURLs(pattern string) []string {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	uri := route.Sample(tree, nil)
	if !path.IsAbs(uri) {
		uri = "/" + uri
	}
	uri = diag.EscapePath(uri)
	if path.Base(uri) == path.Ext(uri) { // \.php$, \.(?:jpg|png)$
		uri = path.Join(path.Dir(uri), "index"+path.Ext(uri))
	}
	if script := strings.TrimSuffix(uri, "/"); path.Ext(script) == ".php" {
		index := path.Join(path.Dir(script), "index.php")
		return []string{index + "?file={name}", script + "?file={name}", index + "/", script + "/"}
	}
	list := []string{strings.TrimSuffix(uri, "/") + "/", uri + "?file={name}"}
	if s := path.Dir(uri); s != "/" {
		list = append(list, s+"/", s+"/{name}"+path.Ext(uri))
	}
	return list
}

// appOf is the application that an upstream is.
func appOf(u *route.Upstream) server.App {
	app := server.App{Protocol: u.Protocol, Address: u.Host}
	if len(u.Peers) > 0 {
		app.Address = u.Peers[0].Addr
	}
	if app.Address == "" || u.Unknown != "" {
		app.Address = targetOf(u.Pass.Name, u.Pass.Arg(0)).host
	}
	if app.Protocol == "https" {
		app.Protocol = "http"
	}
	return app
}

// inside follows an internal redirect to a URI within a server block.
func (s *vhost) inside(uri, args string) *Route {
	q := s.requests("/")[0]
	q.Client = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	state := newState(s.r, q)
	state.begin()
	state.done, state.out, state.srv = false, Route{}, s
	state.redirect(uri, args)
	return state.result()
}
