package server

import (
	"net/url"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// RouteRequest is a request to follow through a configuration.
type RouteRequest struct {
	// Method is GET where it is empty.
	Method string
	// URL is what the client asks for; its host and port choose among the
	// servers of the configuration.
	URL *url.URL
	// Host is the Host field, where it is another one than the URL's.
	Host string
	// Handoff is the value of the handoff header with which the backend
	// answers; empty: it answers without one.
	Handoff string
	// Look says what is at a path on the proxy's machine; nil knows nothing.
	Look func(path string) route.FileKind
}

// RouteResult is the way of a request through a configuration.
type RouteResult struct {
	Request Route `json:"request"`
	// Handoff is the way from the backend's answer on; nil where no handoff is
	// given, or where the request does not come to a backend.
	Handoff *Route `json:"handoff,omitempty"`
}

// Route is a route.Route for people and programs: one chain of decisions and
// where it ends.
type Route struct {
	Steps   []RouteStep   `json:"steps"`
	Outcome route.Outcome `json:"outcome"`
	// Status is what the client is answered where the proxy decides it, else 0.
	Status int `json:"status,omitempty"`
	// Text is the target of a redirect, or the body that is answered.
	Text string `json:"text,omitempty"`
	// File is the path that is opened.
	File string `json:"file,omitempty"`
	// Upstream is where the request is handed to.
	Upstream *Upstream `json:"upstream,omitempty"`
	// Undecided is why the configuration alone does not tell.
	Undecided string `json:"undecided,omitempty"`
	// Provided are the steps that may still refuse, which the configuration
	// alone does not tell either; the rest is what happens where they do not.
	Provided []RouteStep `json:"provided,omitempty"`
}

// RouteStep is one decision.
type RouteStep struct {
	Kind string `json:"kind"` // a word of the server's: server, location, …
	Text string `json:"text"` // what was decided, for people
	URI  string `json:"uri,omitempty"`
	// Pos is where the directive stands that decided, and Directive how it is
	// written; zero where none did.
	Pos       conf.Pos `json:"pos,omitzero"`
	Directive string   `json:"directive,omitempty"`
}

// Upstream is where a request is handed to.
type Upstream struct {
	Protocol string   `json:"protocol"`
	Host     string   `json:"host"` // or the name of a group of servers
	Peers    []string `json:"peers,omitempty"`
	// URI is the request target that it is asked for, where the protocol has one.
	URI string `json:"uri,omitempty"`
	// Unknown says what of the address the configuration does not tell.
	Unknown string `json:"unknown,omitempty"`
}
