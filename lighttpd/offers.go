package lighttpd

import (
	"net"
	"net/url"
	"path"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// trials is lighttpd's server.Sandboxer.
type trials struct{}

// Offers implements server.Sandboxer. A way in is an entry of a gateway such as
// proxy.server that takes a request; a way out is what x-sendfile lets its
// backend hand over. What one backend hands over is nothing to another.
func (trials) Offers(source conf.Source) server.Offers { return offersOf(inSandbox(source)).Offers }

// offers are the offers of a configuration, and what must be there for them.
type offers struct {
	server.Offers
	// scripts are files in document roots that gateways with check-local want to
	// see before they ask the application.
	scripts []string
}

// entrance is an entry of a gateway's setting: a key with its backends.
type entrance struct {
	block   *Block
	setting *Setting
	gateway *gateway
	key     string
	hosts   []*Host
}

func offersOf(c *Config) offers {
	o := &offers{}
	r := NewRouter(c, RouterOptions{})
	entrances := r.entrances()
	for _, port := range portsOf(c, entrances) {
		o.Ports = append(o.Ports, port)
		s := r.arriving(port)
		for _, e := range entrances {
			if s.admits(e.block) {
				o.wayIn(c, port, e)
			}
		}
	}
	for _, e := range entrances {
		o.waysOut(c, e)
	}
	return *o
}

// entrances are the entries of all gateways whose modules are loaded.
func (r *Router) entrances() []entrance {
	var list []entrance
	for _, b := range r.conf.Blocks {
		for _, name := range b.Names() {
			module := moduleOf(name)
			g := gateways[module]
			if g == nil || g.setting != name || !slices.Contains(r.modules, module) {
				continue
			}
			set := b.Get(name)
			for i := range set.Value.Items {
				item := &set.Value.Items[i]
				if hosts := r.hosts(set, item); len(hosts) > 0 {
					list = append(list, entrance{b, set, g, item.Key, hosts})
				}
			}
		}
	}
	return list
}

// arriving is the state of a request that comes through one address.
func (r *Router) arriving(port server.Port) *state {
	s := newState(r, requestFor(port, port.Origin+"/"))
	s.socket, _ = r.accepts(s.req.Addr)
	s.captures = make([][]string, len(r.conf.Blocks))
	return s
}

// admits says that the conditions on the host around a block may hold.
func (s *state) admits(b *Block) bool {
	for ; b != nil; b = b.Parent {
		if b.Cond.Object == "HTTP" && b.Cond.Tag == "host" && s.compare(b) == no {
			return false
		}
	}
	return true
}

// scope is what makes pairs of an entrance's ways: its first backend.
func (e entrance) scope() string {
	return place(e.hosts[0].Item.Dir, e.setting.Dir).Pos.String() + " " + e.key
}

// place is a directive that stands in a file, the other one where it does not.
func place(d, otherwise *conf.Directive) *conf.Directive {
	if d != nil && d.Pos.Line > 0 {
		return d
	}
	return otherwise
}

// portsOf are the addresses that lighttpd listens on, by each of the hosts that
// conditions around gateways name.
func portsOf(c *Config, entrances []entrance) []server.Port {
	var list []server.Port
	for _, socket := range listening(c) {
		host, port, err := net.SplitHostPort(socket.token)
		if err != nil {
			continue // a unix socket
		}
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			host = "127.0.0.1"
		}
		scheme, standard := "http", "80"
		if socket.tls {
			scheme, standard = "https", "443"
		}
		suffix := ""
		if port != standard {
			suffix = ":" + port
		}
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		hosts := []string{host + suffix}
		for _, e := range entrances {
			name, c := e.block.named("host")
			name, _, _ = strings.Cut(name, ":")
			if name == "" || strings.ContainsAny(name, "/ ") {
				continue
			}
			if c.Op != OpMatch || c.pattern.matches(name+suffix) == yes {
				name += suffix
			} // else clients come to it by another port, through something in front
			if !slices.Contains(hosts, name) {
				hosts = append(hosts, name)
			}
		}
		for _, host := range hosts {
			list = append(list, server.Port{Origin: scheme + "://" + host, Listen: socket.token})
		}
	}
	return list
}

// named is a text for which the conditions of a block on a part of the request
// hold, "" where there are none, and the condition.
func (b *Block) named(tag string) (string, Cond) {
	for ; b != nil; b = b.Parent {
		c := b.Cond
		if c.Object != "HTTP" || c.Tag != tag || c.Unknown != "" {
			continue
		}
		switch c.Op {
		case OpEqual, OpPrefix:
			return c.Value, c
		case OpSuffix:
			return strings.TrimPrefix(c.Value, "."), c
		case OpMatch:
			return sampleOf(c.Value), c
		}
	}
	return "", Cond{}
}

// sampleOf is a text that a pattern matches, "" where it cannot be told.
func sampleOf(pattern string) string {
	plain := strings.NewReplacer(`\`, "", "^", "", "$", "").Replace(pattern)
	if re, err := regexp.Compile(pattern); err == nil && re.MatchString(plain) && !strings.ContainsAny(plain, "*+?()[]{}|") {
		return plain
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return ""
	}
	return route.Sample(tree, nil)
}

// probeName stands for the name of a file.
const probeName = "proxydiag-name.bin"

// script is what a file is called that a gateway wants to see.
const script = "download"

// bases are URLs, without the origin, that may come to an entrance.
func (e entrance) bases() []string {
	var list []string
	named, _ := e.block.named("url")
	for _, base := range []string{named, "/", e.key} {
		if !path.IsAbs(base) {
			continue
		}
		base = (&url.URL{Path: strings.TrimSuffix(base, "/")}).EscapedPath() + "/"
		if e.gateway.local && e.hosts[0].checksFile() {
			name := script
			if !strings.HasPrefix(e.key, "/") {
				name = "index" + e.key
			}
			list = append(list, base+name+"?file={name}")
		}
		list = append(list, base)
		if e.key != "" && !strings.HasPrefix(e.key, "/") {
			list = append(list, base+"index"+e.key+"?file={name}")
		}
	}
	return list
}

// wayIn adds the way in that an entrance is through one address: the first URL
// that comes to it. An entrance that lighttpd would come to but for a fault of
// the configuration's own is one, too.
func (o *offers) wayIn(c *Config, port server.Port, e entrance) {
	var failed *server.WayIn
	for _, base := range e.bases() {
		w := server.WayIn{Port: port, URL: diag.URL(port.Origin + base), Location: *cause.Writing(written).Place(place(e.hosts[0].Item.Dir, e.setting.Dir))}
		w.Scope = e.scope()
		_, host, _ := strings.Cut(port.Origin, "://")
		w.Name = host + " " + base
		w.App = server.App{Protocol: e.gateway.protocol, Address: e.hosts[0].Addr}
		seen := ""
		r := NewRouter(c, RouterOptions{Files: func(name string) route.FileKind {
			if b := path.Base(name); b == script || e.key != "" && b == "index"+e.key {
				seen = name
				return route.FileRegular
			}
			return route.FileMissing
		}})
		t := r.Route(requestFor(port, w.URL.For(probeName)))
		switch {
		case t.Outcome == route.Failed && t.Status > 0 && failed == nil:
			failed = &w
		case t.Outcome == route.Proxied && t.Setting == e.setting && t.Hosts[0].Item == e.hosts[0].Item:
			w.App.Protocol = t.Upstream.Protocol
			if e.gateway.protocol == "http" {
				w.Path = server.CutName(t.Upstream.URI, probeName)
			}
			if seen != "" && !slices.Contains(o.scripts, seen) {
				o.scripts = append(o.scripts, seen)
			}
			o.Ways = append(o.Ways, w)
			return
		}
	}
	if failed != nil {
		o.Ways = append(o.Ways, *failed)
	}
}

// stated are the scripts that stated ways in ask for.
func stated(c *Config, ways []server.WayIn) []string {
	var list []string
	for _, w := range ways {
		url := w.URL.For(probeName)
		list = append(list, route.Scripts(strings.TrimPrefix(url, w.Origin), func(files func(string) route.FileKind) route.Outcome {
			return NewRouter(c, RouterOptions{Files: files}).Route(requestFor(w.Port, url)).Outcome
		})...)
	}
	return list
}

// requestFor is a plain request through one address.
func requestFor(port server.Port, target string) route.Request {
	scheme, rest, _ := strings.Cut(target, "://")
	host, uri, _ := strings.Cut(rest, "/")
	addr := strings.Replace(strings.Replace(port.Listen, "0.0.0.0:", "127.0.0.1:", 1), "[::]:", "[::1]:", 1)
	return route.Request{Scheme: scheme, Host: host, URI: "/" + uri, Addr: addr}
}

// waysOut adds what an entrance's backends may hand over. Where x-sendfile is
// not switched on there is a way out all the same if x-sendfile-docroot says
// that one is meant.
func (o *offers) waysOut(c *Config, e entrance) {
	for _, h := range e.hosts {
		by, on := h.XSendfile()
		docroot := h.Docroot()
		if !on && docroot == nil || h.Item.Value.unknown() != "" {
			continue
		}
		out := server.WayOut{Scope: e.scope()}
		if docroot == nil {
			out.Storage, out.Location = c.elsewhere("/"), *cause.Writing(written).Place(place(by.Dir, e.setting.Dir))
			out.Name = "any file (" + out.Storage + ")"
			o.add(out)
			return
		}
		out.Location = *cause.Writing(written).Place(place(docroot.Dir, e.setting.Dir))
		for _, i := range docroot.Value.Items {
			folder := path.Clean(i.Value.Str())
			if !path.IsAbs(folder) {
				continue
			}
			out.Storage = folder
			if c.around(folder) {
				out.Storage = c.elsewhere(folder)
			}
			if slices.Contains(c.published(), folder) {
				out.Storage = o.privately(c, folder)
			}
			out.Untried = ""
			if len(docroot.Value.Items) > 1 && out.Storage == folder && slices.Contains(c.published(), folder) {
				out.Untried = "what is in " + folder + " has plain URLs as well; say which files are handed over with --storage"
			}
			out.Name = folder
			if out.Storage != folder {
				out.Name += " (" + out.Storage + ")"
			}
			o.add(out)
		}
		return
	}
}

// privately is a folder within a document root that no plain URL leads to, of
// those that conditions name; the document root itself where there is none.
func (o *offers) privately(c *Config, root string) string {
	r := NewRouter(c, RouterOptions{Files: func(string) route.FileKind { return route.FileRegular }})
	for _, b := range c.Blocks {
		name, _ := b.named("url")
		if !path.IsAbs(name) || path.Clean(name) == "/" || len(o.Ports) == 0 {
			continue
		}
		refused := true
		for _, port := range o.Ports {
			t := r.Route(requestFor(port, port.Origin+(&url.URL{Path: path.Join(name, probeName)}).EscapedPath()))
			refused = refused && t.Outcome == route.Refused
		}
		if refused {
			return path.Join(root, name)
		}
	}
	return root
}

func (o *offers) add(out server.WayOut) {
	out.Sendfile = kindName + ":" + strings.TrimSuffix(out.Storage, "/") + "/"
	if !slices.ContainsFunc(o.Outs, func(known server.WayOut) bool { return known.Scope == out.Scope && known.Storage == out.Storage }) {
		o.Outs = append(o.Outs, out)
	}
}

// around says that a folder has all that is public in it: then the files that
// are handed over lie in some folder of it that is not said.
func (c *Config) around(folder string) bool {
	return slices.ContainsFunc(c.published(), func(public string) bool { return isIn(public, folder) && public != folder || folder == "/" })
}

// published are the folders that URLs are looked up in.
func (c *Config) published() []string {
	var list []string
	add := func(folder string) {
		if path.IsAbs(folder) {
			list = append(list, path.Clean(folder))
		}
	}
	for _, b := range c.Blocks {
		for _, name := range b.Names() {
			v := b.Get(name).Value
			switch name {
			case "server.document-root", "simple-vhost.server-root", "evhost.path-pattern", "secdownload.document-root":
				add(strings.Split(v.Str(), "%")[0])
			case "alias.url":
				for _, i := range v.Items {
					add(i.Value.Str())
				}
			}
		}
	}
	return list
}

// elsewhere is a folder within one that is no public one.
func (c *Config) elsewhere(within string) string {
	names := []string{"files", "private-files", "protected-files"}
	if within == "/" {
		names = append([]string{"srv/files"}, names...)
	}
	for _, name := range names {
		folder := path.Join(within, name)
		if !slices.ContainsFunc(c.published(), func(public string) bool { return isIn(folder, public) && public != "/" || isIn(public, folder) }) {
			return folder
		}
	}
	return path.Join(within, "files")
}

// isIn says that a path is a folder or lies in it.
func isIn(name, folder string) bool {
	return name == folder || folder == "/" || strings.HasPrefix(name, folder+"/")
}
