package nginx

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// state is a request on its way: the fields of ngx_http_request_t that decide.
type state struct {
	r   *Router
	req route.Request

	group *group
	srv   *vhost
	loc   *location       // srv.root where no location matches
	level *conf.Directive // the block in force: loc's, or an if or limit_except in it

	host     string // normalised
	uri      string
	args     string
	unparsed string
	handler  *conf.Directive // the content handler

	quoted        bool // the request line has %XX
	plus          bool // … or "+"
	validUnparsed bool
	validLocation bool
	internal      bool
	changed       bool // the URI changed, and a location is looked for again
	addURI        bool // try_files adds the URI to a regex location's alias
	errorPage     bool
	noPages       bool // where error_page stands, the way ends before it
	errStatus     int
	changes       int // how often the URI may still change

	captures []string // [0] is not used by nginx
	vars     map[string]value
	upstream http.Header

	done bool
	out  Route
}

// maxURIChanges is NGX_HTTP_MAX_URI_CHANGES, and one.
const maxURIChanges = 11

func newState(r *Router, q route.Request) *state {
	if q.Method == "" {
		q.Method = http.MethodGet
	}
	if q.Scheme == "" {
		q.Scheme = "http"
	}
	return &state{r: r, req: q, changes: maxURIChanges, vars: map[string]value{}, validUnparsed: true, validLocation: true}
}

func (s *state) clone() *state {
	c := *s
	c.vars = maps.Clone(s.vars)
	c.done = false
	c.out = Route{Route: s.out.On(), Tried: slices.Clip(s.out.Tried)}
	return &c
}

// result is the route so far.
func (s *state) result() *Route {
	t := s.out
	t.state = s
	t.URI, t.Args = s.uri, s.args
	if s.srv != nil {
		t.Server, t.Inside = s.srv.dir, s.level
		if s.loc != nil && s.loc != s.srv.root {
			t.Location = s.loc.dir
		}
	}
	return &t
}

func (s *state) step(kind route.StepKind, d *conf.Directive, format string, args ...any) {
	s.out.URI = s.uri
	s.out.Note(kind, d, format, args...)
}

// provided notes something that may still refuse.
func (s *state) provided(d *conf.Directive, format string, args ...any) {
	s.out.URI = s.uri
	s.out.Provide(d, format, args...)
}

// undecided ends the way.
func (s *state) undecided(d *conf.Directive, format string, args ...any) {
	s.out.URI, s.done = s.uri, true
	s.out.Undecide(d, format, args...)
}

// end ends the way with an answer that error_page does not change.
func (s *state) end(o route.Outcome, status int, text string) {
	s.out.End(o, status, text)
	s.done = true
}

// run takes a request through nginx's phases, from the server's rewriting
// directives on, or from those of a named location.
func (s *state) run(fromServer bool) {
	if fromServer {
		s.loc, s.level, s.handler = s.srv.root, s.srv.dir, nil
	}
	s.rewrites()
	search := fromServer || !s.done && s.again()
	for search && !s.done {
		if s.find(); s.done {
			return
		}
		if s.loc != s.srv.root {
			s.rewrites()
		}
		search = !s.done && s.again()
	}
	for _, phase := range []func(){s.access, s.tryFiles, s.content} {
		if s.done {
			return
		}
		phase()
	}
}

// again says that a rewrite changed the URI, so that a location is looked for
// again (ngx_http_core_post_rewrite_phase).
func (s *state) again() bool {
	if !s.changed {
		return false
	}
	if s.changes--; s.changes == 0 {
		s.cycle()
		return false
	}
	s.loc, s.level = s.srv.root, s.srv.dir
	return true
}

func (s *state) cycle() {
	s.fail(http.StatusInternalServerError, route.Failed, s.level, "rewrite or internal redirection cycle")
}

// redirect begins again with another URI (ngx_http_internal_redirect).
func (s *state) redirect(uri, args string) {
	if s.changes--; s.changes <= 0 {
		s.changes = 0
		s.cycle()
		return
	}
	s.uri, s.args = uri, args
	s.internal, s.validUnparsed, s.addURI, s.validLocation = true, false, false, true
	s.run(true)
}

// named begins again in a named location (ngx_http_named_location).
func (s *state) named(name string, by *conf.Directive) {
	if s.changes--; s.changes <= 0 {
		s.changes = 0
		s.cycle()
		return
	}
	loc := s.srv.tree().named[name]
	if loc == nil || s.uri == "" {
		s.fail(http.StatusInternalServerError, route.Failed, by, fmt.Sprintf("could not find named location %q", name))
		return
	}
	s.internal, s.changed, s.handler = true, false, nil
	s.loc = loc
	s.enter(loc.dir)
	s.step(StepLocation, loc.dir, "named location")
	s.run(false)
}

// enter puts a block in force (ngx_http_update_location_config).
func (s *state) enter(d *conf.Directive) {
	s.level = d
	if l := d.First("limit_except"); l != nil && limits(l, s.req.Method) {
		s.level = l
		s.step(StepLocation, l, "limits the method %s", s.req.Method)
		if h := handlerOf(d); h != nil {
			s.handler = h
		}
	}
	if h := handlerOf(s.level); h != nil {
		s.handler = h
	}
}

// limits says that limit_except holds for a method. GET allows HEAD.
func limits(l *conf.Directive, method string) bool {
	for _, a := range l.Args {
		if allowed := strings.ToUpper(a.Text); allowed == method || allowed == "GET" && method == "HEAD" {
			return false
		}
	}
	return true
}
