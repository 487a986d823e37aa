package nginx

import (
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// twin is a public way to a file of an internal location.
type twin = cause.Twin[*Route]

// twins are the public ways to the files behind internal locations, each of
// what serves them named once.
func (s *site) twins() []twin {
	if s.twinsFound {
		return s.twinsKept
	}
	m := s.mappings()
	named := map[*conf.Directive]bool{}
	for _, v := range s.router.servers {
		for _, l := range locations(v.dir) {
			folder, ok := s.folderOf(l)
			if h := s.Handoff; h != nil && h.Location == l && s.opens(h) {
				folder, ok = path.Dir(s.File.Path), true // however it is written
			}
			if !ok || !isInternal(l) || s.misled(l) {
				continue
			}
			name := "proxydiag-probe"
			if s.File != nil && s.File.Path != "" && s.Same(path.Dir(s.File.Path), folder) {
				name = path.Base(s.File.Path)
			}
			for _, t := range s.twinsOf(m, v, folder, name) {
				if s.Handoff != nil && t.By == s.Handoff.Location {
					continue // it takes the handoff itself, and lacks internal
				}
				if t.Guard = l; !named[t.By] {
					named[t.By] = true
					s.twinsKept = append(s.twinsKept, t)
				}
			}
		}
	}
	s.twinsKept = append(s.twinsKept, s.objectTwins(m)...)
	s.twinsFound = true
	return s.twinsKept
}

// mayAuthorise says that a server of an upstream may be the application: it is
// no server block of this configuration, and may be the backend that answers us.
func (s *site) mayAuthorise(p route.Peer) bool {
	return s.router.at(p.Addr) == nil && s.IsBackend(p) != diag.No
}

// misled says that the folder of a location is none that is protected: the
// location takes the handoff and opens another file than the stored one, or it
// has no folder of its own and nothing is known to be in the one around it.
func (s *site) misled(l *conf.Directive) bool {
	h := s.Handoff
	if h != nil && s.File.Path != "" && (h.Location == l || intended(h.Server, s.handedURI()) == l) {
		return !s.opens(h)
	}
	for b := l; b != nil && b.Name == "location"; b = b.Parent {
		if len(b.All("root", "alias")) > 0 {
			return false
		}
	}
	return true
}

// twinsOf looks for the file name of a folder in the mappings that may serve
// it: first in those of the server block v itself, then in all others'. Where
// regular expressions are looked at in v, so are files of the types that they
// are commonly made for.
func (s *site) twinsOf(m *mappings, v *vhost, folder, name string) []twin {
	var list []twin
	tried := map[*vhost]map[string]bool{}
	for _, c := range m.around(s.Real(folder), v) {
		if c.server != v && m.hidden(c.server, v) {
			continue
		}
		names := []string{name}
		if c.server == v && m.regular(v) && !isInternal(c.by.Parent) {
			names = append(names, probeNames()...)
		}
		for _, name := range names {
			uri, ok := s.publicURI(c.by, folder, name)
			if !ok || tried[c.server][uri] {
				continue
			}
			if tried[c.server] == nil {
				tried[c.server] = map[string]bool{}
			}
			for _, uri := range append([]string{uri}, m.detours(c.server, uri)...) {
				if tried[c.server][uri] {
					continue
				}
				tried[c.server][uri] = true
				if t := s.public(m, c.server, uri, path.Join(folder, name)); t != nil {
					list = append(list, twin{By: servedBy(t), URI: uri, Route: t, Asked: s.asks(c.server.dir, name)})
				}
			}
		}
	}
	return list
}

// objectTwins are the public locations of a server block that ask the storage
// behind the handoff's location for the same object.
func (s *site) objectTwins(m *mappings) []twin {
	h := s.Handoff
	if h == nil || h.Upstream == nil || h.Upstream.Unknown != "" || !s.Delivered() || slices.ContainsFunc(h.Upstream.Peers, s.mayAuthorise) {
		return nil
	}
	v := s.router.of(h.Server)
	var list []twin
	for _, l := range locations(h.Server) {
		prefix := handoffPrefix(l)
		if prefix == "" || isInternal(l) || handlerOf(l) == nil {
			continue
		}
		q := cause.Request(s.Exchange(diag.ProxyGet))
		uri := prefix + path.Base(s.File.Name)
		q.URI = diag.EscapePath(uri)
		t := s.router.Route(q)
		if t.Location == l && t.Upstream != nil && t.Upstream.Host == h.Upstream.Host && t.Upstream.URI == h.Upstream.URI &&
			len(t.Provided) == 0 && !m.guarded(t.Inside) && !s.Direct(uri) {
			list = append(list, twin{Guard: h.Location, By: l, URI: uri, Route: t, Asked: s.asks(v.dir, path.Base(s.File.Name))})
		}
	}
	return list
}

// publicURI is the URI by which a root or alias would serve a file of a folder,
// for the router to try.
func (s *site) publicURI(d *conf.Directive, folder, name string) (uri string, ok bool) {
	base := "/"
	if d.Name == "alias" {
		kind, prefix := LocationName(d.Parent)
		if kind != LocationPrefix && kind != LocationNoRegex {
			return uriOf(d.Parent, d, path.Join(folder, name))
		}
		base = strings.TrimSuffix(prefix, "/") + "/"
	}
	if strings.Contains(d.Arg(0), "$") {
		return path.Join(base, name), true // where the variables mean the folder itself
	}
	if !path.IsAbs(d.Arg(0)) || !s.Below(folder, d.Arg(0)) {
		return "", false
	}
	rel := strings.TrimPrefix(strings.TrimPrefix(s.Real(folder), s.Real(d.Arg(0))), "/")
	return path.Join(base, rel, name), true
}

// public is the way of a plain request to a file, nil where it does not lead
// there or where something may still refuse. The server block is asked on each
// of its own addresses.
func (s *site) public(m *mappings, v *vhost, uri, file string) *Route {
	if s.Direct(uri) {
		return nil // meant for the check itself
	}
	asked := []route.Request{}
	if s.Download != nil && s.Download.Server == v.dir {
		q := cause.Request(s.Exchange(diag.ProxyGet))
		q.URI = diag.EscapePath(uri)
		asked = append(asked, q)
	} else {
		asked = v.requests(diag.EscapePath(uri))
	}
	for _, q := range asked {
		t := s.router.Route(q)
		if t.Server != v.dir || len(t.Provided) > 0 || m.guarded(t.Inside) {
			continue
		}
		switch {
		case t.Outcome == route.File && s.Same(t.File, file):
			return t
		case t.Outcome == route.Undecided && len(t.Tried) > 0 && s.Same(t.Tried[0], file):
			return t
		}
	}
	return nil
}

// servedBy is the location that a file is served from, or the root directive
// where none takes the URI.
func servedBy(t *Route) *conf.Directive {
	if t.Location != nil {
		return t.Location
	}
	return t.FileBy
}

// asks says that the twin's URL can be asked for as it is: it names the stored
// file, on the server block that answers the download's host.
func (s *site) asks(block *conf.Directive, name string) bool {
	return s.Download != nil && s.Download.Server == block && s.File != nil && path.Base(s.File.Name) == name
}

// folderOf is the folder that a location is mapped to: one with a prefix, or
// one with a regular expression whose captures stand behind the folder.
func (s *site) folderOf(l *conf.Directive) (string, bool) {
	kind, name := LocationName(l)
	if kind == LocationNamed || handlerOf(l) != nil || l.First("return") != nil {
		return "", false
	}
	plain := kind == LocationPrefix || kind == LocationNoRegex
	for _, d := range Effective(l, "alias", "root") {
		folder := d.Arg(0)
		if parts := cutVariables(folder); !plain && d.Name == "alias" && len(parts) == 2 && parts[1].variable && strings.HasSuffix(parts[0].text, "/") {
			folder = parts[0].text
		} else if !plain {
			continue
		}
		if strings.Contains(folder, "$") || !path.IsAbs(folder) {
			continue
		}
		if d.Name == "root" {
			folder = path.Join(folder, name)
		}
		return path.Clean(folder), true
	}
	return "", false
}

// locations are all locations of all server blocks.
func (s *site) locations() []*conf.Directive {
	var list []*conf.Directive
	for _, block := range s.conf.HTTP.All("server") {
		list = append(list, locations(block)...)
	}
	return list
}

// twinAsked asks the proxy for the stored file by its public twin.
var twinAsked = cause.TwinAsked(siteOf, (*site).twins)
