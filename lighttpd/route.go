package lighttpd

import (
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// Kinds of step beside those that all servers have.
const (
	stepCondition route.StepKind = "condition" // a condition that holds
	stepAlias     route.StepKind = "alias"
	stepModule    route.StepKind = "module" // a module that would act is not loaded
)

// Route is the way of one request, or of one handoff, through a configuration.
type Route struct {
	route.Route

	// Blocks are the contexts in force at the end, later ones overriding.
	Blocks []*Block
	// Hosts are the backends that the request may be handed to, one of which
	// takes it.
	Hosts []*Host
	// Setting is what names them.
	Setting *Setting

	state *state
}

// Host is a backend of a gateway's setting such as proxy.server.
type Host struct {
	route.Peer
	Item *Item // as it is written
}

// option is an element of a host, nil for none.
func (h *Host) option(key string) *Item { return h.Item.Value.Get(key) }

// XSendfile says whether the host's answers may hand over, and the element
// that says so, nil for none. allow-x-send-file is the older name, and the
// newer one wins whatever the order (gw_set_defaults_backend).
func (h *Host) XSendfile() (by *Item, on bool) {
	for _, key := range []string{"x-sendfile", "allow-x-send-file"} {
		if i := h.option(key); i != nil {
			return i, i.Value.On(false)
		}
	}
	return nil, false
}

// Docroot is the element that limits what may be handed over, nil for none:
// then any file may.
func (h *Host) Docroot() *Item {
	if i := h.option("x-sendfile-docroot"); i != nil && len(i.Value.Items) > 0 {
		return i
	}
	return nil
}

// RouterOptions say what a Router knows beyond the configuration.
type RouterOptions struct {
	// Files says what is at a path on the proxy's machine; nil knows nothing.
	Files func(path string) route.FileKind
}

// Router follows requests through a configuration. It may be used by several
// goroutines at once.
type Router struct {
	conf    *Config
	opts    RouterOptions
	parse   parseOptions
	modules []string
	sockets []string // that lighttpd listens on: "127.0.0.1:80", "[::]:80", "/path"
}

// NewRouter prepares a configuration for routing.
func NewRouter(c *Config, o RouterOptions) *Router {
	r := &Router{conf: c, opts: o, modules: c.modules(), sockets: sockets(c)}
	var options *Value
	if s := c.Blocks[0].Get("server.http-parseopts"); s != nil {
		options = s.Value
	}
	r.parse = optionsOf(options)
	return r
}

// Route follows a request from its first byte to its outcome.
func (r *Router) Route(q route.Request) *Route {
	s := newState(r, q)
	s.run()
	return s.result()
}

func (r *Router) file(path string) route.FileKind {
	if r.opts.Files == nil {
		return route.FileUnknown
	}
	return r.opts.Files(path)
}

// written is a directive as it stands in the file, on one line.
func written(d *conf.Directive) string { return d.String() }
