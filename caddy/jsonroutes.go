package caddy

import (
	"sort"
	"strconv"
)

// routes reads an array of routes.
func (r *jsonReader) routes(n *node) []*Route {
	if n == nil {
		return nil
	}
	var list []*Route
	for _, e := range n.list {
		list = append(list, r.route(e))
	}
	return list
}

func (r *jsonReader) route(n *node) *Route {
	route := &Route{At: r.of(n, "match", "handle"), Group: n.get("group").string(), Terminal: n.get("terminal").string() == "true"}
	route.Match = r.sets(n.get("match"))
	if handlers := n.get("handle"); handlers != nil {
		for _, h := range handlers.list {
			route.Handlers = append(route.Handlers, r.handler(h))
		}
	}
	return route
}

func (r *jsonReader) sets(n *node) []MatcherSet {
	if n == nil {
		return nil
	}
	var sets []MatcherSet
	for _, e := range n.list {
		var set MatcherSet
		for _, m := range e.members {
			set = append(set, r.matcher(m))
		}
		sets = append(sets, set)
	}
	return sets
}

func (r *jsonReader) matcher(n member) *Matcher {
	m := &Matcher{At: r.directive(n), Name: n.key}
	switch n.key {
	case "path", "host", "method":
		m.Values = n.strings()
	case "remote_ip", "client_ip":
		m.Values = n.get("ranges").strings()
	case "header", "query", "vars":
		m.Fields = fieldsOf(n.node)
	case "path_regexp":
		m.Pattern, m.Group = n.get("pattern").string(), n.get("name").string()
	case "header_regexp", "vars_regexp":
		for _, f := range n.members {
			m.Values = append(m.Values, f.key)
			m.Pattern, m.Group = f.get("pattern").string(), f.get("name").string()
		}
	case "expression":
		if m.Values = []string{n.string()}; n.members != nil {
			m.Values = []string{n.get("expr").string()}
		}
	case "protocol":
		m.Values = []string{n.string()}
	case "file":
		m.File = &FileMatcher{Root: n.get("root").string(), TryFiles: n.get("try_files").strings(),
			TryPolicy: n.get("try_policy").string(), SplitPath: n.get("split_path").strings()}
	case "not":
		m.Not = r.sets(n.node)
	default:
		m.Values = []string{string(r.data[n.node.at:n.end])}
	}
	return m
}

// fieldsOf reads an object of names with lists of values, sorted by name.
func fieldsOf(n *node) []Field {
	if n == nil {
		return nil
	}
	var fields []Field
	for _, f := range n.members {
		fields = append(fields, Field{f.key, f.strings()})
	}
	sort.Slice(fields, func(i, j int) bool { return fields[i].Name < fields[j].Name })
	return fields
}

func (r *jsonReader) handler(n *node) *Handler {
	h := &Handler{At: r.of(n, "handler"), Name: n.get("handler").string()}
	switch h.Name {
	case "subroute":
		h.Routes, h.Errors = r.routes(n.get("routes")), r.routes(n.get("errors", "routes"))
	case "rewrite":
		h.Rewrite = rewriteOf(n)
	case "vars":
		for _, m := range n.members {
			if m.key != "handler" {
				h.Vars = append(h.Vars, Variable{m.key, m.string(), r.directive(m)})
			}
		}
	case "reverse_proxy":
		h.Proxy = r.proxy(n)
		h.Responses = r.responses(n.get("handle_response"))
	case "intercept":
		h.Responses = r.responses(n.get("handle_response"))
	case "file_server":
		h.Files = &Files{Root: n.get("root").string(), Hide: n.get("hide").strings(), Index: n.get("index_names").strings(),
			PassThru: n.get("pass_thru").string() == "true", Browse: n.get("browse") != nil, Status: n.get("status_code").string(),
			Canonical: n.get("canonical_uris").string() != "false"}
		if h.Files.Root != "" {
			h.Files.RootAt = r.of(n, "root")
		}
	case "static_response":
		h.Static = &Static{Status: n.get("status_code").string(), Body: n.get("body").string(), Header: fieldsOf(n.get("headers")),
			Abort: n.get("abort").string() == "true"}
	case "error":
		h.Static = &Static{Status: n.get("status_code").string(), Message: n.get("error").string()}
	case "headers":
		h.Headers = &Headers{Request: r.changes(n.get("request")), Response: r.changes(n.get("response")),
			Deferred: n.get("response", "deferred").string() == "true"}
	case "copy_response_headers":
		h.Include, h.Exclude = n.get("include").strings(), n.get("exclude").strings()
	case "encode":
		if e := n.get("encodings"); e != nil {
			for _, m := range e.members {
				h.Encodings = append(h.Encodings, m.key)
			}
		}
	case "invoke":
		h.Invoke = n.get("name").string()
	}
	return h
}

func rewriteOf(n *node) *Rewrite {
	r := &Rewrite{Method: n.get("method").string(), URI: n.get("uri").string(),
		StripPrefix: n.get("strip_path_prefix").string(), StripSuffix: n.get("strip_path_suffix").string()}
	if list := n.get("uri_substring"); list != nil {
		for _, s := range list.list {
			limit, _ := strconv.Atoi(s.get("limit").string()) // 0 where none is given
			r.Substring = append(r.Substring, Substitution{s.get("find").string(), s.get("replace").string(), limit})
		}
	}
	if list := n.get("path_regexp"); list != nil {
		for _, s := range list.list {
			r.Regexp = append(r.Regexp, Substitution{Find: s.get("find").string(), Replace: s.get("replace").string()})
		}
	}
	return r
}

func (r *jsonReader) proxy(n *node) *Proxy {
	p := &Proxy{Transport: "http", Dynamic: n.get("dynamic_upstreams") != nil}
	if t := n.get("transport"); t != nil {
		if name := t.get("protocol").string(); name != "" {
			p.Transport = name
		}
		p.TLS = t.get("tls") != nil
		p.Root, p.Split = t.get("root").string(), t.get("split_path").strings()
	}
	if list := n.get("upstreams"); list != nil {
		for _, u := range list.list {
			p.Upstreams = append(p.Upstreams, Dial{u.get("dial").string(), r.of(u, "dial")})
		}
	}
	if w := n.get("rewrite"); w != nil {
		p.Rewrite = rewriteOf(w)
	}
	if h := n.get("headers"); h != nil {
		p.Up = &Headers{Request: r.changes(h.get("request")), Response: r.changes(h.get("response"))}
	}
	lb := n.get("load_balancing")
	p.Retries = lb.get("try_duration") != nil || lb.get("retries") != nil
	return p
}

func (r *jsonReader) responses(n *node) []*Response {
	if n == nil {
		return nil
	}
	var list []*Response
	for _, e := range n.list {
		resp := &Response{At: r.of(e, "match", "routes", "status_code"), Status: e.get("status_code").string(), Routes: r.routes(e.get("routes"))}
		if m := e.get("match"); m != nil {
			resp.Match = &ResponseMatch{At: r.of(m, "headers", "status_code"), Fields: fieldsOf(m.get("headers"))}
			if s := m.get("status_code"); s != nil {
				for _, code := range s.list {
					if v, err := strconv.Atoi(code.string()); err == nil {
						resp.Match.Status = append(resp.Match.Status, v)
					}
				}
			}
		}
		list = append(list, resp)
	}
	return list
}

// changes reads the changes of fields.
func (r *jsonReader) changes(n *node) []HeaderChange {
	if n == nil {
		return nil
	}
	var list []HeaderChange
	defaults := n.get("require") != nil
	for _, op := range n.members {
		switch op.key {
		case "set", "add":
			for _, f := range op.members {
				for _, v := range f.strings() {
					c := HeaderChange{Op: op.key, Name: f.key, Value: v, At: r.directive(f)}
					if defaults {
						c.Op = "default"
					}
					list = append(list, c)
				}
			}
		case "delete":
			for _, name := range op.strings() {
				list = append(list, HeaderChange{Op: "delete", Name: name, At: r.directive(op)})
			}
		case "replace":
			for _, f := range op.members {
				for _, e := range f.list {
					find := e.get("search_regexp").string() + e.get("search").string()
					list = append(list, HeaderChange{Op: "replace", Name: f.key, Value: find + " → " + e.get("replace").string(), At: r.directive(f)})
				}
			}
		}
	}
	return list
}
