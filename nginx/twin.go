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

// twins are the public ways to the files behind internal locations.
func (s *site) twins() []twin {
	var list []twin
	for _, block := range s.conf.HTTP.All("server") {
		for _, l := range locations(block) {
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
			for _, other := range s.conf.HTTP.All("server") {
				if s.hidden(other, block) {
					continue
				}
				list = append(list, s.twinsIn(other, l, folder, name)...)
			}
		}
	}
	return list
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

// twinsIn looks for the file name of a folder in all mappings of a server block.
func (s *site) twinsIn(block, internal *conf.Directive, folder, name string) []twin {
	var list []twin
	tried := map[string]bool{}
	for _, d := range mappings(block) {
		uri, ok := s.publicURI(d, folder, name)
		if !ok || tried[uri] {
			continue
		}
		tried[uri] = true
		if t := s.public(block, uri, path.Join(folder, name)); t != nil {
			list = append(list, twin{Guard: internal, By: servedBy(t), URI: uri, Route: t, Asked: s.asks(block, name)})
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

// mappings are the root and alias directives of a server block.
func mappings(block *conf.Directive) []*conf.Directive {
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

// public is the way of a plain request to a file, nil where it does not lead
// there or where something may still refuse.
func (s *site) public(block *conf.Directive, uri, file string) *Route {
	q := route.Request{Host: hostOf(block), Addr: addrOf(block), URI: diag.EscapePath(uri)}
	if s.Download != nil && s.Download.Server == block {
		q = cause.Request(s.Exchange(diag.ProxyGet))
		q.URI = diag.EscapePath(uri)
	}
	t := s.router.Route(q)
	if t.Server != block || len(t.Provided) > 0 || len(t.Effective("allow", "deny", "auth_basic", "auth_request")) > 0 {
		return nil
	}
	if s.Direct(uri) {
		return nil // meant for the check itself
	}
	switch {
	case t.Outcome == route.File && s.Same(t.File, file):
		return t
	case t.Outcome == route.Undecided && len(t.Tried) > 0 && s.Same(t.Tried[0], file):
		return t
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

// hidden says that clients do not reach a server block though they reach
// another one: this configuration itself asks it, as its storage, or it listens
// on this machine only and the other one does not.
func (s *site) hidden(block, reached *conf.Directive) bool {
	if block == reached {
		return false
	}
	tier := false
	s.conf.HTTP.Walk(func(d *conf.Directive) bool {
		address := d.Arg(0)
		if _, rest, ok := strings.Cut(address, "://"); ok && protocols[d.Name] != "" {
			address = rest
			if !strings.HasPrefix(address, "unix:") {
				address, _, _ = strings.Cut(address, "/")
			}
		} else if d.Name != "server" || d.IsBlock {
			return true
		}
		if g := s.router.at(withPort(strings.Replace(address, "localhost", "127.0.0.1", 1), "80")); g != nil {
			tier = tier || slices.ContainsFunc(g.servers, func(v *vhost) bool { return v.dir == block })
		}
		return !tier
	})
	return tier || local(block) && !local(reached)
}

// local says that a server block listens on this machine only.
func local(block *conf.Directive) bool {
	for _, l := range listens(block) {
		if l.port != "" && !strings.HasPrefix(l.host, "127.") && l.host != "[::1]" {
			return false
		}
	}
	return true
}

// addrOf is an address on which a server block takes connections.
func addrOf(block *conf.Directive) string {
	l := listens(block)[0]
	switch l.host {
	case "*":
		l.host = "127.0.0.1"
	case "[::]":
		l.host = "[::1]"
	}
	return l.String()
}

// hostOf is a host by which a server block is asked.
func hostOf(block *conf.Directive) string {
	if names := plainNames(block); len(names) > 0 {
		return names[0]
	}
	return "localhost"
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
