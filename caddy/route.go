package caddy

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// The kinds of step that only Caddy has.
const (
	stepMatch   route.StepKind = "match"   // a matcher decides
	stepHandler route.StepKind = "handler" // a handler runs, and the request goes on
	stepFailure route.StepKind = "failure" // Caddy gives up
)

// Passage is the way of one request, or of one handoff, through a
// configuration.
type Passage struct {
	route.Route

	// Listening is the server that took the request, nil for none.
	Listening *Server
	// Proxy is the reverse_proxy that the request came to.
	Proxy *Handler
	// Response is the handle_response that a handoff came to, nil for none;
	// Refused are those whose matchers did not hold.
	Response *Response
	Refused  []*Response
	// Root is the folder in force where the way ends, and RootBy what says so.
	Root   string
	RootBy *conf.Directive
	// Rewritten are the handlers that changed the URI, of the request or, of a
	// handoff's passage, since the answer came, in order; those that had nothing
	// to change are in Idle.
	Rewritten, Idle []*Handler
	// Copied are the copy_response_headers that ran.
	Copied []*Handler
	// Changed are the changes of the answer's fields that ran, Asked those of the
	// request's.
	Changed, Asked []HeaderChange
	// Gates are the handlers that asked another service whether the request may
	// go on.
	Gates []*Handler
	// Encoded are the encode handlers around the answer.
	Encoded []*Handler
	// By is the handler at which the way ends.
	By *Handler
	// CopiesBody says that copy_response sends the backend's answer.
	CopiesBody bool

	made     map[*Handler]string // the URI that each rewrite made
	failedAt *conf.Directive     // what failed first, where handle_errors answers
	// byClient says that who asks decided something on the way.
	byClient bool

	state *state
	next  func(*state)
}

// RouterOptions say what a Router knows beyond the configuration.
type RouterOptions struct {
	// Files says what is at a path on the proxy's machine; nil knows nothing.
	Files func(path string) route.FileKind
	// Decodes says that rewrite decodes %XX, as Caddy 2.7 and later do.
	Decodes bool
}

// Router follows requests through a configuration. It may be used by several
// goroutines at once.
type Router struct {
	conf *Config
	opts RouterOptions
}

// NewRouter prepares a configuration for routing.
func NewRouter(c *Config, o RouterOptions) *Router {
	o.Decodes = o.Decodes || c.Later
	return &Router{conf: c, opts: o}
}

// Route follows a request from its first byte to its outcome.
func (r *Router) Route(q route.Request) *Passage {
	s := r.begin(q)
	server := r.serverFor(q)
	why, unknown := r.whereUnknown()
	switch {
	case s.failed != "":
		s.step(stepFailure, nil, "%s", s.failed)
		s.end(route.Failed, 400, "")
	case server == nil && why != "":
		s.undecided(unknown.At, "%s: where a site listens depends on it", why)
	case server == nil && r.redirects(q):
		s.step(route.StepReturn, nil, "is redirected to HTTPS, which Caddy does by itself for sites with a certificate")
		s.end(route.Returned, 308, "https://"+hostOf(q.Host)+s.url.RequestURI())
	case server == nil:
		s.step(route.StepServer, nil, "nothing listens there")
		s.end(route.Failed, 0, "")
	case server.TLS && q.Scheme != "https":
		s.out.Listening = server
		s.out.Server = server.At
		s.step(route.StepServer, server.At, "speaks TLS only: a request in plain HTTP is refused")
		s.end(route.Failed, 400, "Client sent an HTTP request to an HTTPS server.")
	default:
		s.out.Listening = server
		if server.At != nil {
			s.out.Server = server.At
			s.step(route.StepServer, server.At, "the site")
		}
		s.errors = server.Errors
		s.routes(server.Routes, func(s *state) { s.nothing() })
	}
	return s.out
}

// Handoff follows what becomes of an upstream's answer. from is the Proxied
// passage whose upstream answered.
func (r *Router) Handoff(from *Passage, h route.Handoff) *Passage {
	if from.state == nil {
		return from
	}
	s := from.state.clone()
	s.out.Response, s.out.Refused, s.out.Rewritten, s.out.Idle, s.out.Copied, s.out.By = nil, nil, nil, nil, nil, nil
	if h.Status == 0 {
		h.Status = http.StatusOK
	}
	if h.Header == nil {
		h.Header = http.Header{}
	}
	s.answered(from.Proxy, h, from.next)
	return s.out
}

// serverFor is the server that listens where a request comes in: on its very
// address before one that listens on all.
func (r *Router) serverFor(q route.Request) *Server {
	host, port, err := net.SplitHostPort(q.Addr)
	if err != nil {
		host, port = "", portOf(q)
	}
	var wild *Server
	for _, s := range r.conf.Servers {
		for _, l := range s.Listen {
			own, ownPort := splitListen(l)
			switch {
			case ownPort != port:
			case own == "" || own == "0.0.0.0" || own == "::":
				wild = s
			case host == "" || own == host || own == "localhost" && isLoopback(host):
				return s
			}
		}
	}
	return wild
}

// whereUnknown says why it is not known where one of the servers listens.
func (r *Router) whereUnknown() (why string, server *Server) {
	for _, s := range r.conf.Servers {
		if why := whyUnset(s.Listen...); why != "" {
			return why, s
		}
	}
	return "", nil
}

// splitListen cuts an address that is listened on; its port may be a range.
func splitListen(l string) (host, port string) {
	if _, rest, ok := strings.Cut(l, "/"); ok && !strings.HasPrefix(l, "unix") {
		l = rest
	}
	host, port, err := net.SplitHostPort(l)
	if err != nil {
		return l, ""
	}
	return host, port
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// portOf is the port that a request was made to, as its Host says.
func portOf(q route.Request) string {
	if _, port, err := net.SplitHostPort(q.Host); err == nil {
		return port
	}
	if q.Scheme == "https" {
		return "443"
	}
	return "80"
}

// hostOf is a Host without its port.
func hostOf(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return strings.Trim(host, "[]")
}

// redirects says that a request comes in where Caddy redirects to HTTPS.
func (r *Router) redirects(q route.Request) bool {
	_, port, err := net.SplitHostPort(q.Addr)
	if err != nil {
		port = portOf(q)
	}
	if port != "80" || q.Scheme == "https" {
		return false
	}
	for _, s := range r.conf.Servers {
		if s.Redirects {
			return true
		}
	}
	return false
}

// begin prepares a request.
func (r *Router) begin(q route.Request) *state {
	s := &state{r: r, out: &Passage{}, req: q, method: q.Method, header: q.Header.Clone(), vars: map[string]variable{}, maps: map[string]*Mapping{}, groups: map[string]bool{}, captures: map[string]string{}, written: http.Header{}}
	if s.method == "" {
		s.method = http.MethodGet
	}
	if s.header == nil {
		s.header = http.Header{}
	}
	u, err := url.ParseRequestURI(q.URI)
	if err != nil {
		s.failed = "the request target is not one: " + q.URI
		u = &url.URL{Path: "/"}
	}
	if u.Path == "" {
		u.Path = "/"
	}
	s.url, s.orig = *u, *u
	s.out.URI = s.url.Path
	return s
}
