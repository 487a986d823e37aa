package nginx

import (
	"net"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// target is what a directive that hands over names.
type target struct {
	protocol string // http, https, fastcgi, …
	scheme   string // as it is written, "" for protocols without one
	host     string
	uri      string // with the ":" behind a unix socket
}

// targetOf cuts the argument of a directive that hands over.
func targetOf(name, address string) target {
	t := target{protocol: protocols[name], host: address}
	if rest, ok := strings.CutPrefix(t.host, "suwsgi://"); ok {
		t.host = rest
	}
	if name != "proxy_pass" && name != "grpc_pass" {
		return t
	}
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return t
	}
	t.scheme, t.host = scheme, rest
	if !strings.Contains(scheme, "$") {
		t.protocol = strings.ToLower(scheme)
	}
	if path, ok := strings.CutPrefix(rest, "unix:"); ok {
		if path, after, ok := strings.Cut(path, ":"); ok {
			t.host, t.uri = "unix:"+path, ":"+after
		}
	} else if i := hostEnd(rest); i >= 0 {
		t.host, t.uri = rest[:i], rest[i:]
	}
	return t
}

// hostEnd is where the host of a URL ends: at its path, also where a variable of
// nginx's holds that; -1 where nothing follows.
func hostEnd(rest string) int {
	end := strings.IndexAny(rest, "/?")
	for _, name := range []string{"$request_uri", "$uri", "$document_uri", "$is_args", "${request_uri}", "${uri}"} {
		if i := strings.Index(rest, name); i > 0 && (end < 0 || i < end) {
			end = i
		}
	}
	return end
}

// port is the port of a target that names none.
func (t target) port() string {
	switch t.protocol {
	case "http", "grpc":
		return "80"
	case "https", "grpcs":
		return "443"
	}
	return ""
}

// at is the target's text with another host. The stand-ins speak without TLS.
func (t target) at(host string) string {
	if !strings.HasPrefix(host, "unix:") {
		t.uri = strings.TrimPrefix(t.uri, ":") // it was a socket before
	}
	switch {
	case t.scheme == "":
		return host + t.uri
	case t.protocol == "grpc" || t.protocol == "grpcs":
		return "grpc://" + host + t.uri
	}
	return "http://" + host + t.uri
}

// app is the application that a target is.
func (t target) app() server.App {
	app := server.App{Protocol: t.protocol, Address: withPort(t.host, t.port())}
	if app.Protocol == "https" {
		app.Protocol = "http"
	}
	app.Aside = t.protocol == "grpc" || t.protocol == "grpcs" || t.protocol == "memcached"
	return app
}

// pass is a directive that hands over, with a stand-in in the place of what it
// names.
func (w *rewriting) pass(d *conf.Directive) *conf.Directive {
	t := targetOf(d.Name, d.Arg(0))
	app := t.app()
	app.Aside = app.Aside || w.router.aside(d)
	switch {
	case d.Name == "proxy_pass" && t.scheme == "" && strings.Contains(d.Arg(0), "$"):
		return with(d, w.url(d, d.Arg(0)))
	case w.router.upstreams[t.host] != nil && !app.Aside:
		return with(d, t.at(t.host))
	case strings.Contains(d.Arg(0), "$") && !app.Aside:
		return with(d, t.at(w.variableHost(d, t)))
	}
	at, err := w.standInAs(app, t.host)
	if err != nil {
		w.fail(err)
	}
	return with(d, t.at(at))
}

// standIn is the address of what stands in for an application, or of the server
// block of this configuration that is asked.
func (w *rewriting) standIn(app server.App) (string, error) { return w.standInAs(app, app.Address) }

// standInAs is standIn for one that the configuration calls by a name.
func (w *rewriting) standInAs(app server.App, name string) (string, error) {
	if g := w.router.at(strings.Replace(app.Address, "localhost:", "127.0.0.1:", 1)); g != nil && !app.Aside {
		return w.socket(g.listen)
	}
	at, err := w.o.StandIn(app)
	if err != nil {
		return "", err
	}
	if !slices.Contains(w.back, at) {
		w.back = append(w.back, at, name)
	}
	return at, nil
}

// aside says that what a directive asks only decides about another answer.
func (r *Router) aside(d *conf.Directive) bool {
	block := d.Parent
	for block != nil && block.Name != "location" {
		block = block.Parent
	}
	if block == nil {
		return false
	}
	kind, name := LocationName(block)
	if kind != LocationExact && kind != LocationPrefix && kind != LocationNoRegex {
		return false
	}
	return slices.ContainsFunc(r.subrequests(), func(uri string) bool {
		return uri == name || strings.TrimSuffix(name, "/") == strings.TrimSuffix(uri, "/") || isInternal(block) && name != "/" && strings.HasPrefix(uri, name)
	})
}

// requestedBeside are the directives in force in a server block that ask
// something beside a request.
func (r *Router) requestedBeside(block *conf.Directive) []*conf.Directive {
	var list []*conf.Directive
	for _, b := range []*conf.Directive{block.Parent, block} {
		note := func(d *conf.Directive) bool {
			if (d.Name == "auth_request" || d.Name == "mirror") && strings.HasPrefix(d.Arg(0), "/") && !strings.Contains(d.Arg(0), "$") {
				list = append(list, d)
			}
			return d.Name != "server" || b == block
		}
		if b == block {
			b.Walk(note)
		} else {
			for _, d := range b.Block {
				note(d)
			}
		}
	}
	return list
}

// subrequests are the URIs that the configuration asks beside a request.
func (c *Config) subrequests() []string {
	var list []string
	c.HTTP.Walk(func(d *conf.Directive) bool {
		if uri := d.Arg(0); (d.Name == "auth_request" || d.Name == "mirror") && strings.HasPrefix(uri, "/") {
			uri, _, _ = strings.Cut(uri, "?")
			list = append(list, uri)
		}
		return true
	})
	return list
}

// upstream is a group of servers with stand-ins for all of them.
func (w *rewriting) upstream(d *conf.Directive) *conf.Directive {
	c := copyOf(d)
	protocol := w.protocolOf(d.Arg(0))
	for _, s := range d.Block {
		if s.Name != "server" {
			c.Block = append(c.Block, w.rewrite(s)...)
			continue
		}
		at, err := w.standIn(server.App{Protocol: protocol, Address: withPort(s.Arg(0), "80")})
		if err != nil {
			w.fail(err)
			return c
		}
		args := []string{at}
		for _, a := range s.Texts(1) {
			if a != "resolve" && !strings.HasPrefix(a, "service=") && !strings.HasPrefix(a, "route=") {
				args = append(args, a)
			}
		}
		c.Block = append(c.Block, with(s, args...))
	}
	return c
}

// protocolOf is what an upstream group is asked in.
func (w *rewriting) protocolOf(name string) string {
	protocol := "http"
	w.conf.HTTP.Walk(func(d *conf.Directive) bool {
		if protocols[d.Name] != "" {
			if t := targetOf(d.Name, d.Arg(0)); t.host == name {
				protocol = t.app().Protocol
			}
		}
		return true
	})
	return protocol
}

// isAddress says that a host, with or without a port, needs no resolver.
func isAddress(host string) bool {
	if strings.HasPrefix(host, "unix:") {
		return true
	}
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return net.ParseIP(strings.Trim(host, "[]")) != nil
}
