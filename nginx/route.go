package nginx

import (
	"net/http"
	"net/netip"
	"sync"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// Request is a request as it reaches nginx. The zero value of a field is what
// a plain GET has.
type Request struct {
	Method string // "" is GET
	Scheme string // "" is http
	Host   string // the Host header; "" is none, as HTTP/1.0 allows
	// Addr is the local address that the connection was made to,
	// "192.0.2.1:443", "[::1]:80" or "unix:/path". "" where it is not known:
	// then the port of Host, or of Scheme, picks among what listens.
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
	File      Outcome = "file"      // Route.File is opened
	Folder    Outcome = "folder"    // the URI ends with a slash: an index file, a listing or 403 in Route.File
	Returned  Outcome = "returned"  // the configuration answers by itself: return, a redirect
	Refused   Outcome = "refused"   // Route.Status: internal (404), deny (403), auth_basic (401), no file (404)
	Failed    Outcome = "failed"    // nginx cannot do it: 400, 500
	Ignored   Outcome = "ignored"   // the handoff is not acted on: the backend's answer is passed on as it is
	Undecided Outcome = "undecided" // Route.Undecided says why
)

// Step is one decision on a request's way.
type Step struct {
	Kind StepKind
	// Directive decided; nil where a default of nginx's did.
	Directive *conf.Directive
	Text      string // what was decided, for people, without the directive
	URI       string // the URI, decoded, behind this step
}

// StepKind is what a step is about.
type StepKind string

// The kinds of step, in the order in which nginx takes them.
const (
	StepServer    StepKind = "server"    // a server block, with the server_name or listen directive that chose it
	StepRewrite   StepKind = "rewrite"   // rewrite, set, if, break
	StepLocation  StepKind = "location"  // a location block
	StepInternal  StepKind = "internal"  // an internal location refuses
	StepReturn    StepKind = "return"    // return, or a redirect by rewrite or by proxy_pass without the slash
	StepAccess    StepKind = "access"    // allow, deny, auth_basic, auth_request, satisfy
	StepTryFiles  StepKind = "try_files" // a candidate, or the fallback
	StepErrorPage StepKind = "error_page"
	StepFile      StepKind = "file"     // root or alias
	StepProxy     StepKind = "proxy"    // proxy_pass and its kin
	StepHandoff   StepKind = "handoff"  // X-Accel-Redirect begins an internal redirect
	StepFailure   StepKind = "failure"  // nginx gives up
	StepUnknown   StepKind = "unknown"  // here the configuration does not decide
	StepProvided  StepKind = "provided" // something else may still refuse
)

// Route is the way of one request, or of one internal redirect, through a
// configuration. It is a value of its own: nothing in it changes.
type Route struct {
	Steps []Step

	Server *conf.Directive // the server block; nil where none took the request
	// Location is the location block; nil where none matches and what stands in
	// the server block applies.
	Location *conf.Directive
	// Inside is the innermost block in force: Location, an if or limit_except
	// within it, or Server.
	Inside *conf.Directive

	Outcome Outcome
	// Status is what the client is answered where nginx decides it: 0 for what
	// an upstream decides, and 200 for a File that is there.
	Status int
	// Text is the body, or for a redirect the target, of a Returned.
	Text string

	// File is the path that is opened. It is relative where the configuration
	// leaves the folder to nginx's compiled-in prefix and none was given.
	File string
	// FileBy is the root or alias that names File's folder; nil for the default.
	FileBy *conf.Directive
	// Tried are the paths that try_files and index looked at before, or, where
	// that is why the way is undecided, the last of which decides.
	Tried []string

	Upstream *Upstream // of a Proxied

	Undecided string // why the configuration alone does not tell

	// Provided are steps that can still refuse, and whose outcome lies outside
	// of the configuration: auth_request, a password, Lua, rate limits. The rest
	// of the route is what happens where they do not.
	Provided []Step

	URI  string // the URI in force at the end, decoded
	Args string

	state *state
}

// Upstream is where a request is handed to.
type Upstream struct {
	Pass     *conf.Directive // proxy_pass, fastcgi_pass, …
	Protocol string          // http, https, fastcgi, uwsgi, scgi, grpc, memcached
	// Host is the host, or the name of an upstream block, as nginx has it after
	// variables: "app", "127.0.0.1:8000", "unix:/run/app.sock".
	Host  string
	Block *conf.Directive // the upstream block of that name, or nil
	Peers []Peer          // in the order of the configuration
	// URI is the request target that the upstream is asked for: proxy_pass
	// only; the other protocols say it by their parameters.
	URI string
	// Unknown says which part of the address, Host or URI, the configuration
	// does not tell; "" for none.
	Unknown string
}

// Peer is one server of an upstream.
type Peer struct {
	Addr      string          // host:port or unix:/path
	Directive *conf.Directive // the server directive in the upstream block, or the pass directive
	Down      bool            // marked down
	Backup    bool
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
	// Prefix is the folder that relative paths are relative to: `nginx -V`
	// calls it --prefix. "" leaves such paths relative.
	Prefix string
	// Files says what is at a path on the proxy's machine; nil knows nothing.
	// It is asked by try_files, by index, by if (-f …), and about what is opened.
	Files func(path string) FileKind
}

// Router follows requests through a configuration. It may be used by several
// goroutines at once.
type Router struct {
	conf    *Config
	opts    RouterOptions
	servers []*vhost
	groups  map[string]*group // by address
	order   []*group          // as they appear
	names   *names

	patterns sync.Map // patternKey → *pattern
}

// NewRouter prepares a configuration for routing.
func NewRouter(c *Config, o RouterOptions) *Router {
	r := &Router{conf: c, opts: o, groups: map[string]*group{}, names: newNames(c.HTTP)}
	r.addServers(c.HTTP)
	return r
}

// Route follows a request from its first byte to its outcome.
func (r *Router) Route(q Request) *Route {
	s := newState(r, q)
	if s.begin() {
		s.run(true)
	}
	return s.result()
}

// Handoff is an upstream's answer that hands over to nginx.
type Handoff struct {
	Value  string      // of X-Accel-Redirect
	Status int         // 0 is 200
	Header http.Header // the answer's fields, for $upstream_http_…
}

// Redirect follows the internal redirect that a handoff causes. from is the
// Proxied route whose upstream answered.
func (r *Router) Redirect(from *Route, h Handoff) *Route {
	s := from.state.clone()
	s.handoff(h)
	return s.result()
}

// Error follows what happens where a route ends with a status of 300 or above,
// 404 for a file that is missing for instance: error_page, or nothing.
func (r *Router) Error(from *Route, status int) *Route {
	s := from.state.clone()
	s.fail(status, Refused, nil, "")
	return s.result()
}

// Eval returns what nginx makes of a text with variables at the end of the
// route. known is false where a variable of it cannot be told.
func (t *Route) Eval(text string) (value string, known bool) {
	v := t.state.clone().expand(text, false)
	return v.text, v.why == ""
}
