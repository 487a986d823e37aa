package caddy

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// walk calls f for every handler of routes, those of subroutes, of responses
// and of errors as well. within are the response handlers around it, outermost
// first.
func walk(routes []*Route, within []*Response, f func(r *Route, h *Handler, within []*Response)) {
	for _, r := range routes {
		for _, h := range r.Handlers {
			f(r, h, within)
			walk(h.Routes, within, f)
			walk(h.Errors, within, f)
			for _, resp := range h.Responses {
				walk(resp.Routes, append(within[:len(within):len(within)], resp), f)
			}
		}
	}
}

// handlers calls f for every handler of the configuration, once each.
func (c *Config) handlers(f func(r *Route, h *Handler, within []*Response)) {
	seen := map[*Handler]bool{}
	walk(c.routes(), nil, func(r *Route, h *Handler, within []*Response) {
		if !seen[h] {
			seen[h] = true
			f(r, h, within)
		}
	})
}

// routes are those of all servers, and the named ones.
func (c *Config) routes() []*Route {
	var list []*Route
	for _, s := range c.Servers {
		list = append(append(list, s.Routes...), s.Errors...)
	}
	return append(list, c.namedRoutes()...)
}

// namedRoutes are those that others invoke.
func (c *Config) namedRoutes() []*Route {
	var list []*Route
	for _, name := range slices.Sorted(maps.Keys(c.named)) {
		list = append(list, c.named[name]...)
	}
	return list
}

// responses are the response handlers that are meant for handoffs, each with
// the handler that it belongs to.
func (c *Config) responses(f func(h *Handler, r *Response)) {
	c.handlers(func(_ *Route, h *Handler, _ []*Response) {
		for _, r := range h.Responses {
			if r.forHandoffs() {
				f(h, r)
			}
		}
	})
}

// forHandoffs says that a response handler is meant for handoffs: it waits for
// a field by which a backend hands off, or it makes a path of a field.
func (r *Response) forHandoffs() bool {
	if r.Status != "" {
		return false
	}
	if r.Match != nil {
		for _, f := range r.Match.Fields {
			if isHandoffField(f.Name) && len(f.Values) > 0 {
				return true
			}
		}
	}
	found := false
	walk(r.Routes, nil, func(_ *Route, h *Handler, _ []*Response) {
		if h.Rewrite != nil && source(h.Rewrite) == fromAnswer {
			found = true
		}
	})
	return found
}

func isHandoffField(name string) bool {
	for _, n := range sendfile.Headers() {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// origin is where the path that a rewrite makes comes from.
type origin int

const (
	fromElsewhere origin = iota // the request's own URI, or plain text
	fromAnswer                  // a field of the upstream's answer
	fromRequest                 // a field of the request: the client's
	fromWriter                  // a field of the answer as it is being written
)

// anyHeader matches a placeholder for a field, of whatever.
var anyHeader = regexp.MustCompile(`\{[^{}]*header[^{}]*\}`)

// source tells where the path of a rewrite comes from.
func source(r *Rewrite) origin {
	uri := strings.ToLower(r.URI)
	if r.from != "" {
		uri = strings.ToLower(r.from)
	}
	switch {
	case strings.Contains(uri, "{http.reverse_proxy.header."), strings.Contains(uri, "{http.intercept.header."):
		return fromAnswer
	case strings.Contains(uri, "{http.request.header."), strings.Contains(uri, "{http.request.cookie."), strings.Contains(uri, "{http.request.uri.query."):
		return fromRequest
	case anyHeader.MatchString(uri):
		return fromWriter
	}
	return fromElsewhere
}

// sends says that a response handler has something that answers: it sends files,
// or an answer of its own.
func (r *Response) sends() bool {
	found := false
	walk(r.Routes, nil, func(_ *Route, h *Handler, _ []*Response) {
		switch h.Name {
		case "file_server", "reverse_proxy", "static_response", "error", "copy_response", "invoke":
			found = true
		}
	})
	return found
}
