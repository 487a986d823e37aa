package nginx

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// fail ends the way with a status of 300 or above, unless error_page has
// another way for it (ngx_http_special_response_handler).
func (s *state) fail(status int, o route.Outcome, by *conf.Directive, reason string) {
	if reason != "" {
		s.step(StepFailure, by, "%s (%d)", reason, status)
	}
	if s.level != nil && !s.errorPage && !s.noPages && s.changes > 0 && status >= 300 {
		pages := effective(s.level, "error_page")
		if len(pages) > 0 && setting(s.level, "recursive_error_pages", "off") != "on" {
			s.errorPage = true
		}
		for _, d := range pages {
			if p, ok := errorPageFor(d, status); ok {
				s.page(d, p, status)
				return
			}
		}
	}
	s.errStatus = status
	s.end(o, status, s.out.Text)
}

// errorPageOf is an error_page directive for one status.
type errorPageOf struct {
	uri       string
	overwrite int // the status instead, 0 for that of the page, -1 for none
}

// errorPageFor reads error_page code … [=[response]] uri.
func errorPageFor(d *conf.Directive, status int) (p errorPageOf, ok bool) {
	words := d.Texts(0)
	n := len(words) - 1
	if n < 1 {
		return p, false
	}
	p.uri, p.overwrite = words[n], -1
	if code, found := strings.CutPrefix(words[n-1], "="); found {
		p.overwrite, _ = strconv.Atoi(code)
		n--
	}
	return p, slices.Contains(words[:n], strconv.Itoa(status))
}

// page follows an error_page.
func (s *state) page(d *conf.Directive, p errorPageOf, status int) {
	s.errStatus = status
	if p.overwrite >= 0 {
		s.errStatus = p.overwrite
	}
	v := s.expand(p.uri, false)
	if v.why != "" {
		s.undecided(d, "the page for %d is not known: %s", status, v.why)
		return
	}
	s.out.Text = ""
	switch {
	case strings.HasPrefix(v.text, "/"):
		s.step(StepErrorPage, d, "%d is answered by %s", status, v.text)
		if s.req.Method != http.MethodHead {
			s.req.Method = http.MethodGet
		}
		uri, args, _ := strings.Cut(v.text, "?")
		s.redirect(uri, args)
	case strings.HasPrefix(v.text, "@"):
		s.step(StepErrorPage, d, "%d is answered by %s", status, v.text)
		s.named(v.text, d)
	default:
		if !isRedirect(p.overwrite) {
			p.overwrite = http.StatusFound
		}
		s.step(StepErrorPage, d, "%d is answered by a redirect (%d) to %s", status, p.overwrite, v.text)
		s.end(route.Returned, p.overwrite, v.text)
	}
}

// handoff begins the internal redirect that X-Accel-Redirect asks for
// (ngx_http_upstream_process_headers).
func (s *state) handoff(h route.Handoff) {
	s.upstream = h.Header
	if s.upstream == nil {
		s.upstream = http.Header{}
	}
	prefix := "proxy"
	if s.handler != nil {
		prefix = strings.TrimSuffix(s.handler.Name, "_pass")
	}
	if h.Status >= 300 && setting(s.level, prefix+"_intercept_errors", "off") == "on" {
		for _, d := range effective(s.level, "error_page") {
			if _, ok := errorPageFor(d, h.Status); ok {
				s.step(StepErrorPage, last(s.level, prefix+"_intercept_errors"), "the upstream's %d is not passed on, nor its handoff taken", h.Status)
				s.fail(h.Status, route.Refused, nil, "")
				return
			}
		}
	}
	for _, d := range effective(s.level, prefix+"_ignore_headers") {
		if slices.ContainsFunc(d.Texts(0), func(n string) bool { return strings.EqualFold(n, "X-Accel-Redirect") }) {
			s.step(route.StepHandoff, d, "X-Accel-Redirect is ignored")
			s.end(route.Ignored, h.Status, "")
			return
		}
	}
	if strings.HasPrefix(h.Value, "@") {
		s.step(route.StepHandoff, nil, "X-Accel-Redirect names the location %s", h.Value)
		s.named(h.Value, nil)
		return
	}
	uri, args, ok := internalURI(h.Value)
	if !ok {
		s.step(route.StepHandoff, nil, "X-Accel-Redirect %q is unsafe", h.Value)
		s.fail(http.StatusNotFound, route.Refused, nil, "")
		return
	}
	if s.req.Method != http.MethodHead {
		s.req.Method = http.MethodGet
	}
	s.uri = uri
	s.step(route.StepHandoff, nil, "X-Accel-Redirect begins an internal redirect to %s", withArgs(uri, args))
	s.redirect(uri, args)
}
