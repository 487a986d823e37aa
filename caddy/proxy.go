package caddy

import (
	"net"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// proxy reads reverse_proxy, whose upstreams begin with argument from.
func (k *compiler) proxy(d *conf.Directive, from int, scope defs) *Handler {
	p := &Proxy{Transport: "http"}
	h := &Handler{Name: "reverse_proxy", Proxy: p}
	for _, addr := range d.Texts(from) {
		p.dial(addr, d)
	}
	for _, c := range d.Block {
		switch c.Name {
		case "to":
			for _, addr := range c.Texts(0) {
				p.dial(addr, c)
			}
		case "dynamic":
			p.Dynamic = true
		case "transport":
			p.transport(c)
		case "method":
			p.rewrite().Method = text(c, 0)
		case "rewrite":
			p.rewrite().URI = text(c, 0)
		case "header_up":
			if p.Up == nil {
				p.Up = &Headers{}
			}
			p.Up.Request = append(p.Up.Request, change(c, 0))
		case "header_down":
			if p.Up == nil {
				p.Up = &Headers{}
			}
			p.Up.Response = append(p.Up.Response, change(c, 0))
		case "lb_try_duration", "lb_retries":
			p.Retries = true
		}
	}
	h.Responses = k.responses(d, scope)
	return h
}

func (p *Proxy) rewrite() *Rewrite {
	if p.Rewrite == nil {
		p.Rewrite = &Rewrite{}
	}
	return p.Rewrite
}

// transport reads how upstreams are spoken to.
func (p *Proxy) transport(d *conf.Directive) {
	p.Transport = d.Arg(0)
	for _, c := range d.Block {
		switch {
		case strings.HasPrefix(c.Name, "tls"):
			p.TLS = true
		case c.Name == "root":
			p.Root = text(c, 0)
		case c.Name == "split":
			p.Split = c.Texts(0)
		}
	}
}

// dial adds an upstream as the adapter writes it: host and port, or a socket.
func (p *Proxy) dial(addr string, at *conf.Directive) {
	addr = long(addr)
	if strings.HasPrefix(addr, "unix/") || strings.HasPrefix(addr, unset) || strings.Contains(addr, "{") && !strings.Contains(addr, "://") {
		p.Upstreams = append(p.Upstreams, Dial{addr, at})
		return
	}
	port := "80"
	if scheme, rest, ok := strings.Cut(addr, "://"); ok {
		if scheme == "https" {
			p.TLS, port = true, "443"
		}
		addr = strings.TrimSuffix(rest, "/")
	}
	host, given, err := net.SplitHostPort(addr)
	if err != nil {
		host, given = strings.Trim(addr, "[]"), port
	}
	p.Upstreams = append(p.Upstreams, Dial{join(host, given), at})
}

// join is net.JoinHostPort, which leaves placeholders alone.
func join(host, port string) string {
	if strings.Contains(host, ":") && !strings.Contains(host, "{") {
		return "[" + host + "]:" + port
	}
	return host + ":" + port
}

// responses reads what reverse_proxy and intercept do with the answers of what
// is behind them: replace_status comes before handle_response, whatever their
// order in the file.
func (k *compiler) responses(d *conf.Directive, scope defs) []*Response {
	matches := map[string]*ResponseMatch{}
	for _, c := range d.Block {
		if strings.HasPrefix(c.Name, "@") {
			matches[c.Name] = responseMatch(c)
		}
	}
	find := func(c *conf.Directive) (from int, m *ResponseMatch) {
		name := c.Arg(0)
		if !strings.HasPrefix(name, "@") {
			return 0, nil
		}
		m, ok := matches[name]
		if !ok {
			k.note(c, "no named response matcher defined with name '%s'", name[1:])
			m = &ResponseMatch{At: c, Status: []int{-1}}
		}
		return 1, m
	}
	var list []*Response
	for _, c := range d.All("replace_status") {
		from, m := find(c)
		list = append(list, &Response{At: c, Match: m, Status: text(c, from)})
	}
	for _, c := range d.All("handle_response") {
		_, m := find(c)
		if c.Arg(0) == "*" {
			m = nil
		}
		list = append(list, &Response{At: c, Match: m, Routes: k.block(c.Block, scope, true)})
	}
	return list
}

// responseMatch reads a named matcher of responses.
func responseMatch(d *conf.Directive) *ResponseMatch {
	list := d.Block
	if len(d.Args) > 0 {
		list = []*conf.Directive{{Name: d.Arg(0), Args: d.Args[1:]}}
	}
	m := &ResponseMatch{At: d}
	for _, c := range list {
		switch c.Name {
		case "status":
			for _, s := range c.Texts(0) {
				if whyUnset(s) != "" {
					m.Fields = append(m.Fields, Field{Name: s})
				}
				s = strings.TrimSuffix(s, "xx")
				if n, err := strconv.Atoi(s); err == nil {
					m.Status = append(m.Status, n)
				}
			}
		case "header":
			m.Fields = headerField(m.Fields, c)
		}
	}
	return m
}

// forwardAuth is a reverse_proxy to who decides, whose 2xx lets the request go
// on.
func (k *compiler) forwardAuth(d *conf.Directive, scope defs) []piece {
	from, sets := k.matched(d, scope)
	h := k.proxy(d, from, scope)
	p := h.Proxy
	p.rewrite().Method = "GET"
	ok := &Response{At: d, Match: &ResponseMatch{At: d, Status: []int{2}}}
	var copied []HeaderChange
	for _, c := range d.Block {
		switch c.Name {
		case "uri":
			p.rewrite().URI = text(c, 0)
		case "copy_headers":
			names := c.Texts(0)
			for _, b := range c.Block {
				names = append(names, strings.Join(append([]string{b.Name}, b.Texts(0)...), ">"))
			}
			for _, name := range names {
				from, to, renamed := strings.Cut(name, ">")
				if !renamed {
					to = from
				}
				copied = append(copied, HeaderChange{Op: "set", Name: canonicalName(to), Value: "{http.reverse_proxy.header." + canonicalName(from) + "}", At: c})
			}
		}
	}
	handler := &Handler{At: d, Name: "headers", Headers: &Headers{Request: copied}}
	ok.Routes = []*Route{{At: d, Handlers: []*Handler{handler}}}
	if p.Up == nil {
		p.Up = &Headers{}
	}
	p.Up.Request = append(p.Up.Request,
		HeaderChange{Op: "set", Name: "X-Forwarded-Method", Value: "{http.request.method}", At: d},
		HeaderChange{Op: "set", Name: "X-Forwarded-Uri", Value: "{http.request.uri}", At: d})
	h.Responses = append(h.Responses, ok)
	return one(d, sets, h)
}

// phpFastCGI is what php_fastcgi stands for: a redirect for folders, a rewrite
// to the file or to index.php, and the scripts.
func (k *compiler) phpFastCGI(d *conf.Directive, scope defs) []piece {
	from, sets := k.matched(d, scope)
	h := k.proxy(d, from, scope)
	h.At = d
	p := h.Proxy
	p.Transport = "fastcgi"
	split, index, root := []string{".php"}, "index.php", ""
	var try []string
	for _, c := range d.Block {
		switch c.Name {
		case "split":
			split = c.Texts(0)
		case "index":
			index = c.Arg(0)
		case "root":
			root = text(c, 0)
		case "try_files":
			try = longAll(c.Texts(0))
		}
	}
	p.Root, p.Split = root, split
	var routes []*Route
	if index != "off" {
		folder := "{http.request.uri.path}/" + index
		if try == nil {
			routes = append(routes, &Route{At: d, Match: []MatcherSet{{
				{At: d, Name: "file", File: &FileMatcher{TryFiles: []string{folder}}},
				{At: d, Name: "not", Not: []MatcherSet{{{At: d, Name: "path", Values: []string{"*/"}}}}},
			}}, Handlers: []*Handler{{At: d, Name: "static_response", Static: &Static{
				Status: "308", Header: []Field{{"Location", []string{"{http.request.orig_uri.path}/"}}}}}}})
			try = []string{"{http.request.uri.path}", folder, index}
		}
		routes = append(routes, &Route{At: d, Match: []MatcherSet{{
			{At: d, Name: "file", File: &FileMatcher{TryFiles: try, SplitPath: split}},
		}}, Handlers: []*Handler{{At: d, Name: "rewrite", Rewrite: &Rewrite{URI: "{http.matchers.file.relative}"}}}})
	}
	var scripts []string
	for _, s := range split {
		scripts = append(scripts, "*"+s)
	}
	routes = append(routes, &Route{At: d, Match: []MatcherSet{{{At: d, Name: "path", Values: scripts}}}, Handlers: []*Handler{h}})
	if len(sets) > 0 {
		return []piece{{dir: d.Name, routes: []*Route{{At: d, Match: sets, Handlers: []*Handler{{At: d, Name: "subroute", Routes: routes}}}}}}
	}
	return []piece{{dir: d.Name, routes: routes, many: true}}
}

// change reads one change of a field, whose name is argument from.
func change(d *conf.Directive, from int) HeaderChange {
	return headerChange(d, long(d.Arg(from)), longAll(d.Texts(from+1)))
}

func headerChange(d *conf.Directive, name string, values []string) HeaderChange {
	c := HeaderChange{Op: "set", Name: name, Value: strings.Join(values, " "), At: d}
	switch {
	case strings.HasPrefix(name, "+"):
		c.Op, c.Name = "add", name[1:]
	case strings.HasPrefix(name, "-"):
		c.Op, c.Name, c.Value = "delete", name[1:], ""
	case strings.HasPrefix(name, "?"):
		c.Op, c.Name = "default", name[1:]
	case strings.HasPrefix(name, ">"):
		c.Name = name[1:]
		fallthrough
	default:
		if len(values) == 2 {
			c.Op, c.Value = "replace", values[0]+" → "+values[1]
		}
	}
	if !strings.ContainsAny(c.Name, "*{") {
		c.Name = canonicalName(c.Name)
	}
	return c
}

// header reads the directive header; each line that sets a default is a handler
// of its own.
func (k *compiler) header(d *conf.Directive, scope defs) []piece {
	from, sets := k.matched(d, scope)
	h := &Headers{}
	var defaults []HeaderChange
	add := func(c HeaderChange, deferred bool) {
		if c.Op == "default" {
			defaults = append(defaults, c)
			return
		}
		h.Deferred = h.Deferred || deferred || c.Op == "delete"
		h.Response = append(h.Response, c)
	}
	if len(d.Args) > from {
		add(change(d, from), strings.HasPrefix(d.Arg(from), ">"))
	}
	for _, c := range d.Block {
		switch c.Name {
		case "defer":
			h.Deferred = true
		case "match", "import":
		default:
			add(headerChange(c, long(c.Name), longAll(c.Texts(0))), strings.HasPrefix(c.Name, ">"))
		}
	}
	var handlers []*Handler
	if h.Response != nil {
		handlers = append(handlers, &Handler{At: d, Name: "headers", Headers: h})
	}
	for _, c := range defaults {
		handlers = append(handlers, &Handler{At: d, Name: "headers", Headers: &Headers{Response: []HeaderChange{c}}})
	}
	if handlers == nil {
		return nil
	}
	return []piece{{dir: d.Name, routes: []*Route{{At: d, Match: sets, Handlers: handlers}}}}
}

func (k *compiler) requestHeader(d *conf.Directive, scope defs) []piece {
	from, sets := k.matched(d, scope)
	h := &Headers{}
	if len(d.Args) > from {
		h.Request = append(h.Request, change(d, from))
	}
	for _, c := range d.Block {
		if c.Name != "import" {
			h.Request = append(h.Request, headerChange(c, long(c.Name), longAll(c.Texts(0))))
		}
	}
	return one(d, sets, &Handler{Name: "headers", Headers: h})
}
