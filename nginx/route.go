package nginx

import (
	"sync"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// The kinds of step that nginx has besides the usual ones.
const (
	StepLocation  route.StepKind = "location"  // a location block
	StepInternal  route.StepKind = "internal"  // an internal location refuses
	StepTryFiles  route.StepKind = "try_files" // a candidate, or the fallback
	StepErrorPage route.StepKind = "error_page"
	StepFailure   route.StepKind = "failure" // nginx gives up
)

// Route is the way of one request, or of one internal redirect, through a
// configuration. It is a value of its own: nothing in it changes. Its File is
// relative where the configuration leaves the folder to nginx's compiled-in
// prefix and none was given; its Status is 200 for a file that is there.
type Route struct {
	route.Route

	// Location is the location block; nil where none matches and what stands in
	// the server block applies.
	Location *conf.Directive
	// Inside is the innermost block in force: Location, an if or limit_except
	// within it, or Server.
	Inside *conf.Directive

	// Tried are the paths that try_files and index looked at before, or, where
	// that is why the way is undecided, the last of which decides.
	Tried []string

	state *state
}

// RouterOptions say what a Router knows beyond the configuration.
type RouterOptions struct {
	// Prefix is the folder that relative paths are relative to: `nginx -V`
	// calls it --prefix. "" leaves such paths relative.
	Prefix string
	// Files says what is at a path on the proxy's machine; nil knows nothing.
	// It is asked by try_files, by index, by if (-f …), and about what is opened.
	Files func(path string) route.FileKind
}

// Router follows requests through a configuration. It may be used by several
// goroutines at once.
type Router struct {
	conf      *Config
	opts      RouterOptions
	servers   []*vhost
	upstreams map[string]*conf.Directive // by name
	groups    map[string]*group          // by address
	order     []*group                   // as they appear
	names     *names

	subrequests func() []string // the URIs that the configuration asks beside a request

	patterns sync.Map // patternKey → *pcre.Pattern
}

// NewRouter prepares a configuration for routing.
func NewRouter(c *Config, o RouterOptions) *Router {
	r := &Router{conf: c, opts: o, groups: map[string]*group{}, names: newNames(c.HTTP), upstreams: map[string]*conf.Directive{}}
	for _, b := range c.HTTP.All("upstream") {
		r.upstreams[b.Arg(0)] = b
	}
	r.addServers(c.HTTP)
	r.subrequests = sync.OnceValue(c.subrequests)
	return r
}

// Route follows a request from its first byte to its outcome.
func (r *Router) Route(q route.Request) *Route {
	s := newState(r, q)
	if s.begin() {
		s.run(true)
	}
	return s.result()
}

// Handoff follows the internal redirect that a handoff causes. from is the
// Proxied route whose upstream answered.
func (r *Router) Handoff(from *Route, h route.Handoff) *Route {
	s := from.state.clone()
	s.handoff(h)
	return s.result()
}

// unpaged is Route up to where an error_page would answer.
func (r *Router) unpaged(q route.Request) *Route {
	s := newState(r, q)
	s.noPages = true
	if s.begin() {
		s.run(true)
	}
	return s.result()
}

// unpagedHandoff is Handoff up to where an error_page would answer.
func (r *Router) unpagedHandoff(from *Route, h route.Handoff) *Route {
	s := from.state.clone()
	s.noPages = true
	s.handoff(h)
	return s.result()
}

// Error follows what happens where a route ends with a status of 300 or above,
// 404 for a file that is missing for instance: error_page, or nothing.
func (r *Router) Error(from *Route, status int) *Route {
	s := from.state.clone()
	s.fail(status, route.Refused, nil, "")
	return s.result()
}

// Eval returns what nginx makes of a text with variables at the end of the
// route. known is false where a variable of it cannot be told.
func (t *Route) Eval(text string) (value string, known bool) {
	v := t.state.clone().expand(text, false)
	return v.text, v.why == ""
}
