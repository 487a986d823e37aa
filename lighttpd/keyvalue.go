package lighttpd

import (
	"net/http"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// maxTarget is how long a request target may be: server.max-request-field-size
// has 8 KiB by default, and 64 KiB at most.
const maxTarget = 64 << 10

// rewrite applies the rules of mod_rewrite, which see the target with its
// query. It begins anew where one matches.
func (s *state) rewrite(names ...string) (again bool) {
	if s.rewritten {
		return false
	}
	for _, name := range names {
		set, maybe := s.get(name)
		if maybe != nil {
			s.undecide(maybe.Get(name).Dir, "whether it is in force is not known: %s", maybe.Cond)
			return false
		}
		if set == nil {
			continue
		}
		to, item, found := s.rule(set)
		if s.done {
			return false
		}
		if !found {
			continue
		}
		if len(to) > maxTarget {
			s.note(route.StepRewrite, item.Dir, "makes the URL longer than lighttpd takes one")
			s.end(route.Failed, http.StatusRequestURITooLong, "")
			return false
		}
		if !strings.HasPrefix(to, "/") {
			s.note(route.StepRewrite, item.Dir, "makes %q of %s, which is no path", to, s.target)
			s.end(route.Failed, http.StatusBadRequest, "")
			return false
		}
		s.note(route.StepRewrite, item.Dir, "%s becomes %s", s.target, to)
		s.target = to
		s.rewritten = !strings.Contains(name, "repeat")
		return true
	}
	return false
}

// redirect applies the rules of mod_redirect.
func (s *state) redirect() {
	set, maybe := s.get("url.redirect")
	if maybe != nil {
		s.provide(maybe.Get("url.redirect").Dir, "it may redirect where this holds: %s", maybe.Cond)
	}
	if set == nil {
		return
	}
	to, item, found := s.rule(set)
	if s.done || !found {
		return
	}
	status := http.StatusMovedPermanently
	if s.req.Method != "GET" && s.req.Method != "HEAD" {
		status = http.StatusPermanentRedirect
	}
	if code, _ := s.get("url.redirect-code"); code != nil {
		if n, ok := code.Value.Int(); ok && n >= 100 && n < 1000 {
			status = n
		}
	}
	s.note(route.StepReturn, item.Dir, "redirects (%d) to %s", status, to)
	s.end(route.Returned, status, to)
}

// rule finds the first rule of a list that matches the target; an empty
// replacement ends the list.
func (s *state) rule(set *Setting) (to string, item *Item, found bool) {
	for i := range set.Value.Items {
		item = &set.Value.Items[i]
		if why := item.Value.unknown(); why != "" {
			s.undecide(item.Dir, "%s", why)
			return "", item, false
		}
		re, why, err := compile(item.Key)
		if why != "" || err != nil {
			s.undecide(item.Dir, "%s", why)
			return "", item, false
		}
		m, ok := re.find(s.target)
		if !ok {
			s.undecide(item.Dir, "the pattern %s takes too long", item.Key)
			return "", item, false
		}
		if m == nil {
			continue
		}
		template := item.Value.Str()
		if template == "" {
			return "", item, false
		}
		to, ok := s.substitute(template, m, s.captures[s.blockOf(set).Index])
		if !ok {
			s.undecide(item.Dir, "the replacement %q is one that cannot be tried here", template)
			return "", item, false
		}
		return to, item, true
	}
	return "", nil, false
}

// substitute puts captures into a template: $1 of the rule, %1 of the
// condition that it stands in, ${url.path} and its kin (keyvalue.c).
func (s *state) substitute(template string, rule, cond []string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		c := template[i]
		if c != '$' && c != '%' || i+1 >= len(template) {
			b.WriteByte(c)
			continue
		}
		from := rule
		if c == '%' {
			from = cond
		}
		switch next := template[i+1]; {
		case isDigit(next):
			if n := int(next - '0'); n < len(from) {
				b.WriteString(from[n])
			}
			i++
		case next == '{':
			end := strings.IndexByte(template[i:], '}')
			if end < 0 {
				return "", false
			}
			text, ok := s.part(template[i+2:i+end], from)
			if !ok {
				return "", false
			}
			b.WriteString(text)
			i += end
		case next == c:
			b.WriteByte(c)
			i++
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

// part is what ${…} stands for.
func (s *state) part(name string, from []string) (string, bool) {
	path, _, _ := strings.Cut(s.target, "?")
	switch name {
	case "url.scheme":
		return s.req.Scheme, true
	case "url.authority":
		return s.host, true
	case "url.path":
		return path, true
	case "url.query":
		return s.query, true
	case "qsa":
		if s.query == "" {
			return "", true
		}
		return "?" + s.query, true
	}
	if len(name) == 1 && isDigit(name[0]) {
		if n := int(name[0] - '0'); n < len(from) {
			return from[n], true
		}
		return "", true
	}
	return "", false
}
