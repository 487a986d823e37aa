// Package route is the way of a request through a proxy's configuration, as
// far as all kinds of server have it in common: where it begins, the decisions
// on it, and where it ends. A kind's own Route embeds the one here and adds
// what only that server has.
package route

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// Request is a request as it reaches the proxy. The zero value of a field is
// what a plain GET has.
type Request struct {
	Method string // "" is GET
	Scheme string // "" is http
	Host   string // the Host field; "" is none, as HTTP/1.0 allows
	// Addr is the local address that the connection was made to,
	// "192.0.2.1:443", "[::1]:80" or "unix:/path". "" where it is not known:
	// then Host, or the port of Scheme, picks among what listens.
	Addr string
	// URI is the request target as on the wire: "/a%20b?x=1".
	URI string
	// Header are the other header fields; a field that is not here is not sent.
	Header http.Header
	// Client is the address of the client; the zero value is not known.
	Client netip.Addr
}

// Handoff is an upstream's answer that hands over to the proxy.
type Handoff struct {
	Value  string      // of the handoff's field
	Status int         // 0 is 200
	Header http.Header // the answer's fields
}

// Outcome is what becomes of a request.
type Outcome string

// The outcomes.
const (
	Proxied   Outcome = "proxied"   // handed to Route.Upstream
	File      Outcome = "file"      // Route.File is opened
	Folder    Outcome = "folder"    // the URI ends with a slash: an index file, a listing, or a refusal in Route.File
	Returned  Outcome = "returned"  // the configuration answers by itself: a redirect, a text
	Refused   Outcome = "refused"   // Route.Status: by an access rule, or because there is no such file
	Failed    Outcome = "failed"    // the proxy cannot do it: 400, 500
	Ignored   Outcome = "ignored"   // the handoff is not acted on: the backend's answer is passed on as it is
	Undecided Outcome = "undecided" // Route.Undecided says why
)

// Step is one decision on a request's way.
type Step struct {
	Kind StepKind
	// Directive decided; nil where a default of the server's did.
	Directive *conf.Directive
	Text      string // what was decided, for people, without the directive
	URI       string // the URI, decoded, behind this step
}

// StepKind is what a step is about: a word. Kinds of server add their own.
type StepKind string

// The kinds of step that more than one server has.
const (
	StepServer   StepKind = "server"   // the block that answers for the host, with what chose it
	StepRewrite  StepKind = "rewrite"  // the URI is changed
	StepReturn   StepKind = "return"   // the configuration answers by itself
	StepAccess   StepKind = "access"   // an access rule
	StepFile     StepKind = "file"     // the folder that the file is looked for in
	StepProxy    StepKind = "proxy"    // what hands the request to an upstream
	StepHandoff  StepKind = "handoff"  // what acts on the handoff
	StepUnknown  StepKind = "unknown"  // here the configuration does not decide
	StepProvided StepKind = "provided" // something else may still refuse
)

// Route is the way of one request, or of one handoff, through a configuration.
type Route struct {
	Steps []Step

	// Server is the block that answers for the host; nil where none took the
	// request, or where the configuration's top level did.
	Server *conf.Directive

	Outcome Outcome
	// Status is what the client is answered where the proxy decides it: 0 for
	// what an upstream decides.
	Status int
	// Text is the target of a redirect, or the body that is answered.
	Text string

	// File is the path that is opened.
	File string
	// FileBy is the directive that names File's folder, or allows it; nil for
	// a default of the server's.
	FileBy *conf.Directive

	Upstream *Upstream // of a Proxied

	Undecided string // why the configuration alone does not tell

	// Provided are steps that can still refuse, and whose outcome lies outside
	// of the configuration: a password, a script, a limit. The rest of the route
	// is what happens where they do not.
	Provided []Step

	URI  string // the URI in force at the end, decoded
	Args string
}

// Upstream is where a request is handed to.
type Upstream struct {
	Pass     *conf.Directive // the directive that hands it over
	Protocol string          // http, https, fastcgi, …
	// Host is the host, or the name of a group of servers, as it is known in
	// the end: "app", "127.0.0.1:8000", "unix:/run/app.sock".
	Host  string
	Block *conf.Directive // the block that makes that group, or nil
	Peers []Peer          // in the order of the configuration
	// URI is the request target that the upstream is asked for, where the
	// protocol has one.
	URI string
	// Unknown says which part of the address the configuration does not tell;
	// "" for none.
	Unknown string
}

// Peer is one server of an upstream.
type Peer struct {
	Addr      string          // host:port or unix:/path
	Directive *conf.Directive // the one that names it
	Down      bool            // it is never asked
	Backup    bool            // it is asked where all others fail
}

// FileKind is what is known about a path on the proxy's machine.
type FileKind int

// What a path can be.
const (
	FileUnknown FileKind = iota
	FileMissing
	FileRegular
	FileFolder
)

// Common is what a kind's own route has in common with those of others.
func (t *Route) Common() *Route { return t }

// Deciding is the last directive of a route with one of the kinds, nil for none.
func (t *Route) Deciding(kinds ...StepKind) *conf.Directive {
	for i := len(t.Steps) - 1; i >= 0; i-- {
		if step := t.Steps[i]; step.Directive != nil && slices.Contains(kinds, step.Kind) {
			return step.Directive
		}
	}
	return nil
}

// Refuser is the first directive that may still refuse, nil for none.
func (t *Route) Refuser() *conf.Directive {
	for _, step := range t.Provided {
		if step.Directive != nil {
			return step.Directive
		}
	}
	return nil
}

// What follows makes a route: a router calls it on its way, with the URI in
// force in URI.

// Note adds a step.
func (t *Route) Note(kind StepKind, by *conf.Directive, format string, args ...any) {
	t.Steps = append(t.Steps, Step{Kind: kind, Directive: by, Text: fmt.Sprintf(format, args...), URI: t.URI})
}

// Provide adds something that may still refuse.
func (t *Route) Provide(by *conf.Directive, format string, args ...any) {
	t.Note(StepProvided, by, format, args...)
	t.Provided = append(t.Provided, t.Steps[len(t.Steps)-1])
}

// Undecide ends a route that the configuration alone does not tell, and says why.
func (t *Route) Undecide(by *conf.Directive, format string, args ...any) {
	t.Outcome, t.Undecided = Undecided, fmt.Sprintf(format, args...)
	t.Note(StepUnknown, by, "%s", t.Undecided)
}

// End ends a route.
func (t *Route) End(o Outcome, status int, text string) {
	t.Outcome, t.Status, t.Text = o, status, text
}

// On is the beginning of a route that goes on from this one, such as that of a
// handoff: it has the steps so far.
func (t *Route) On() Route {
	return Route{Steps: slices.Clip(t.Steps), Provided: slices.Clip(t.Provided)}
}
