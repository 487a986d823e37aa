package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// pass is a directive that hands over, with a stand-in in the place of what it
// names.
func (w *rewriting) pass(d *conf.Directive) *conf.Directive {
	address := d.Arg(0)
	scheme, rest := "", address
	if d.Name == "proxy_pass" || d.Name == "grpc_pass" {
		if s, r, ok := strings.Cut(address, "://"); ok {
			scheme, rest = s, r
		}
	}
	host, uri := rest, ""
	switch {
	case strings.HasPrefix(rest, "unix:"):
		if path, after, ok := strings.Cut(rest[len("unix:"):], ":"); ok {
			host, uri = "unix:"+path, ":"+after
		}
	case scheme != "":
		if i := strings.IndexAny(rest, "/?"); i >= 0 {
			host, uri = rest[:i], rest[i:]
		}
	}
	app := server.App{Protocol: protocols[d.Name], Address: host}
	standard := ""
	if scheme != "" {
		app.Protocol = strings.ToLower(scheme)
		standard = map[string]string{"http": "80", "https": "443", "grpc": "80", "grpcs": "443"}[app.Protocol]
	}
	app.Aside = w.aside(d) || app.Protocol == "grpc" || app.Protocol == "grpcs" || app.Protocol == "memcached"
	if w.router.upstreams[host] != nil && !app.Aside {
		return copyOf(d)
	}
	if strings.Contains(host, "$") || scheme == "" && strings.Contains(address, "$") {
		return w.variablePass(d, scheme, host, uri)
	}
	app.Address = withPort(host, standard)
	at, err := w.standIn(app)
	if err != nil {
		w.failed = err
		return copyOf(d)
	}
	if scheme != "" {
		scheme += "://"
	}
	return with(d, scheme+at+uri)
}

// variablePass hands over to a host that variables name: a variable of our own
// takes their place, so that nginx treats what follows as it would.
func (w *rewriting) variablePass(d *conf.Directive, scheme, host, uri string) *conf.Directive {
	return copyOf(d)
}

// standIn is the address of what stands in for an application, or of the server
// block of this configuration that is asked.
func (w *rewriting) standIn(app server.App) (string, error) {
	if g := w.router.at(strings.Replace(app.Address, "localhost:", "127.0.0.1:", 1)); g != nil {
		return w.socket(g.listen)
	}
	at, err := w.o.StandIn(app)
	if err != nil {
		return "", err
	}
	w.back = append(w.back, at, app.Address)
	return at, nil
}

// aside says that what a directive asks only decides about another answer.
func (w *rewriting) aside(d *conf.Directive) bool {
	block := d.Parent
	for block != nil && block.Name != "location" {
		block = block.Parent
	}
	if block == nil {
		return false
	}
	_, name := LocationName(block)
	found := false
	w.conf.HTTP.Walk(func(c *conf.Directive) bool {
		if (c.Name == "auth_request" || c.Name == "mirror") && strings.HasPrefix(c.Arg(0), name) && name != "/" {
			found = true
		}
		return true
	})
	return found
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
			w.failed = err
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
		if p := protocols[d.Name]; p != "" {
			address := d.Arg(0)
			if scheme, rest, ok := strings.Cut(address, "://"); ok {
				address = rest
				if p == "http" {
					p = strings.ToLower(scheme)
				}
			}
			if i := strings.IndexAny(address, "/?"); i >= 0 {
				address = address[:i]
			}
			if address == name {
				protocol = p
			}
		}
		return true
	})
	return protocol
}
