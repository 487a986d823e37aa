package nginx

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/pcre"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// nameIndex finds a server by the name that a request is for
// (https://nginx.org/en/docs/http/server_names.html).
type nameIndex struct {
	exact map[string]named // the first server with a name has it
	head  map[string]named // "*.example.com", as ".example.com"
	tail  map[string]named // "www.example.*", as "www.example."
	regex []named
}

// named is a server and the server_name directive that names it.
type named struct {
	srv     *vhost
	dir     *conf.Directive
	pattern *pcre.Pattern
	text    string
}

func (g *group) byName() *nameIndex {
	g.once.Do(func() {
		x := &nameIndex{exact: map[string]named{}, head: map[string]named{}, tail: map[string]named{}}
		for _, srv := range g.servers {
			dirs := srv.dir.All("server_name")
			for _, d := range dirs {
				for _, a := range d.Args {
					x.add(named{srv: srv, dir: d, text: a.Text})
				}
			}
			if len(dirs) == 0 {
				x.add(named{srv: srv})
			}
		}
		g.index = x
	})
	return g.index
}

func (x *nameIndex) add(n named) {
	put := func(m map[string]named, key string) {
		if _, ok := m[key]; !ok {
			m[key] = n
		}
	}
	name := strings.ToLower(n.text)
	switch {
	case strings.HasPrefix(n.text, "~"):
		text := n.text[1:]
		n.pattern = n.srv.r.pattern(text, strings.ContainsFunc(text, func(r rune) bool { return r >= 'A' && r <= 'Z' }))
		x.regex = append(x.regex, n)
	case strings.HasPrefix(name, "*."):
		put(x.head, name[1:])
	case strings.HasPrefix(name, "."):
		put(x.exact, name[1:])
		put(x.head, name)
	case strings.HasSuffix(name, ".*"):
		put(x.tail, name[:len(name)-1])
	default:
		put(x.exact, name)
	}
}

// lookup finds the server of a name: the exact one, the longest wildcard at
// the beginning, the longest at the end, the first regular expression.
func (x *nameIndex) lookup(host string) (n named, how string, captures []string, why string) {
	if n, ok := x.exact[host]; ok {
		return n, "by name", nil, ""
	}
	for i := 1; i < len(host); i++ {
		if host[i] == '.' {
			if n, ok := x.head[host[i:]]; ok {
				return n, "by the longest wildcard", nil, ""
			}
		}
	}
	for i := len(host) - 2; i > 0; i-- {
		if host[i] == '.' {
			if n, ok := x.tail[host[:i+1]]; ok {
				return n, "by the longest wildcard", nil, ""
			}
		}
	}
	if host == "" {
		return named{}, "", nil, ""
	}
	for _, n := range x.regex {
		captures, ok, why := n.pattern.Match(host)
		if ok || why != "" {
			return n, "by the first regular expression", captures, why
		}
	}
	return named{}, "", nil, ""
}

// begin reads the request line and finds the server. It is false where that
// was the end.
func (s *state) begin() bool {
	target, host := s.req.URI, s.req.Host
	if rest, ok := absolute(target); ok {
		host, target, _ = strings.Cut(rest, "/")
		if host2, query, found := strings.Cut(host, "?"); found && target == "" {
			host, target = host2, "?"+query
		}
		target = "/" + target
	}
	s.unparsed = target
	path, _, _ := strings.Cut(target, "?")
	s.quoted, s.plus = strings.Contains(path, "%"), strings.Contains(path, "+")

	name, port, ok := splitHost(host)
	if !ok {
		s.bad("the host %q", host)
		return false
	}
	s.host = name
	groups, exact := s.listeners(port)
	if s.done {
		return false
	}
	if !s.choosesServer(groups, exact) {
		return false
	}
	merge := true
	if e := effective(s.group.standard.dir, "merge_slashes"); len(e) > 0 {
		merge = e[0].Arg(0) != "off"
	}
	uri, args, ok := "", "", strings.HasPrefix(target, "/")
	if ok {
		uri, args, ok = normalise(target, merge)
	}
	if !ok {
		s.bad("the request target %q", target)
		return false
	}
	s.uri, s.args = uri, args
	if s.uri != path {
		s.step(route.StepServer, nil, "the URI is normalised: %s becomes %s", path, s.uri)
	}
	return true
}

func (s *state) bad(format string, args ...any) {
	s.step(StepFailure, nil, format+" is refused (400)", args...)
	s.end(route.Failed, http.StatusBadRequest, "")
}

// absolute returns what follows "http://" in a request target in absolute form.
func absolute(target string) (rest string, ok bool) {
	i := strings.Index(target, "://")
	if i < 1 || strings.ContainsAny(target[:i], "/?#") {
		return "", false
	}
	return target[i+3:], true
}

// splitHost makes of a Host header what server names are compared with: lower
// case, without port and without the dot at the end (ngx_http_validate_host).
func splitHost(host string) (name, port string, ok bool) {
	if strings.ContainsAny(host, "/\x00 ") || strings.Contains(host, "..") {
		return "", "", false
	}
	name = strings.ToLower(host)
	if i := strings.LastIndexByte(name, ':'); i >= 0 && !strings.HasSuffix(name, "]") {
		name, port = name[:i], name[i+1:]
	}
	return strings.TrimSuffix(name, "."), port, true
}

// listeners returns the groups of servers that may take the connection.
func (s *state) listeners(port string) (groups []*group, exact bool) {
	if s.req.Addr != "" {
		if g := s.r.at(s.req.Addr); g != nil {
			return []*group{g}, true
		}
		if s.r.conf.Fragment && len(s.r.servers) > 0 && s.r.servers[0].dir.Pos.IsZero() {
			return s.r.order, true
		}
		s.step(StepFailure, nil, "no server listens on %s", s.req.Addr)
		s.end(route.Failed, 0, "")
		return nil, false
	}
	groups, exact = s.r.candidates(s.req.Scheme, port)
	if len(groups) == 0 && s.r.conf.Fragment && len(s.r.servers) == 0 {
		s.undecided(nil, "what was read is a part of a configuration, and has no server block")
		return groups, exact
	}
	if len(groups) == 0 {
		s.step(StepFailure, nil, "no server listens for %s", (&url.URL{Scheme: s.req.Scheme, Host: s.req.Host}).String())
		s.end(route.Failed, 0, "")
	}
	return groups, exact
}

// choosesServer finds the server among groups; where there are several, all
// must lead to the same.
func (s *state) choosesServer(groups []*group, exact bool) bool {
	for i, g := range groups {
		n, how, captures, why := g.byName().lookup(s.host)
		if why != "" {
			s.undecided(n.dir, "%s", why)
			return false
		}
		srv, by := n.srv, n.dir
		if srv == nil {
			srv, by, how = g.standard, g.by, "as the first one on "+g.listen.String()
			if by != nil {
				how = "as the default server of " + g.listen.String()
			}
			how += ": no server_name matches " + quoteHost(s.host)
		}
		if i > 0 {
			if srv != s.srv {
				s.undecided(nil, "several servers come into question: give the address that the connection is made to (%s or %s)", s.group.listen, g.listen)
				s.srv = nil
				return false
			}
			continue
		}
		s.srv, s.group, s.loc, s.level = srv, g, srv.root, srv.dir
		if n.pattern != nil {
			s.capture(n.pattern, captures)
		}
		if by == nil {
			by = srv.dir
		}
		if !exact {
			how += "; nothing listens on the port of the URL: it is taken to be mapped to " + g.listen.String()
		}
		s.step(route.StepServer, by, "the server is chosen %s", how)
	}
	return true
}

func quoteHost(host string) string {
	if host == "" {
		return "a request without a host"
	}
	return host
}

// serverName is the first name of a server block, "" where it has none.
func serverName(d *conf.Directive) string {
	if n := d.First("server_name"); n != nil {
		return n.Arg(0)
	}
	return ""
}

// ServerNames returns the names of a server block as they are written.
func ServerNames(d *conf.Directive) []string {
	var names []string
	for _, n := range d.All("server_name") {
		names = slices.Concat(names, n.Texts(0))
	}
	return names
}
