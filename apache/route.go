package apache

import (
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// The kinds of step that Apache has besides the usual ones.
const (
	StepAlias   route.StepKind = "alias"   // Alias and its kin
	StepSection route.StepKind = "section" // a section that applies
	StepHandler route.StepKind = "handler" // SetHandler
	StepHeader  route.StepKind = "header"  // Header changes the handoff's field
)

// Route is the way of one request, or of one handoff, through a configuration.
// It is a value of its own: nothing in it changes. A File is opened, or run by
// Handler.
type Route struct {
	route.Route

	// Sections are the blocks in force, in the order in which Apache merges
	// them, so that a later one overrides: the top, Server, Directory or Proxy,
	// Files, Location, If; each with its Limit and LimitExcept behind it.
	Sections []*conf.Directive

	// Handler is what runs File: a SetHandler's argument, "cgi-script"; "" for
	// none.
	Handler string
	// Htaccess are the .htaccess files that Apache reads on the way to File,
	// where AllowOverride permits: they may change or refuse everything.
	Htaccess []string

	state *state
}

// RouterOptions say what a Router knows beyond the configuration.
type RouterOptions struct {
	// DocumentRoot is what Apache was built with; "" is Debian's /var/www/html.
	DocumentRoot string
	// Files says what is at a path on the proxy's machine; nil knows nothing.
	Files func(path string) route.FileKind
}

// Router follows requests through a configuration. It may be used by several
// goroutines at once.
type Router struct {
	conf  *Config
	opts  RouterOptions
	main  *vhost
	hosts []*vhost
}

// vhost is the main server or a virtual host, with what is merged into it.
type vhost struct {
	dir   *conf.Directive // nil for the main server
	block *conf.Directive // Top or dir
	addrs []vhostAddr
	names []hostName
}

// NewRouter prepares a configuration for routing.
func NewRouter(c *Config, o RouterOptions) *Router {
	if o.DocumentRoot == "" {
		o.DocumentRoot = "/var/www/html"
	}
	r := &Router{conf: c, opts: o, main: &vhost{block: c.Top}}
	for _, d := range c.Top.All("VirtualHost") {
		if len(d.Args) > 0 {
			r.hosts = append(r.hosts, newServer(d))
		}
	}
	return r
}

// Route follows a request from its first byte to its outcome.
func (r *Router) Route(q route.Request) *Route {
	s := newState(r, q)
	if s.begin() {
		s.run()
	}
	return s.result()
}

// routeIn is Route in a virtual host, whatever host and address would choose.
func (r *Router) routeIn(h *vhost, q route.Request) *Route {
	s := newState(r, q)
	if s.begin(); s.uri != "" {
		s.srv, s.done, s.out = h, false, Route{}
		s.run()
	}
	return s.result()
}

func (r *Router) file(path string) route.FileKind {
	if r.opts.Files == nil {
		return route.FileUnknown
	}
	return r.opts.Files(path)
}
