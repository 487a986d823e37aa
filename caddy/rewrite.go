package caddy

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// rewrite changes the request. It is false where the way ends here.
func (s *state) rewrite(h *Handler) bool {
	before, method := s.url, s.method
	s.lastURI = ""
	if !s.change(h.Rewrite) {
		s.out.Steps[len(s.out.Steps)-1].Directive = h.At
		return false
	}
	if h.Rewrite.URI != "" {
		if s.out.made == nil {
			s.out.made = map[*Handler]string{}
		}
		s.out.made[h] = s.lastURI
	}
	switch {
	case s.url.String() != before.String():
		s.out.Rewritten = append(s.out.Rewritten, h)
		s.step(route.StepRewrite, h.At, "the URI becomes %s", s.url.RequestURI())
	case s.method != method:
		s.step(route.StepRewrite, h.At, "the method becomes %s", s.method)
	case h.Rewrite.Method == "":
		s.out.Idle = append(s.out.Idle, h)
		s.step(route.StepRewrite, h.At, "leaves the URI as it is")
	}
	return true
}

// change carries a rewrite out (rewrite.go, Rewrite).
func (s *state) change(r *Rewrite) bool {
	if r.Method != "" {
		v := s.expand(r.Method)
		if v.why != "" {
			s.undecided(nil, "%s", v.why)
			return false
		}
		s.method = strings.ToUpper(v.text)
	}
	if r.URI != "" && !s.rewriteURI(r.URI) {
		return false
	}
	for _, strip := range []struct {
		text string
		trim func(path, text string) string
	}{{r.StripPrefix, trimPrefix}, {r.StripSuffix, trimSuffix}} {
		if strip.text == "" {
			continue
		}
		v := s.expand(strip.text)
		if v.why != "" {
			s.undecided(nil, "%s", v.why)
			return false
		}
		merge := !strings.Contains(v.text, "//")
		s.changePath(func(p string) string { return strip.trim(cleanPath(p, merge), v.text) })
	}
	for _, sub := range r.Substring {
		find, with := s.expand(sub.Find), s.expand(sub.Replace)
		if find.why+with.why != "" {
			s.undecided(nil, "%s", find.why+with.why)
			return false
		}
		if find.text == "" {
			continue
		}
		limit := sub.Limit
		if limit == 0 {
			limit = -1
		}
		merge := !strings.Contains(sub.Find, "//")
		s.changePath(func(p string) string { return strings.Replace(cleanPath(p, merge), find.text, with.text, limit) })
		s.url.RawQuery = strings.Replace(s.url.RawQuery, find.text, with.text, limit)
	}
	for _, sub := range r.Regexp {
		if why := whyUnset(sub.Find, sub.Replace); why != "" {
			s.undecided(nil, "%s", why)
			return false
		}
		re, err := regexp.Compile(sub.Find)
		if err != nil {
			s.undecided(nil, "the expression %s is not one", sub.Find)
			return false
		}
		s.changePath(func(p string) string { return re.ReplaceAllString(p, sub.Replace) })
	}
	return true
}

// rewriteURI puts a new path, a new query, or both into the request.
func (s *state) rewriteURI(uri string) bool {
	uri, _, _ = strings.Cut(uri, "#")
	p, query, hasQuery := strings.Cut(uri, "?")
	newPath := ""
	if p != "" {
		v := s.expand(strings.ReplaceAll(p, "{http.request.uri.path}", s.url.EscapedPath()))
		if v.why != "" {
			s.undecided(nil, "%s", v.why)
			return false
		}
		newPath = v.text
		// A query that came in by a placeholder counts where none is written.
		if before, after, found := strings.Cut(newPath, "?"); found {
			newPath = before
			if query == "" {
				query, hasQuery = after, true
			}
		}
	}
	if p != "" {
		s.lastURI = newPath
		if s.r.opts.Decodes {
			if decoded, err := url.PathUnescape(newPath); err == nil {
				s.url.Path, s.url.RawPath = decoded, newPath
			} else {
				s.url.Path, s.url.RawPath = newPath, ""
			}
		} else {
			s.url.Path, s.url.RawPath = newPath, ""
		}
	}
	if hasQuery {
		v := s.expand(query)
		if v.why != "" {
			s.undecided(nil, "%s", v.why)
			return false
		}
		s.url.RawQuery = v.text
	}
	return true
}

// changePath changes the path in its escaped form (rewrite.go, changePath).
func (s *state) changePath(f func(string) string) {
	s.url.RawPath = f(s.url.EscapedPath())
	if p, err := url.PathUnescape(s.url.RawPath); err == nil && p != "" {
		s.url.Path = p
	} else {
		s.url.Path = f(s.url.Path)
	}
	if s.url.RawPath == s.url.Path {
		s.url.RawPath = ""
	}
}

// trimPrefix takes a prefix off an escaped path, in any case of letters; an
// escape counts as what it stands for, unless the prefix writes one itself.
func trimPrefix(escaped, prefix string) string {
	at := 0
	for i := range len(prefix) {
		if at >= len(escaped) {
			return escaped
		}
		c := escaped[at : at+1]
		if c == "%" && prefix[i] != '%' && len(escaped) >= at+3 {
			decoded, err := url.PathUnescape(escaped[at : at+3])
			if err != nil {
				return escaped
			}
			c = decoded
			at += 2
		}
		if !strings.EqualFold(c, prefix[i:i+1]) {
			return escaped
		}
		at++
	}
	return escaped[at:]
}

func trimSuffix(escaped, suffix string) string { return strings.TrimSuffix(escaped, suffix) }
