package nginx

import (
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// alone makes a rule's function of two: one that looks at a run, and one that
// looks at the configuration where there is none.
func alone(run func(*diag.View) []diag.Finding, static func(*site) []diag.Finding) func(*diag.View) []diag.Finding {
	return func(v *diag.View) []diag.Finding {
		if !v.Alone() {
			return run(v)
		}
		return judgeConfig(static)(v)
	}
}

// meant is a handoff that the configuration alone shows, or that the user says:
// from a location that asks an upstream to the prefix that is meant.
type meant struct {
	server   *vhost
	download *Route
	handoff  *Route
	uri      string          // of the handoff
	by       *conf.Directive // that states the prefix, nil for --sendfile
}

// probeName is a file that is asked for where none is known.
const probeName = "proxydiag-probe"

// probeNames are files of the types that locations with regular expressions are
// commonly made for, and that are handed over.
func probeNames() []string {
	list := []string{".bin", ".txt", ".html", ".pdf", ".zip", ".jpg", ".mp4"}
	for i, ext := range list {
		list[i] = probeName + ext
	}
	return list
}

// meantHandoffs are the handoffs to the prefixes that are stated: by
// --sendfile, or by the field X-Accel-Mapping that applications take it from.
func (s *site) meantHandoffs() []meant {
	if s.meantFound {
		return s.meantKept
	}
	s.meantFound = true
	stated := ""
	if spec, ok := s.Intent(); ok && spec.Dialect.Form == sendfile.URI {
		stated = spec.Prefix
	}
	for _, v := range s.router.servers {
		prefixes := map[string]*conf.Directive{}
		if stated != "" {
			prefixes[stated] = nil
		} else {
			v.dir.Walk(func(d *conf.Directive) bool {
				for _, prefix := range mappedPrefixes(d) {
					if prefixes[prefix] == nil {
						prefixes[prefix] = d
					}
				}
				return true
			})
		}
		if len(prefixes) == 0 {
			continue
		}
		downloads := s.asking(v)
		for _, prefix := range slices.Sorted(maps.Keys(prefixes)) {
			for _, t := range downloads {
				uri := prefix + probeName
				h := s.router.Handoff(t, route.Handoff{Value: diag.EscapePath(uri)})
				s.meantKept = append(s.meantKept, meant{server: v, download: t, handoff: h, uri: uri, by: prefixes[prefix]})
			}
		}
	}
	return s.meantKept
}

// mappedPrefixes are the prefixes in a field X-Accel-Mapping.
func mappedPrefixes(d *conf.Directive) []string {
	var list []string
	for _, prefix := range mappedFolders(d) {
		if strings.HasPrefix(prefix, "/") && len(prefix) > 1 {
			list = append(list, strings.TrimSuffix(prefix, "/")+"/")
		}
	}
	return list
}

// mappedFolders are the folders in a field X-Accel-Mapping with what each is
// called in handoffs, as they are written: /srv/media/=/protected/, with commas
// between several (Rack::Sendfile).
func mappedFolders(d *conf.Directive) iter.Seq2[string, string] {
	return func(yield func(folder, prefix string) bool) {
		field := d.Name == "proxy_set_header" && strings.EqualFold(d.Arg(0), "X-Accel-Mapping") ||
			strings.HasSuffix(d.Name, "_param") && d.Arg(0) == "HTTP_X_ACCEL_MAPPING"
		if !field || strings.Contains(d.Arg(1), "$") {
			return
		}
		for pair := range strings.SplitSeq(d.Arg(1), ",") {
			if folder, prefix, ok := strings.Cut(strings.TrimSpace(pair), "="); ok && !yield(folder, prefix) {
				return
			}
		}
	}
}

// forHandoffs are the locations of a server block that are there for handoffs:
// the internal ones, and those of the prefixes that are stated.
func (s *site) forHandoffs(v *vhost) []*conf.Directive {
	list := slices.DeleteFunc(locations(v.dir), func(l *conf.Directive) bool { return !isInternal(l) })
	for _, m := range s.meantHandoffs() {
		if l := intended(v.dir, m.uri); m.server == v && l != nil && !slices.Contains(list, l) {
			list = append(list, l)
		}
	}
	return list
}

// asking are routes to the upstreams that a server block's locations ask, one
// for each directive that hands over. No file is there, so that try_files falls
// through to the application.
func (s *site) asking(v *vhost) []*Route {
	r := s.withoutFiles()
	var list []*Route
	seen := map[*conf.Directive]bool{}
	uris := []string{"/" + probeName}
	for _, l := range locations(v.dir) {
		switch kind, name := LocationName(l); kind {
		case LocationPrefix, LocationNoRegex:
			uris = append(uris, path.Join(name, probeName))
		case LocationExact:
			uris = append(uris, name)
		}
	}
	for _, uri := range uris {
		for _, q := range v.requests(diag.EscapePath(uri)) {
			t := r.Route(q)
			if t.Outcome != route.Proxied || t.Server != v.dir || seen[t.Upstream.Pass] {
				continue
			}
			seen[t.Upstream.Pass] = true
			state := t.state.clone()
			state.r = s.router
			t.state = state
			list = append(list, t)
		}
	}
	return list
}

// withoutFiles is the router for a machine without any.
func (s *site) withoutFiles() *Router {
	if s.nothing == nil {
		s.nothing = NewRouter(s.conf, RouterOptions{Files: func(string) route.FileKind { return route.FileMissing }})
	}
	return s.nothing
}

// opensSomething says that a route ends at a file, or looks for some.
func (t *Route) opensSomething() bool {
	return t.Outcome == route.File || t.Outcome == route.Undecided && len(t.Tried) > 0
}

// open says that a plain request for a URI is answered from a location, and
// that nothing is in force there that may refuse.
func (s *site) open(m *mappings, v *vhost, l *conf.Directive, uri string) bool {
	return slices.ContainsFunc(v.requests(diag.EscapePath(uri)), func(q route.Request) bool {
		t := s.router.Route(q)
		return t.Location == l && t.opensSomething() && len(t.Provided) == 0 && !m.guarded(t.Inside)
	})
}
