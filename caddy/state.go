package caddy

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// maxSteps is how many handlers and routes one request may run.
const maxSteps = 20000

// state is a request on its way. Handlers run as in Caddy: each calls what
// follows it, or answers (caddyhttp, Middleware).
type state struct {
	r   *Router
	out *Passage

	req     route.Request
	method  string
	header  http.Header
	url     url.URL
	orig    url.URL
	failed  string
	lastURI string // that the last rewrite made
	steps   int

	vars     map[string]variable
	groups   map[string]bool
	maps     map[string]*Mapping
	captures map[string]string // of regular expressions, by placeholder
	file     *fileMatch        // of the matcher file

	resp *route.Handoff // the upstream's answer that is being handled
	// handling is whose response handlers it is that handle it: their
	// placeholders alone have its fields.
	handling string
	written  http.Header // the fields of the answer so far

	errors []*Route // what runs where a handler fails
	status int      // of the failure that is being handled
	// around are the intercepts that see the answer, the innermost last.
	around []around
}

// around is an intercept and what follows it.
type around struct {
	h    *Handler
	next func(*state)
}

// variable is a variable of the request.
type variable struct {
	value
	at *conf.Directive
}

// value is a text that may not be known.
type value struct {
	text string
	why  string // why it is not known, "" where it is
}

// clone is a state that goes on from here without touching this one.
func (s *state) clone() *state {
	c := *s
	out := *s.out
	out.Route = s.out.On()
	out.Listening, out.Server, out.URI = s.out.Listening, s.out.Server, s.out.URI
	out.Rewritten, out.Idle = slices.Clip(out.Rewritten), slices.Clip(out.Idle)
	out.made = maps.Clone(out.made)
	out.Copied, out.Changed, out.Encoded = slices.Clip(out.Copied), slices.Clip(out.Changed), slices.Clip(out.Encoded)
	out.Asked, out.Gates = slices.Clip(out.Asked), slices.Clip(out.Gates)
	out.state, out.next = nil, nil
	c.out = &out
	c.header, c.written = s.header.Clone(), s.written.Clone()
	c.vars, c.groups, c.captures, c.maps = maps.Clone(s.vars), maps.Clone(s.groups), maps.Clone(s.captures), maps.Clone(s.maps)
	c.around = slices.Clip(s.around)
	return &c
}

func (s *state) step(kind route.StepKind, by *conf.Directive, format string, args ...any) {
	s.out.URI = s.url.Path
	s.out.Note(kind, by, format, args...)
}

func (s *state) end(o route.Outcome, status int, text string) {
	s.out.URI, s.out.Args = s.url.Path, s.url.RawQuery
	s.out.End(o, status, text)
	if root, ok := s.vars["root"]; ok {
		s.out.Root, s.out.RootBy = root.text, root.at
	}
}

func (s *state) undecided(by *conf.Directive, format string, args ...any) {
	s.out.URI = s.url.Path
	s.out.Undecide(by, format, args...)
}

// nothing is what answers where no handler does: an empty answer.
func (s *state) nothing() {
	status := http.StatusOK
	if s.status != 0 {
		status = s.status
	}
	if s.out.Server == nil && s.out.Listening != nil && s.status == 0 {
		s.step(route.StepServer, nil, "no site is for the host %s: the answer is empty", s.req.Host)
	} else {
		s.step(route.StepReturn, nil, "nothing answers: the answer is empty")
	}
	s.end(route.Returned, status, "")
}

// routes runs routes one after the other, then next.
func (s *state) routes(list []*Route, next func(*state)) {
	if s.steps++; s.steps > maxSteps {
		s.undecided(nil, "more than %d routes", maxSteps)
		return
	}
	if len(list) == 0 {
		next(s)
		return
	}
	r, rest := list[0], list[1:]
	matches, why := s.anyMatch(r.Match)
	switch {
	case s.out.Outcome != "":
		return // a matcher has ended it
	case why != "":
		s.undecided(r.At, "%s", why)
		return
	case !matches, r.Group != "" && s.groups[r.Group]:
		s.routes(rest, next)
		return
	}
	if r.Group != "" {
		s.groups[r.Group] = true
	}
	if r.site {
		s.out.Server = r.At
		s.step(route.StepServer, r.At, "the site for %s", s.req.Host)
	}
	after := func(s *state) { s.routes(rest, next) }
	if r.Terminal {
		after = func(s *state) { s.nothing() }
	}
	s.handlers(r.Handlers, after)
}

// handlers runs the handlers of a route, then next.
func (s *state) handlers(list []*Handler, next func(*state)) {
	if len(list) == 0 {
		next(s)
		return
	}
	rest := list[1:]
	s.handler(list[0], func(s *state) { s.handlers(rest, next) })
}

// handler runs one handler.
func (s *state) handler(h *Handler, next func(*state)) {
	if s.steps++; s.steps > maxSteps {
		s.undecided(h.At, "more than %d handlers", maxSteps)
		return
	}
	switch h.Name {
	case "subroute":
		if h.At != nil && (h.At.Name == "handle" || h.At.Name == "handle_path" || h.At.Name == "route") {
			s.step(stepHandler, h.At, "%s", h.At.Name)
		}
		if h.Errors != nil {
			s.errors = h.Errors
		}
		s.routes(h.Routes, next)
	case "invoke":
		routes, ok := s.r.conf.named[h.Invoke]
		if why := whyUnset(h.Invoke); why != "" {
			s.undecided(h.At, "%s", why)
			return
		}
		if !ok {
			s.fail(h.At, http.StatusInternalServerError, "there is no route "+h.Invoke)
			return
		}
		s.routes(routes, next)
	case "vars":
		for _, v := range h.Vars {
			s.vars[v.Name] = variable{s.expand(v.Value), v.At}
			if v.Name == "root" {
				folder := s.vars["root"].text
				if s.vars["root"].why != "" {
					folder = v.Value
				}
				s.step(route.StepFile, v.At, "files are looked for in %s", folder)
			}
		}
		next(s)
	case "rewrite":
		if s.rewrite(h) {
			next(s)
		}
	case "reverse_proxy":
		s.proxy(h, next)
	case "intercept":
		s.around = append(s.around, around{h, next})
		next(s)
	case "file_server":
		s.fileServer(h, next)
	case "static_response":
		s.static(h)
	case "error":
		s.errorHandler(h)
	case "headers":
		s.headers(h.Headers)
		next(s)
	case "encode":
		s.out.Encoded = append(s.out.Encoded, h)
		next(s)
	case "copy_response_headers":
		s.copyHeaders(h)
		next(s)
	case "copy_response":
		s.out.By, s.out.CopiesBody = h, true
		s.step(route.StepReturn, h.At, "the backend's answer is passed on")
		s.end(route.Ignored, 0, "")
	case "authentication":
		s.authentication(h, next)
	case "acme_server", "metrics":
		s.out.By = h
		s.step(route.StepReturn, h.At, "answers by itself")
		s.end(route.Returned, http.StatusOK, "")
	case "map":
		if h.Map != nil {
			for _, name := range h.Map.Destinations {
				s.maps[name] = h.Map
			}
		}
		next(s)
	case "templates", "push", "request_body", "tracing", "log_append":
		next(s) // not about where a request goes
	default:
		if why := whyUnset(h.Name); why != "" {
			s.undecided(h.At, "%s", why)
			return
		}
		s.undecided(h.At, "the handler %s is not one that is known here", h.Name)
	}
}

// authentication refuses who does not say who they are; whether a password is
// right is not looked at.
func (s *state) authentication(h *Handler, next func(*state)) {
	if s.header.Get("Authorization") == "" {
		s.out.By = h
		s.step(route.StepAccess, h.At, "asks for a password")
		s.refuse(h.At, http.StatusUnauthorized)
		return
	}
	s.out.URI = s.url.Path
	s.out.Provide(h.At, "a password")
	next(s)
}

// refuse fails with a status that stands for itself.
func (s *state) refuse(by *conf.Directive, status int) { s.fail(by, status, "") }

// fail runs what is there for errors, on the request as it came in.
func (s *state) fail(by *conf.Directive, status int, why string) {
	if why != "" {
		s.step(stepFailure, by, "%s: %d", why, status)
	}
	if s.status != 0 || len(s.errors) == 0 {
		o := route.Refused
		if status >= 500 {
			o = route.Failed
		}
		s.end(o, status, "")
		return
	}
	s.status, s.out.failedAt = status, by
	s.url, s.method = s.orig, s.req.Method
	if s.method == "" {
		s.method = http.MethodGet
	}
	routes := s.errors
	s.step(stepHandler, routes[0].At, "handle_errors for %d", status)
	s.routes(routes, func(s *state) { s.nothing() })
}

// static answers by the configuration.
func (s *state) static(h *Handler) {
	s.out.By = h
	if h.Static.Abort {
		s.step(route.StepReturn, h.At, "closes the connection")
		s.end(route.Returned, 0, "")
		return
	}
	status := http.StatusOK
	if s.status != 0 {
		status = s.status
	}
	if h.Static.Status != "" {
		v := s.expand(h.Static.Status)
		n, err := strconv.Atoi(v.text)
		if v.why != "" || err != nil {
			s.undecided(h.At, "the status %s is not known", h.Static.Status)
			return
		}
		status = n
	}
	text := s.expand(h.Static.Body).text
	for _, f := range h.Static.Header {
		if strings.EqualFold(f.Name, "Location") && len(f.Values) > 0 && status/100 == 3 {
			text = s.expand(f.Values[0]).text
		}
	}
	s.step(route.StepReturn, h.At, "answers %d%s", status, ifAny(" ", text))
	s.end(route.Returned, status, text)
}

// ifAny is a text with something before it, nothing where it is empty.
func ifAny(before, text string) string {
	if text == "" {
		return ""
	}
	if len(text) > 80 {
		text = text[:77] + "…"
	}
	return before + text
}

func (s *state) errorHandler(h *Handler) {
	s.out.By = h
	status := http.StatusInternalServerError
	if v := s.expand(h.Static.Status); v.why == "" && v.text != "" {
		if n, err := strconv.Atoi(v.text); err == nil {
			status = n
		}
	}
	s.fail(h.At, status, fmt.Sprintf("an error%s", ifAny(": ", h.Static.Message)))
}

// headers changes fields of the request and of the answer.
func (s *state) headers(h *Headers) {
	for _, c := range h.Request {
		s.out.Asked = append(s.out.Asked, c)
		v := s.expand(c.Value)
		switch {
		case c.Op == "delete":
			s.header.Del(c.Name)
		case c.Op == "add":
			s.header.Add(c.Name, v.text)
		case c.Op == "set" || c.Op == "default" && s.header.Get(c.Name) == "":
			s.header.Set(c.Name, v.text)
		}
	}
	for _, c := range h.Response {
		c.Value = s.expand(c.Value).text
		s.out.Changed = append(s.out.Changed, c)
		if c.Op == "set" || c.Op == "add" {
			s.written.Add(c.Name, c.Value)
		}
	}
}

// copyHeaders takes fields of the upstream's answer over.
func (s *state) copyHeaders(h *Handler) {
	if s.resp == nil {
		return
	}
	s.out.Copied = append(s.out.Copied, h)
	s.step(stepHandler, h.At, "takes over %s", h.copiesText())
	for name, values := range s.resp.Header {
		if h.copies(name) {
			s.written[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
	}
}

// copies says that a copy_response_headers takes a field over.
func (h *Handler) copies(name string) bool {
	is := func(n string) bool { return strings.EqualFold(n, name) }
	if len(h.Include) > 0 {
		return slices.ContainsFunc(h.Include, is)
	}
	return !slices.ContainsFunc(h.Exclude, is)
}

func (h *Handler) copiesText() string {
	switch {
	case len(h.Include) > 0:
		return strings.Join(h.Include, ", ")
	case len(h.Exclude) > 0:
		return "all fields but " + strings.Join(h.Exclude, ", ")
	}
	return "all fields"
}
