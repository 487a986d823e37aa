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
	q := cause.Request(s.Exchange(diag.ProxyGet))
	by, folder, name := cause.First(h.FileBy, h.By.At), path.Dir(s.File.Path), path.Base(s.File.Path)
	list := s.twinsOf(by, q, folder, name, true)
	for _, q := range s.others(q) {
		list = append(list, s.twinsOf(by, q, folder, name, false)...)
	}
	return list
}

// others are the requests like one to the other sites of the same address: they
// are not asked, for their names may lead elsewhere.
func (s *site) others(q route.Request) []route.Request {
	var list []route.Request
	here := s.router.serverFor(q)
	for _, other := range s.askable() {
		if s.router.serverFor(other) == here && hostOf(other.Host) != hostOf(q.Host) {
			q.Host = other.Host
			list = append(list, q)
		}
	}
	return list
}

// staticTwins are those of a configuration alone.
func (s *site) staticTwins() []cause.Twin[*Passage] {
	var list []cause.Twin[*Passage]
	s.conf.responses(func(_ *Handler, r *Response) {
		walk(r.Routes, nil, func(_ *Route, h *Handler, _ []*Response) {
			for _, v := range h.Vars {
				if v.Name != "root" || !path.IsAbs(v.Value) || strings.Contains(v.Value, "{") || path.Clean(v.Value) == "/" {
					continue
				}
				for _, q := range s.askable() {
					list = append(list, s.twinsOf(v.At, q, path.Clean(v.Value), "proxydiag-probe", false)...)
				}
			}
		})
	})
	return list
}

// askable are requests that come to the sites of the configuration.
func (s *site) askable() []route.Request {
	var list []route.Request
	for _, server := range s.conf.Servers {
		if len(server.Listen) == 0 {
			continue
		}
		_, port := splitListen(server.Listen[0])
		q := route.Request{Scheme: "http", Host: "localhost", Addr: net.JoinHostPort("127.0.0.1", port), Client: cause.Client("127.0.0.1:1"), Header: http.Header{}}
		if server.TLS {
			q.Scheme = "https"
		}
		hosts := map[string]bool{}
		for _, r := range server.Routes {
			for _, set := range r.Match {
				for _, m := range set {
					if m.Name == "host" && r.site && len(m.Values) > 0 {
						hosts[strings.ReplaceAll(m.Values[0], "*", "any")] = true
					}
				}
			}
		}
		if len(hosts) == 0 {
			hosts["localhost"] = true
		}
		for host := range hosts {
			q.Host = host
			list = append(list, q)
		}
	}
	slices.SortFunc(list, func(a, b route.Request) int { return strings.Compare(a.Addr+a.Host, b.Addr+b.Host) })
	return list
}

// twinsOf looks for the file name of a folder in what each file_server sends by
// itself.
func (s *site) twinsOf(by *conf.Directive, q route.Request, folder, name string, asked bool) []cause.Twin[*Passage] {
	var list []cause.Twin[*Passage]
	for _, uri := range s.guesses(folder, name) {
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

// guesses are the URIs under which a file may be served: below each folder that
// is a root, with each prefix that is stripped before.
func (s *site) guesses(folder, name string) []string {
	var roots, prefixes []string
	var made []Substitution // what was written for what was asked
	add := func(list *[]string, text string) {
		if text != "" && !strings.Contains(text, "{") && !slices.Contains(*list, text) {
			*list = append(*list, text)
		}
	}
	prefixes = append(prefixes, "/")
	s.conf.handlers(func(r *Route, h *Handler, within []*Response) {
		if len(within) > 0 {
			return
		}
		for _, v := range h.Vars {
			if v.Name == "root" && path.IsAbs(v.Value) {
				add(&roots, path.Clean(v.Value))
			}
		}
		if h.Files != nil && path.IsAbs(h.Files.Root) {
			add(&roots, path.Clean(h.Files.Root))
		}
		if h.Rewrite != nil {
			add(&prefixes, h.Rewrite.StripPrefix)
			for _, sub := range h.Rewrite.Substring {
				add(&prefixes, sub.Find)
				made = append(made, sub)
			}
			if before, _, ok := strings.Cut(h.Rewrite.URI, "{http.request.uri"); ok && len(before) > 1 {
				made = append(made, Substitution{Replace: before}) // a folder is put before
			}
		}
		for _, set := range r.Match {
			for _, m := range set {
				if m.Name == "path" {
					for _, v := range m.Values {
						add(&prefixes, strings.TrimSuffix(v, "*"))
					}
				}
			}
		}
	})
	var uris []string
	for _, root := range roots {
		if !s.Below(folder, root) {
			continue
		}
		rest := strings.TrimPrefix(s.Real(folder), strings.TrimSuffix(s.Real(root), "/"))
		for _, prefix := range prefixes {
			add(&uris, path.Join("/", prefix, rest, name))
		}
		for _, m := range made {
			if below, ok := strings.CutPrefix(path.Join("/", rest, name), path.Join("/", m.Replace)+"/"); ok {
				for _, prefix := range append(slices.Clone(prefixes), m.Find) {
					add(&uris, path.Join("/", prefix, below))
				}
			}
		}
	}
	return uris
}

// twinAsked asks the proxy for the stored file by its public twin.
var twinAsked = cause.TwinAsked(siteOf, (*site).twins)
