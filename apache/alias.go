package apache

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// redirects looks for the Redirect that takes the URI (translate_alias_redir in
// mod_alias.c): one without a path in the innermost Location that has any, or
// else the first one of the virtual host and then of the main server.
func (s *state) redirects() {
	if s.filename != "" {
		return
	}
	for i := len(s.locations) - 1; i >= 0; i-- {
		for _, d := range s.locations[i].All(redirecting...) {
			if m := newRedirect(d); m.path == "" {
				s.redirect(m)
				return
			}
		}
	}
	for _, d := range s.server(redirecting...) {
		if s.redirect(newRedirect(d)); s.done {
			return
		}
	}
}

var redirecting = []string{"Redirect", "RedirectMatch", "RedirectTemp", "RedirectPermanent"}

// redirect is what a directive of the Redirect family says.
type redirect struct {
	dir    *conf.Directive
	status int
	path   string // "": that of its section
	to     string
}

func newRedirect(d *conf.Directive) redirect {
	m := redirect{dir: d, status: http.StatusFound}
	words := d.Texts(0)
	switch {
	case d.Name == "RedirectPermanent":
		m.status = http.StatusMovedPermanently
	case d.Name != "RedirectTemp" && len(words) > 0:
		n, ok := map[string]int{"permanent": 301, "temp": 302, "seeother": 303, "gone": 410}[strings.ToLower(words[0])]
		if !ok {
			n, _ = strconv.Atoi(words[0])
		}
		if n > 0 {
			m.status, words = n, words[1:]
		}
	}
	inSection := d.Parent != nil && d.Parent.Parent != nil && d.Parent.Name != "VirtualHost"
	moves := m.status >= 300 && m.status < 400
	if len(words) > 0 && (!inSection || len(words) == 2 || !moves) {
		m.path, words = words[0], words[1:]
	}
	if len(words) > 0 {
		m.to = words[0]
	}
	return m
}

// redirect answers if a redirect matches.
func (s *state) redirect(m redirect) {
	if s.unset(m.dir, m.path) {
		return
	}
	to := m.to
	moves := m.status >= 300 && m.status < 400
	switch {
	case m.path == "":
		if strings.Contains(to, "%{") {
			s.undecided(m.dir, "the target is put together from variables of the request")
			return
		}
	case m.dir.Name == "RedirectMatch":
		p := compile(m.path, false)
		if p.why != "" {
			s.undecided(m.dir, "%s", p.why)
			return
		}
		captures, ok := p.match(s.uri)
		if !ok {
			return
		}
		to = urlEscapeWhole(substitute(to, captures))
	default:
		n := aliasMatch(s.uri, m.path)
		if n == 0 {
			return
		}
		to += urlEscape(s.uri[n:])
	}
	if s.unset(m.dir) {
		return
	}
	if !moves {
		s.step(route.StepReturn, m.dir, "answers %d", m.status)
		s.end(route.Returned, m.status, "")
		return
	}
	to = withArgs(to, s.args)
	s.step(route.StepReturn, m.dir, "redirects (%d) to %s", m.status, to)
	s.end(route.Returned, m.status, to)
}

// urlEscapeWhole escapes what is put together from a URL and decoded captures.
func urlEscapeWhole(to string) string { return escapeBut(to, "/~$-_.+!*'(),:@&=;?#%") }

// aliases looks for the Alias that takes the URI: that of the innermost
// Location, which is one path for all that is in it (but for
// AliasPreservePath), or else the first one of the virtual host and then of
// the main server, in the order of the file.
func (s *state) aliases() {
	if s.filename != "" {
		return
	}
	for i := len(s.locations) - 1; i >= 0; i-- {
		loc := s.locations[i]
		d := lastOf(loc.All("Alias", "ScriptAlias"))
		if d == nil || len(d.Args) != 1 {
			continue
		}
		path, regex := isRegex(loc)
		target := d.Arg(0)
		keep := s.effectiveLast("AliasPreservePath")
		switch {
		case regex && strings.ContainsAny(target, "%$"):
			s.undecided(d, "the path is put together from variables of the request")
			return
		case keep != nil && strings.EqualFold(keep.Arg(0), "on"):
			target += s.uri[aliasMatch(s.uri, path):]
		}
		s.alias(d, target)
		return
	}
	for _, d := range s.server("Alias", "AliasMatch", "ScriptAlias", "ScriptAliasMatch") {
		if len(d.Args) < 2 {
			continue
		}
		path, target := d.Arg(0), d.Arg(1)
		if s.unset(d, path) {
			return
		}
		if strings.HasSuffix(d.Name, "Match") {
			p := compile(path, false)
			if p.why != "" {
				s.undecided(d, "%s", p.why)
				return
			}
			captures, ok := p.match(s.uri)
			if !ok {
				continue
			}
			target = substitute(target, captures)
		} else if n := aliasMatch(s.uri, path); n > 0 {
			target += s.uri[n:]
		} else {
			continue
		}
		s.alias(d, target)
		return
	}
}

func (s *state) alias(d *conf.Directive, target string) {
	if s.unset(d) {
		return
	}
	s.filename = oneSlash(absolute(s.r.conf.ServerRoot, target))
	s.out.FileBy = d
	if strings.HasPrefix(d.Name, "Script") {
		s.handler = "cgi-script"
	}
	s.step(StepAlias, d, "%s is %s", s.uri, s.filename)
}

// oneSlash makes one slash of several.
func oneSlash(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}
