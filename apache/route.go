package apache

import (
	"net/http"
	"net/netip"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// Request is a request as it reaches Apache. The zero value of a field is what
// a plain GET has.
type Request struct {
	Method string // "" is GET
	Scheme string // "" is http
	Host   string // the Host header; "" is none, as HTTP/1.0 allows
	// Addr is the local address that the connection was made to,
	// "192.0.2.1:443" or "[::1]:80". "" where it is not known: then the host, if
	// it is an address, and the port of Host, or of Scheme, pick among the
	// virtual hosts.
	Addr string
	// URI is the request target as on the wire: "/a%20b?x=1".
	URI string
	// Header are the other header fields; a field that is not here is not sent.
	Header http.Header
	// Client is the address of the client; the zero value is not known.
	Client netip.Addr
}

// Outcome is what becomes of a request.
type Outcome string

// The outcomes.
const (
	Proxied   Outcome = "proxied"   // handed to Route.Upstream
	File      Outcome = "file"      // Route.File is opened, or run by Route.Handler
	Folder    Outcome = "folder"    // the URI ends with a slash: an index file, a listing or 403 in Route.File
	Returned  Outcome = "returned"  // the configuration answers by itself: a redirect
	Refused   Outcome = "refused"   // Route.Status: Require (403, 401), RewriteRule [F] (403), no file (404)
	Failed    Outcome = "failed"    // Apache cannot do it: 400, 500
	Ignored   Outcome = "ignored"   // the handoff is not acted on: the backend's answer is passed on as it is
	Undecided Outcome = "undecided" // Route.Undecided says why
)

// Step is one decision on a request's way.
type Step struct {
	Kind StepKind
	// Directive decided; nil where a default of Apache's did.
	Directive *conf.Directive
	Text      string // what was decided, for people, without the directive
	URI       string // the URI, decoded, behind this step
}

// StepKind is what a step is about.
type StepKind string

// The kinds of step, in the order in which Apache takes them.
const (
	StepServer   StepKind = "server"   // a virtual host, with what chose it
	StepRewrite  StepKind = "rewrite"  // RewriteRule
	StepProxy    StepKind = "proxy"    // ProxyPass and its kin, SetHandler "proxy:…"
	StepReturn   StepKind = "return"   // Redirect and its kin
	StepAlias    StepKind = "alias"    // Alias and its kin
	StepFile     StepKind = "file"     // DocumentRoot, the path that is opened
	StepSection  StepKind = "section"  // a section that applies
	StepAccess   StepKind = "access"   // Require, Order
	StepHandler  StepKind = "handler"  // SetHandler
	StepHandoff  StepKind = "handoff"  // XSendFile, XSendFilePath
	StepHeader   StepKind = "header"   // Header changes the handoff's field
	StepUnknown  StepKind = "unknown"  // here the configuration does not decide
	StepProvided StepKind = "provided" // something else may still refuse or change it
)

// Route is the way of one request, or of one handoff, through a configuration.
// It is a value of its own: nothing in it changes.
type Route struct {
	Steps []Step

	Server *conf.Directive // the VirtualHost; nil for the main server
	// Sections are the blocks in force, in the order in which Apache merges
	// them, so that a later one overrides: the top, Server, Directory or Proxy,
	// Files, Location, If; each with its Limit and LimitExcept behind it.
	Sections []*conf.Directive

	Outcome Outcome
	// Status is what the client is answered where Apache decides it: 0 for what
	// an upstream decides, and 200 for a File that is there.
	Status int
	// Text is, for a redirect, the target.
	Text string

	// File is the path that is opened.
	File string
	// FileBy is the DocumentRoot, Alias, … that names File's folder, or the
	// XSendFilePath that allows it; nil for the default.
	FileBy *conf.Directive
	// Handler is what runs File: a SetHandler's argument, "cgi-script"; "" for
	// none.
	Handler string
	// Htaccess are the .htaccess files that Apache reads on the way to File,
	// where AllowOverride permits: they may change or refuse everything.
	Htaccess []string

	Upstream *Upstream // of a Proxied

	Undecided string // why the configuration alone does not tell

	// Provided are steps that can still refuse or change the way, and whose
	// outcome lies outside of the configuration. The rest of the route is what
	// happens where they do not.
	Provided []Step

	URI  string // the URI in force at the end, decoded
	Args string

	state *state
}

// Upstream is where a request is handed to.
type Upstream struct {
	Pass     *conf.Directive // ProxyPass, ProxyPassMatch, RewriteRule, SetHandler
	Protocol string          // http, https, ws, ajp, fcgi, uwsgi, …
	// Host is the host or balancer: "127.0.0.1:8000", "app", "unix:/run/app.sock".
	Host  string
	Block *conf.Directive // the <Proxy balancer://…> of that name, or nil
	Peers []Peer          // in the order of the configuration
	// URI is the request target that the upstream is asked for.
	URI string
	// Unknown says which part of the address the configuration does not tell;
	// "" for none.
	Unknown string
}

// Peer is one server of an upstream.
type Peer struct {
	Addr      string          // host:port or unix:/path
	Directive *conf.Directive // the BalancerMember, or the directive that passes
	Down      bool            // status=+D
	Backup    bool            // status=+H: a hot standby
}

// FileKind is what is known about a path.
type FileKind int

// What a path can be.
const (
	FileUnknown FileKind = iota
	FileMissing
	FileRegular
	FileFolder
)

// RouterOptions say what a Router knows beyond the configuration.
type RouterOptions struct {
	// DocumentRoot is what Apache was built with; "" is Debian's /var/www/html.
	DocumentRoot string
	// Files says what is at a path on the proxy's machine; nil knows nothing.
	Files func(path string) FileKind
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
func (r *Router) Route(q Request) *Route {
	s := newState(r, q)
	if s.begin() {
		s.run()
	}
	return s.result()
}

// routeIn is Route in a virtual host, whatever host and address would choose.
func (r *Router) routeIn(h *vhost, q Request) *Route {
	s := newState(r, q)
	if s.begin(); s.uri != "" {
		s.srv, s.done, s.out = h, false, Route{}
		s.run()
	}
	return s.result()
}

func (r *Router) file(path string) FileKind {
	if r.opts.Files == nil {
		return FileUnknown
	}
	return r.opts.Files(path)
}
