package lighttpd

import (
	"net/http"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// access applies mod_access: the ends of paths that are denied, and those that
// alone are allowed.
func (s *state) access() {
	for _, name := range []string{"url.access-allow", "url.access-deny"} {
		set, maybe := s.get(name)
		if maybe != nil {
			s.provide(maybe.Get(name).Dir, "it may refuse where this holds: %s", maybe.Cond)
		}
		if set == nil {
			continue
		}
		item, matches := s.ends(set.Value)
		switch {
		case name == "url.access-allow" && matches:
			return
		case name == "url.access-allow" && len(set.Value.Items) > 0:
			s.note(route.StepAccess, set.Dir, "%s does not end as one that is allowed", s.left)
		case name == "url.access-deny" && matches:
			s.note(route.StepAccess, set.Dir, "%s ends with %q", s.left, item.Value.Str())
		default:
			continue
		}
		s.end(route.Refused, http.StatusForbidden, "")
		return
	}
}

// ends finds the text that the path ends with.
func (s *state) ends(list *Value) (*Item, bool) {
	for i := range list.Items {
		if strings.HasSuffix(s.left, list.Items[i].Value.Str()) {
			return &list.Items[i], true
		}
	}
	return nil, false
}

// auth applies mod_auth: the first path of auth.require that the URL begins
// with.
func (s *state) auth() {
	set, maybe := s.get("auth.require")
	if maybe != nil {
		s.provide(maybe.Get("auth.require").Dir, "it may want a login where this holds: %s", maybe.Cond)
	}
	if set == nil {
		return
	}
	for i := range set.Value.Items {
		item := &set.Value.Items[i]
		if !strings.HasPrefix(s.path, item.Key) {
			continue
		}
		method := ""
		if m := item.Value.Get("method"); m != nil {
			method = m.Value.Str()
		}
		if s.req.Header.Get("Authorization") != "" || method == "extern" {
			s.provide(item.Dir, "the login must be right")
			return
		}
		s.note(route.StepAccess, item.Dir, "%s wants a login", item.Key)
		s.end(route.Refused, http.StatusUnauthorized, "")
		return
	}
}

// magnet: scripts may do anything.
func (s *state) magnet() {
	for _, name := range []string{"magnet.attract-raw-url-to", "magnet.attract-physical-path-to"} {
		if set, maybe := s.get(name); set != nil && len(set.Value.Items) > 0 {
			s.provide(set.Dir, "a script may answer, refuse or change the request")
		} else if maybe != nil {
			s.provide(maybe.Get(name).Dir, "a script may act where this holds: %s", maybe.Cond)
		}
	}
}

// status answers the URLs of mod_status.
func (s *state) status() {
	for _, name := range []string{"status.status-url", "status.config-url", "status.statistics-url"} {
		if set, _ := s.get(name); set != nil && set.Value.Str() == s.path {
			s.note(route.StepReturn, set.Dir, "a page about the server")
			s.end(route.Returned, http.StatusOK, "")
			return
		}
	}
}
