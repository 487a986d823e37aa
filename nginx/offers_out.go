package nginx

import (
	"net/url"
	"path"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// waysOut are the ways out of a server block: its internal locations, those
// within another one that is internal, too.
func (s *vhost) waysOut() []server.WayOut {
	var list []server.WayOut
	used := used(s.dir)
	for _, l := range locations(s.dir) {
		if !isInternal(l) && !s.namedForHandoffs(l) || l.First("return") != nil || isNamed(l) {
			continue
		}
		if out, ok := s.wayOutOf(l, used); ok {
			list = append(list, out)
		}
	}
	return list
}

// wayOutOf is the way out that an internal location is, unless the configuration
// itself uses it.
func (s *vhost) wayOutOf(l *conf.Directive, used []string) (out server.WayOut, ok bool) {
	kind, name := LocationName(l)
	prefixes := handoffPrefixes(l)
	for _, prefix := range append(slices.Clone(prefixes), name) {
		if usesPrefix(used, prefix) {
			return out, false
		}
	}
	expression := kind == LocationRegex || kind == LocationNoCase
	for _, prefix := range prefixes {
		if !expression || s.takes(l, prefix) {
			return s.wayOut(l, prefix)
		}
	}
	out = server.WayOut{Name: name, Scope: s.scope(), Location: *cause.Writing(written).Place(l), Untried: "which handoffs lead here is not clear from its pattern"}
	if kind == LocationExact {
		out.Untried = "it takes one URI only: which file is sent stands elsewhere in the application's answer"
	}
	return out, handsOver(l)
}

// takes says that handoffs with a prefix lead to a location.
func (s *vhost) takes(l *conf.Directive, prefix string) bool {
	t := s.inside(prefix+probeName, "")
	return t.Location != nil && inside(t.Location, l)
}

// forHandoffs matches names that say what a location is for.
var forHandoffs = regexp.MustCompile(`(?i)^/(?:[\w.-]*/)*[._-]*(?:internal|protected|(?:x-?)?accel|x-?sendfile)[\w.-]*/?$`)

// namedForHandoffs says that a location opens files for everybody and has a name
// as those for handoffs have, in a server block without one that is internal.
func (s *vhost) namedForHandoffs(l *conf.Directive) bool {
	kind, name := LocationName(l)
	if kind != LocationPrefix && kind != LocationNoRegex || !forHandoffs.MatchString(name) || len(l.All("alias", "root")) == 0 {
		return false
	}
	for _, d := range l.Block {
		switch d.Name {
		case "try_files", "index", "autoindex", "auth_basic", "auth_request", "secure_link", "if", "rewrite", "location":
			return false
		}
	}
	for b := l; b != nil; b = b.Parent {
		if slices.ContainsFunc(b.Block, keepsOut) {
			return false
		}
	}
	return handlerOf(l) == nil && !slices.ContainsFunc(locations(s.dir), isInternal)
}

func isNamed(l *conf.Directive) bool {
	kind, _ := LocationName(l)
	return kind == LocationNamed
}

// usesPrefix says that the configuration itself asks for a URI under a prefix.
func usesPrefix(used []string, prefix string) bool {
	for _, uri := range used {
		if strings.HasPrefix(uri, prefix) {
			return true
		}
	}
	return false
}

// handoffPrefixes are what handoffs that lead to a location may begin with, the
// likeliest first.
func handoffPrefixes(l *conf.Directive) []string {
	if prefix := handoffPrefix(l); prefix != "" {
		return []string{prefix}
	}
	kind, name := LocationName(l)
	if kind != LocationRegex && kind != LocationNoCase {
		return nil
	}
	tree, err := syntax.Parse(name, syntax.Perl)
	if err != nil {
		return nil
	}
	uri := route.Sample(tree, nil)
	if !path.IsAbs(uri) {
		uri = "/" + uri
	}
	var list []string
	for _, prefix := range []string{strings.TrimSuffix(uri, "/") + "/", path.Dir(uri), path.Dir(path.Dir(uri))} {
		if prefix = strings.TrimSuffix(prefix, "/") + "/"; prefix != "/" {
			list = append(list, prefix)
		}
	}
	return list
}

// wayOut is the way out that an internal location is for handoffs with a prefix.
func (s *vhost) wayOut(l *conf.Directive, prefix string) (server.WayOut, bool) {
	out := server.WayOut{Scope: s.scope(), Sendfile: kindName + ":" + prefix, Location: *cause.Writing(written).Place(l)}
	t := s.inside(prefix+probeName, "")
	taken := t.Location != nil && inside(t.Location, l)
	if tier, _ := s.r.last(t); taken && tier != t && strings.HasSuffix(tier.File, probeName) { // another server block opens the file
		out.Storage = path.Clean(strings.TrimSuffix(tier.File, probeName))
		out.Name = prefix + " (" + out.Storage + ")"
		return out, path.IsAbs(out.Storage)
	}
	switch {
	case taken && t.Outcome == route.Proxied && t.Upstream.Pass.Name != "proxy_pass":
		return out, false // the application itself, under a name that clients do not use
	case taken && t.Outcome == route.Proxied:
		out.Object = s.object(t, prefix)
		if t.Upstream.Unknown != "" {
			out.Untried = "which server is asked is not known from the configuration: " + t.Upstream.Unknown
		} else if !s.r.conf.names(t.Upstream) {
			out.Untried = "which server is asked is what the application names"
		}
		out.Name = prefix + " (" + out.Object.App.Address + ")"
		return out, true
	case taken && t.File != "" && t.FileBy == nil:
		return out, false // of nginx's own folder: it keeps clients out, and nothing is handed over
	case taken && strings.HasSuffix(t.File, probeName):
		out.Storage = strings.TrimSuffix(t.File, probeName)
	case taken && strings.Contains(t.File, probeName):
		out.Storage = path.Dir(t.File[:strings.Index(t.File, probeName)] + "x")
		out.Untried = "its files have other names than what is handed over"
	default:
		out.Storage = folderOf(l, prefix)
	}
	if strings.Contains(out.Storage, "$") || !path.IsAbs(out.Storage) {
		out.Storage, out.Untried = "", "which folder it opens is not known from the configuration"
		if t.Undecided != "" {
			out.Untried += ": " + t.Undecided
		}
		out.Name = prefix
		return out, handsOver(l)
	}
	out.Storage = path.Clean(out.Storage)
	out.Name = prefix + " (" + out.Storage + ")"
	return out, true
}

// handsOver says that a location has a folder or a store of its own.
func handsOver(l *conf.Directive) bool {
	return len(l.All("alias", "root", "proxy_pass")) > 0
}

// folderOf is the folder that an internal location names, as it is written.
func folderOf(l *conf.Directive, prefix string) string {
	if d := last(l, "alias"); d != nil {
		return d.Arg(0)
	}
	if root := last(l, "root"); root != nil {
		return strings.TrimSuffix(root.Arg(0), "/") + prefix
	}
	return ""
}

// object is the store that a route within an internal location asks.
func (s *vhost) object(t *Route, prefix string) *server.Object {
	const query = "proxydiag=query"
	o := &server.Object{App: appOf(t.Upstream)}
	if p := server.CutName(t.Upstream.URI, probeName); p != "" {
		o.Path, _ = url.PathUnescape(p)
	}
	if t.Upstream.Unknown == "" {
		o.Host = t.hostSent()
	}
	with := s.inside(prefix+probeName, query)
	o.Query = with.Outcome == route.Proxied && strings.Contains(with.Upstream.URI, query)
	return o
}

// names says that the configuration itself names the host of an upstream, in
// place or in a variable.
func (c *Config) names(u *route.Upstream) bool {
	t := targetOf(u.Pass.Name, u.Pass.Arg(0))
	switch {
	case t.scheme != "" || u.Pass.Name != "proxy_pass":
		return !strings.Contains(t.host, "$") || slices.Contains(c.values(t.host), u.Host)
	case strings.HasPrefix(t.host, "$"): // a whole URL
		for _, text := range c.assigned(cutVariables(t.host)[0].text) {
			if targetOf("proxy_pass", text).host == u.Host {
				return true
			}
		}
	}
	return !strings.Contains(t.host, "$")
}
