package nginx

import (
	"net/http"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/pcre"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// LocationKind is how a location matches.
type LocationKind string

// The kinds of location.
const (
	LocationExact   LocationKind = "="  // the URI itself
	LocationPrefix  LocationKind = ""   // what begins so, unless a regular expression matches
	LocationNoRegex LocationKind = "^~" // what begins so, regular expressions beside it not looked at
	LocationRegex   LocationKind = "~"
	LocationNoCase  LocationKind = "~*"
	LocationNamed   LocationKind = "@"
)

// LocationName returns how a location directive matches, and what: a prefix,
// a pattern, or a name with its "@" (ngx_http_core_location).
func LocationName(d *conf.Directive) (kind LocationKind, name string) {
	if len(d.Args) >= 2 {
		switch kind = LocationKind(d.Arg(0)); kind {
		case LocationExact, LocationNoRegex, LocationRegex, LocationNoCase:
			return kind, d.Arg(1)
		}
	}
	name = d.Arg(0)
	for _, k := range []LocationKind{LocationExact, LocationNoRegex, LocationNoCase, LocationRegex} {
		if rest, ok := strings.CutPrefix(name, string(k)); ok {
			return k, rest
		}
	}
	if strings.HasPrefix(name, "@") {
		return LocationNamed, name
	}
	return LocationPrefix, name
}

// location is a location block with those nested in it; a server's root is
// one, too.
type location struct {
	dir      *conf.Directive
	kind     LocationKind
	name     string
	pattern  *pcre.Pattern
	redirect bool // "/x" is redirected to this "/x/"

	exact    map[string]*location
	prefixes []*location
	regexes  []*location
	named    map[string]*location
}

// newLocation makes the tree of the locations in a block.
func newLocation(r *Router, d *conf.Directive) *location {
	l := &location{dir: d}
	for _, c := range d.All("location") {
		if !c.IsBlock || len(c.Args) == 0 {
			continue
		}
		in := newLocation(r, c)
		in.kind, in.name = LocationName(c)
		switch in.kind {
		case LocationExact:
			if l.exact == nil {
				l.exact = map[string]*location{}
			}
			if l.exact[in.name] == nil {
				l.exact[in.name] = in
			}
		case LocationRegex, LocationNoCase:
			in.pattern = r.pattern(in.name, in.kind == LocationNoCase)
			l.regexes = append(l.regexes, in)
		case LocationNamed:
			if l.named == nil {
				l.named = map[string]*location{}
			}
			if l.named[in.name] == nil {
				l.named[in.name] = in
			}
		default:
			l.prefixes = append(l.prefixes, in)
		}
		in.redirect = strings.HasSuffix(in.name, "/") && autoRedirects(handlerOf(c))
	}
	return l
}

// autoRedirects says that a location with this handler redirects a request for
// its name without the slash to the one with it.
func autoRedirects(handler *conf.Directive) bool {
	return handler != nil && protocols[handler.Name] != ""
}

// static finds the location for a URI among those without regular expression:
// the exact one, or the one with the longest name. redirect is one that wants
// a slash at the end (ngx_http_core_find_static_location).
func (l *location) static(uri string) (found, redirect *location) {
	if e := l.exact[uri]; e != nil {
		return e, nil
	}
	if e := l.exact[uri+"/"]; e != nil && e.redirect {
		redirect = e
	}
	for _, p := range l.prefixes {
		if strings.HasPrefix(uri, p.name) && (found == nil || len(p.name) > len(found.name)) {
			found = p
		}
		if p.redirect && len(p.name) == len(uri)+1 && strings.HasPrefix(p.name, uri) {
			redirect = p
			if e := l.exact[p.name]; e != nil {
				redirect = e
			}
		}
	}
	if found != nil && len(found.name) == len(uri) {
		redirect = nil
	}
	return found, redirect
}

// find looks for the location of the URI and puts it in force
// (ngx_http_core_find_config_phase).
func (s *state) find() {
	s.changed, s.handler = false, nil
	s.loc, s.level = s.srv.root, s.srv.dir
	_, wants := s.search(s.srv.tree())
	if s.done {
		return
	}
	if s.loc == s.srv.root {
		s.step(StepLocation, nil, "no location matches %s: what stands in the server block applies", s.uri)
	}
	if d := s.isInternal(); d != nil && !s.internal {
		s.step(StepInternal, d, "only for internal redirects: a direct request is answered 404")
		s.enter(s.loc.dir)
		s.fail(http.StatusNotFound, route.Refused, nil, "")
		return
	}
	s.enter(s.loc.dir)
	if wants {
		s.out.Text = withArgs(escapeURI(s.loc.name), s.args)
		s.step(route.StepReturn, s.loc.dir, "redirects (301) to %s: the name ends with a slash, and the location hands over to an upstream", s.out.Text)
		s.fail(http.StatusMovedPermanently, route.Returned, nil, "")
	}
}

// search finds the location in a tree, with the nested ones, and their regular
// expressions before those outside (ngx_http_core_find_location). Of those
// nested in a regular expression only further regular expressions count: nginx
// makes no tree of the others (ngx_http_init_static_location_trees). stop says
// that nothing else is looked at; redirect that the URI lacks a slash.
func (s *state) search(l *location) (stop, redirect bool) {
	var found, wants *location
	if l.pattern == nil {
		found, wants = l.static(s.uri)
	}
	if wants != nil {
		s.choose(wants, "the name without its slash")
		return true, true
	}
	noRegex := false
	if found != nil {
		if found.kind == LocationExact {
			s.choose(found, "the URI itself")
			return true, false
		}
		noRegex = found.kind == LocationNoRegex
		s.choose(found, "the longest prefix")
		if stop, redirect = s.search(found); stop || s.done {
			return stop, redirect
		}
	}
	if noRegex {
		return false, false
	}
	for _, in := range l.regexes {
		captures, ok, why := in.pattern.Match(s.uri)
		if why != "" {
			s.undecided(in.dir, "%s", why)
			return true, false
		}
		if !ok {
			continue
		}
		s.capture(in.pattern, captures)
		s.choose(in, "the first regular expression that matches")
		_, redirect = s.search(in)
		return true, redirect
	}
	return false, false
}

// choose notes a location that matches; a later one replaces it.
func (s *state) choose(l *location, why string) {
	s.loc, s.level = l, l.dir
	if l.kind == LocationNoRegex {
		why += ", regular expressions beside it not looked at"
	}
	s.step(StepLocation, l.dir, "%s", why)
}

// isInternal returns the directive that makes the location internal, its own
// or one of the locations around it.
func (s *state) isInternal() *conf.Directive {
	if found := effective(s.loc.dir, "internal"); len(found) > 0 {
		return found[0]
	}
	return nil
}
