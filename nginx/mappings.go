package nginx

import (
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// mappings are the folders that server blocks are mapped to, collected once for
// a configuration so that what serves a file is looked up and not searched for.
type mappings struct {
	own     map[*vhost][]mapped // of a server block, in the order of the file
	folders map[string][]mapped // by the real path of the folder
	hides   map[*vhost]bool     // clients do not reach these: the configuration itself asks them, as its storage
	guards  map[*conf.Directive]bool
	regexes map[*vhost]bool
	turns   map[*vhost][]detour
}

// mapped is a root or alias, in force in a server block.
type mapped struct {
	server *vhost
	by     *conf.Directive
	folder string // "/" where variables begin the path
}

// mappings collects the mappings, with the links in them followed as far as
// they were looked at.
func (s *site) mappings() *mappings {
	m := &mappings{own: map[*vhost][]mapped{}, folders: map[string][]mapped{}, guards: map[*conf.Directive]bool{}, regexes: map[*vhost]bool{}, turns: map[*vhost][]detour{}}
	for _, v := range s.router.servers {
		for _, d := range mappingsOf(v.dir) {
			folder := d.Arg(0)
			if i := strings.IndexByte(folder, '$'); i >= 0 {
				folder = path.Dir(folder[:i] + "x")
			}
			if folder == "." {
				folder = "/"
			}
			if !path.IsAbs(folder) {
				continue
			}
			one := mapped{server: v, by: d, folder: s.Real(folder)}
			m.own[v] = append(m.own[v], one)
			m.folders[one.folder] = append(m.folders[one.folder], one)
		}
	}
	m.hides = s.router.tiersBehind()
	return m
}

// regular says that a server block has a location with a regular expression that
// clients reach.
func (m *mappings) regular(v *vhost) bool {
	found, known := m.regexes[v]
	if !known {
		found = slices.ContainsFunc(locations(v.dir), func(l *conf.Directive) bool { return isRegex(l) && !isInternal(l) })
		m.regexes[v] = found
	}
	return found
}

// mappingsOf are the root and alias directives of a server block.
func mappingsOf(block *conf.Directive) []*conf.Directive {
	var list []*conf.Directive
	block.Walk(func(d *conf.Directive) bool {
		if d.Name == "root" || d.Name == "alias" {
			list = append(list, d)
		}
		return true
	})
	if block.First("root") == nil {
		list = append(list, effective(block, "root")...)
	}
	return list
}

// around are the mappings of a folder and of those above it: those of one
// server block, and the first ones of the others.
func (m *mappings) around(folder string, v *vhost) []mapped {
	const most = 20 // of others: where every server has the same root
	var list []mapped
	for _, c := range m.own[v] {
		if c.folder == "/" || folder == c.folder || strings.HasPrefix(folder, c.folder+"/") {
			list = append(list, c)
		}
	}
	n := len(list)
	for above := folder; ; above = path.Dir(above) {
		for _, c := range m.folders[above] {
			if len(list)-n == most {
				return list
			}
			if c.server != v {
				list = append(list, c)
			}
		}
		if above == "/" {
			return list
		}
	}
}

// hidden says that clients do not reach a server block though they reach
// another one: this configuration itself asks it, as its storage, or it listens
// on this machine only and the other one does not.
func (m *mappings) hidden(v, reached *vhost) bool {
	return m.hides[v] || v.local() && !reached.local()
}

// tiersBehind are the server blocks that this configuration itself asks.
func (r *Router) tiersBehind() map[*vhost]bool {
	behind := map[*vhost]bool{}
	asked := map[*group]bool{}
	r.conf.HTTP.Walk(func(d *conf.Directive) bool {
		address := d.Arg(0)
		if _, rest, ok := strings.Cut(address, "://"); ok && protocols[d.Name] != "" {
			address = rest
			if !strings.HasPrefix(address, "unix:") {
				address, _, _ = strings.Cut(address, "/")
			}
		} else if d.Name != "server" || d.IsBlock {
			return true
		}
		g := r.at(withPort(strings.Replace(address, "localhost", "127.0.0.1", 1), "80"))
		if g != nil && !asked[g] {
			asked[g] = true
			for _, v := range g.servers {
				behind[v] = true
			}
		}
		return true
	})
	return behind
}

// local says that a server block listens on this machine only.
func (s *vhost) local() bool {
	return !slices.ContainsFunc(s.list, func(l listen) bool {
		return l.port != "" && !strings.HasPrefix(l.host, "127.") && l.host != "[::1]"
	})
}

// requests are plain requests for a URI to a server block: one for each of its
// addresses that differ in more than the family, at most a few. A block without
// a name is asked without one, too, as HTTP/1.0 allows.
func (s *vhost) requests(uri string) []route.Request {
	const most = 8
	var list []route.Request
	asked := map[listen]bool{}
	hosts := []string{"localhost", ""}
	if names := askableNames(s.dir); len(names) > 0 {
		hosts = names[:1]
	}
	for _, l := range s.list {
		q := route.Request{Scheme: "http", URI: uri}
		if l.ssl {
			q.Scheme = "https"
		}
		at := l
		switch at.host {
		case "*":
			at.host = "127.0.0.1"
		case "[::]":
			at.host = "[::1]"
		}
		q.Addr = at.String()
		if key := (listen{port: l.port, ssl: l.ssl}); !asked[key] && len(list) < most {
			asked[key] = true
			for _, q.Host = range hosts {
				list = append(list, q)
			}
		}
	}
	return list
}

// guarded says that something in force in a block may keep clients out: what
// nginx's own modules have for it, and any directive that is named so, whatever
// module it is of.
func (m *mappings) guarded(block *conf.Directive) bool {
	if d := last(block, "ssl_verify_client"); d != nil && d.Arg(0) != "off" {
		return true
	}
	for b := block; b != nil; b = b.Parent {
		found, known := m.guards[b]
		if !known {
			found = slices.ContainsFunc(b.Block, keepsOut)
			m.guards[b] = found
		}
		if found {
			return true
		}
	}
	return false
}

// keepsOut says that a directive may refuse clients, by its name.
func keepsOut(d *conf.Directive) bool {
	switch d.Name {
	case "allow", "deny":
		return true
	case "access_log", "auth_basic_user_file", "auth_request_set", "auth_delay":
		return false
	}
	if d.Arg(0) == "off" {
		return false
	}
	if d.Name == "if" {
		return refusesSome(d)
	}
	for _, word := range []string{"auth", "access", "jwt", "oidc", "oauth", "saml", "ldap", "login", "session_require", "modsecurity"} {
		if !d.IsBlock && strings.Contains(d.Name, word) && !strings.HasPrefix(d.Name, "proxy_") && !strings.HasPrefix(d.Name, "lua_") {
			return true
		}
	}
	return false
}

// refusesSome says that an if refuses clients by who they are, or by what they
// know: not by what they ask for.
func refusesSome(d *conf.Directive) bool {
	r := d.First("return")
	if r == nil || !slices.Contains([]string{"401", "403", "404", "444"}, r.Arg(0)) {
		return false
	}
	parts := cutVariables(strings.TrimPrefix(d.Arg(0), "("))
	if len(parts) == 0 || !parts[0].variable {
		return false
	}
	switch parts[0].text {
	case "request_method", "uri", "document_uri", "request_uri", "request_filename", "host", "http_host", "scheme", "server_port", "server_name",
		"args", "query_string", "is_args", "http_user_agent", "https", "document_root", "fastcgi_script_name":
		return false
	}
	return true
}
