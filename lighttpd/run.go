package lighttpd

import (
	"net/http"

	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// maxRounds is how often a request begins anew because its URL is rewritten
// (mod_rewrite.c).
const maxRounds = 100

// run follows the request: the modules in their order look at the URL; what no
// gateway takes becomes a file.
func (s *state) run() {
	socket, ok := s.r.accepts(s.req.Addr)
	if !ok {
		s.note(route.StepServer, nil, "nothing listens on %s", s.req.Addr)
		s.end(route.Failed, 0, "")
		return
	}
	s.socket, s.target = socket, s.req.URI
	for range maxRounds {
		again := s.round()
		switch {
		case s.done:
			return
		case !again:
			s.files()
			return
		}
	}
	s.note(route.StepRewrite, nil, "the URL is rewritten for ever")
	s.end(route.Failed, http.StatusInternalServerError, "")
}

// round is one pass through the modules. again is true where the URL was
// rewritten: then everything begins anew.
func (s *state) round() (again bool) {
	target, path, query, ok := s.r.parse.target(s.target)
	if !ok {
		s.note(route.StepServer, nil, "the URL is refused before anything is looked at")
		s.end(route.Failed, http.StatusBadRequest, "")
		return false
	}
	s.target, s.path, s.query, s.left = target, path, query, path
	s.settle()
	var taken *gateway
	for _, module := range s.r.modules {
		switch module {
		case "mod_rewrite":
			again = s.rewrite("url.rewrite-once", "url.rewrite", "url.rewrite-final", "url.rewrite-repeat")
		case "mod_redirect":
			s.redirect()
		case "mod_access":
			s.access()
		case "mod_auth":
			s.auth()
		case "mod_magnet":
			s.magnet()
		case "mod_status":
			s.status()
		default:
			if g := gateways[module]; g != nil && taken == nil && s.offers(g, s.path, true) {
				taken = g
				s.cut()
			}
		}
		if s.done || again {
			return again
		}
	}
	if taken != nil {
		s.pass(taken)
	}
	return false
}
