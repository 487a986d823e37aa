package caddy

import (
	"net"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// twins are the public ways to the stored file, where it is handed over, or,
// without a run, to the folders of the response handlers.
func (s *site) twins() []cause.Twin[*Passage] {
	if s.File == nil {
		return s.staticTwins()
	}
	h := s.Handoff
	if h == nil || !s.opens(h) {
		return nil
	}
	v := visit{cause.Request(s.Exchange(diag.ProxyGet)), publicIn(s.conf.routes())}
	by, folder, name := cause.First(h.FileBy, h.By.At), path.Dir(s.File.Path), path.Base(s.File.Path)
	list := s.twinsOf(by, v, folder, name, true)
	for _, v := range s.others(v.Request) {
		list = append(list, s.twinsOf(by, v, folder, name, false)...)
	}
	return list
}

// others are the requests like one to the other sites of the same address: they
// are not asked, for their names may lead elsewhere.
func (s *site) others(q route.Request) []visit {
	var list []visit
	here := s.router.serverFor(q)
	for _, other := range s.visits() {
		if s.router.serverFor(other.Request) == here && hostOf(other.Host) != hostOf(q.Host) {
			q.Host = other.Host
			list = append(list, visit{q, other.public})
		}
	}
	if here == nil {
		return list
	}
	within := map[*Route]bool{} // what is for some hosts of a site
	walk(here.Routes, nil, func(r *Route, _ *Handler, _ []*Response) {
		if r.site || within[r] {
			return
		}
		within[r] = true
		for _, name := range r.hosts() {
			if !strings.Contains(name, "{") {
				q.Host = name
				list = append(list, visit{q, publicIn([]*Route{r})})
			}
		}
	})
	return list
}

// staticTwins are those of a configuration alone.
func (s *site) staticTwins() []cause.Twin[*Passage] {
	var list []cause.Twin[*Passage]
	visits := s.visits()
	s.conf.responses(func(_ *Handler, r *Response) {
		walk(r.Routes, nil, func(_ *Route, h *Handler, _ []*Response) {
			for _, v := range h.Vars {
				if v.Name != "root" || !path.IsAbs(v.Value) || strings.Contains(v.Value, "{") || path.Clean(v.Value) == "/" {
					continue
				}
				for _, to := range visits {
					list = append(list, s.twinsOf(v.At, to, path.Clean(v.Value), "proxydiag-probe", false)...)
				}
			}
		})
	})
	return list
}

// visit is a request that comes to a site, and what is public there.
type visit struct {
	route.Request
	public public
}

// visits are requests to the sites of the configuration.
func (s *site) visits() []visit {
	var list []visit
	for _, server := range s.conf.Servers {
		if len(server.Listen) == 0 {
			continue
		}
		_, port := splitListen(server.Listen[0])
		q := route.Request{Scheme: "http", Host: "localhost", Addr: net.JoinHostPort("127.0.0.1", port), Client: cause.Client("127.0.0.1:1"), Header: http.Header{}}
		if server.TLS {
			q.Scheme = "https"
		}
		hosts := map[string][]*Route{} // the sites
		var all []*Route               // that are for every host
		for _, r := range server.Routes {
			var names []string
			if r.site {
				names = r.hosts()
			}
			for _, name := range names {
				hosts[name] = append(hosts[name], r)
			}
			if len(names) == 0 {
				all = append(all, r)
			}
		}
		if len(hosts) == 0 {
			hosts["localhost"] = nil
		}
		around := publicIn(slices.Concat(all, server.Errors, s.conf.namedRoutes()))
		for host, routes := range hosts {
			q.Host = host
			list = append(list, visit{q, publicIn(routes).and(around)})
		}
	}
	slices.SortFunc(list, func(a, b visit) int { return strings.Compare(a.Addr+a.Host, b.Addr+b.Host) })
	return list
}

// hosts are names that a route is for, one for each of its matchers of hosts.
func (r *Route) hosts() []string {
	var list []string
	for _, set := range r.Match {
		for _, m := range set {
			if m.Name == "host" && len(m.Values) > 0 {
				list = append(list, strings.ReplaceAll(m.Values[0], "*", "any"))
			}
		}
	}
	return list
}

// twinsOf looks for the file name of a folder in what each file_server sends by
// itself.
func (s *site) twinsOf(by *conf.Directive, v visit, folder, name string, asked bool) []cause.Twin[*Passage] {
	var list []cause.Twin[*Passage]
	for _, uri := range s.guesses(v.public, folder, name) {
		q := v.Request
		q.URI = diag.EscapePath(uri)
		t := s.router.Route(q)
		if t.Outcome != route.File || t.By == nil || t.byClient || len(t.Provided) > 0 || !s.Same(t.File, path.Join(folder, name)) {
			continue
		}
		if s.Direct(uri) {
			continue // meant for the check itself
		}
		list = append(list, cause.Twin[*Passage]{Guard: by, By: s.place(t.By.At), URI: uri, Route: t, Asked: asked})
	}
	return list
}

// public is where files may be served: the folders that are roots, what may
// stand before their names in a URL, and what is written for what was asked.
type public struct {
	roots, prefixes []string
	made            []Substitution
}

// publicIn is what is public by routes.
func publicIn(routes []*Route) public {
	var p public
	known := map[string]bool{}
	add := func(list *[]string, kind, text string) {
		if text != "" && !strings.Contains(text, "{") && !known[kind+text] {
			known[kind+text] = true
			*list = append(*list, text)
		}
	}
	root := func(folder string) {
		if path.IsAbs(folder) {
			add(&p.roots, "root ", path.Clean(folder))
		}
	}
	prefix := func(text string) { add(&p.prefixes, "prefix ", text) }
	walk(routes, nil, func(r *Route, h *Handler, within []*Response) {
		if len(within) > 0 {
			return
		}
		for _, v := range h.Vars {
			if v.Name == "root" {
				root(v.Value)
			}
		}
		if h.Files != nil {
			root(h.Files.Root)
		}
		if h.Rewrite != nil {
			prefix(h.Rewrite.StripPrefix)
			for _, sub := range h.Rewrite.Substring {
				prefix(sub.Find)
				p.made = append(p.made, sub)
			}
			if before, _, ok := strings.Cut(h.Rewrite.URI, "{http.request.uri"); ok && len(before) > 1 {
				p.made = append(p.made, Substitution{Replace: before}) // a folder is put before
			}
		}
		for _, set := range r.Match {
			for _, m := range set {
				if m.Name == "path" {
					for _, v := range m.Values {
						prefix(strings.TrimSuffix(v, "*"))
					}
				}
			}
		}
	})
	return p
}

// and is what is public by either.
func (p public) and(q public) public {
	return public{slices.Concat(p.roots, q.roots), slices.Concat(p.prefixes, q.prefixes), slices.Concat(p.made, q.made)}
}

// guesses are the URIs under which a file may be served: below each folder that
// is a root, with each prefix that is stripped before.
func (s *site) guesses(p public, folder, name string) []string {
	var uris []string
	add := func(prefix, below string) {
		if uri := path.Join("/", prefix, below); !strings.Contains(uri, "{") && !slices.Contains(uris, uri) {
			uris = append(uris, uri)
		}
	}
	prefixes := append([]string{"/"}, p.prefixes...)
	for _, root := range p.roots {
		s.onDisk(root) // it may be a link
		if !s.Below(folder, root) {
			continue
		}
		file := path.Join("/", strings.TrimPrefix(s.Real(folder), strings.TrimSuffix(s.Real(root), "/")), name)
		for _, prefix := range prefixes {
			add(prefix, file)
		}
		for _, m := range p.made {
			if below, ok := strings.CutPrefix(file, path.Join("/", m.Replace)+"/"); ok {
				for _, prefix := range append(slices.Clone(prefixes), m.Find) {
					add(prefix, below)
				}
			}
		}
	}
	return uris
}

// twinAsked asks the proxy for the stored file by its public twin.
var twinAsked = cause.TwinAsked(siteOf, (*site).twins)
