package caddy

import "github.com/proxydiag/proxydiag/pkg/conf"

// Server is one server of Caddy's HTTP app: what it makes of requests to some
// addresses. A Caddyfile and a configuration in JSON come to the same: routes
// of handlers, in the order in which they run.
type Server struct {
	Listen []string // host:port, with nothing before the colon for every address
	// At is the site whose routes stand here, nil where each site is a route.
	At     *conf.Directive
	TLS    bool
	Routes []*Route
	Errors []*Route // handle_errors: nil for none
	// Redirects are the hosts that are redirected to HTTPS by a server that the
	// configuration does not name.
	Redirects bool
}

// Route is one route: its handlers run where one of its matcher sets holds, or
// where it has none.
type Route struct {
	At    *conf.Directive // nil for one that no directive makes
	Group string          // of routes of the same group the first that matches runs
	// Match are the matcher sets; each holds where all of its matchers do.
	Match    []MatcherSet
	Handlers []*Handler
	Terminal bool
	// site is the site block, where the route is one.
	site bool
}

// MatcherSet is matchers all of which must hold.
type MatcherSet []*Matcher

// Matcher is one condition on a request, or on the response of an upstream.
type Matcher struct {
	At   *conf.Directive
	Name string // path, host, header, …
	// Values are what Caddy's JSON lists for it. For header and query they are
	// in Fields.
	Values []string
	Fields []Field
	Not    []MatcherSet // of not
	File   *FileMatcher
	// Pattern and Group are those of path_regexp, header_regexp and
	// vars_regexp; Values holds the field's name.
	Pattern string
	Group   string
}

// Field is a name with the values one of which must match; none: it must not
// be there.
type Field struct {
	Name   string
	Values []string
}

// FileMatcher is the condition that a file is there.
type FileMatcher struct {
	Root      string
	TryFiles  []string
	TryPolicy string
	SplitPath []string
}

// Handler is one handler of a route. What is set depends on Name, which is that
// of Caddy's module.
type Handler struct {
	At   *conf.Directive
	Name string

	Routes  []*Route // of subroute, and of a named route
	Errors  []*Route // of subroute
	Rewrite *Rewrite // of rewrite
	Proxy   *Proxy   // of reverse_proxy
	// Responses are handled by reverse_proxy and intercept.
	Responses []*Response
	Files     *Files     // of file_server
	Vars      []Variable // of vars
	Static    *Static    // of static_response and error
	Headers   *Headers   // of headers
	Map       *Mapping   // of map, where it was read
	// Include and Exclude are those of copy_response_headers.
	Include, Exclude []string
	Encodings        []string // of encode
	Invoke           string   // the route that invoke names
}

// Variable is a variable of the request: root is the one that matters.
type Variable struct {
	Name, Value string
	At          *conf.Directive
}

// Rewrite changes the request that the handlers behind it see.
type Rewrite struct {
	Method      string
	URI         string
	from        string // URI with what the placeholders of maps are made of
	StripPrefix string
	StripSuffix string
	Substring   []Substitution
	Regexp      []Substitution
}

// Substitution is one replacement in a URI.
type Substitution struct {
	Find, Replace string
	Limit         int
}

// Proxy is what reverse_proxy does.
type Proxy struct {
	Upstreams []Dial
	Dynamic   bool   // the upstreams are found while it runs
	Transport string // http or fastcgi
	TLS       bool
	// Rewrite is what changes the request on its way to the upstream only.
	Rewrite *Rewrite
	Up      *Headers
	Retries bool
	// Root and Split are those of the fastcgi transport.
	Root  string
	Split []string
}

// Dial is one upstream.
type Dial struct {
	Addr string // host:port, or unix//path
	At   *conf.Directive
}

// Response is a handler for responses of an upstream.
type Response struct {
	At *conf.Directive
	// Match is nil where every response is handled.
	Match *ResponseMatch
	// Status replaces the response's; then no route runs.
	Status string
	Routes []*Route
}

// ResponseMatch is a condition on a response.
type ResponseMatch struct {
	At     *conf.Directive
	Status []int // 200, or 2 for 2xx
	Fields []Field
}

// Files is what file_server does.
type Files struct {
	Root     string
	RootAt   *conf.Directive // nil where the variable root counts
	Hide     []string
	Index    []string
	PassThru bool
	Browse   bool
	Status   string
	// Canonical says whether folders are redirected to their name with a slash.
	Canonical bool
}

// Static is an answer of the configuration's own.
type Static struct {
	Status  string
	Body    string
	Header  []Field
	Abort   bool
	Message string // of error
}

// Headers are changes of a request's and a response's fields.
type Headers struct {
	Request  []HeaderChange
	Response []HeaderChange
	// Deferred says that the response's are changed when it is written.
	Deferred bool
}

// HeaderChange is one change of fields.
type HeaderChange struct {
	Op    string // set, add, delete, replace
	Name  string
	Value string
	At    *conf.Directive
}
