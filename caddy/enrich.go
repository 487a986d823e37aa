package caddy

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// responsible is the directive that a finding of the neutral package is about,
// nil where none stands out.
func (s *site) responsible(code string) *conf.Directive {
	d, h := s.Download, s.Handoff
	switch code {
	case "proxy-redirects", "proxy-not-routed", "proxy-auth-required":
		return cause.First(s.gate(d), s.answers(d))
	case "proxy-path-rewritten":
		return s.rewriter(d)
	case "proxy-bad-gateway":
		if reached, _ := s.Reached(diag.ProxyGet); reached == diag.Yes && s.inner() != nil {
			return s.inner()
		}
		return cause.First(s.answersOwn(d), cause.Pass(d))
	case "proxy-timeout":
		return cause.First(below(cause.Pass(d), "response_header_timeout", "read_timeout", "dial_timeout"), cause.Pass(d))
	case "proxy-host-rejected":
		return cause.First(sends(d, "Host"), cause.Pass(d))
	case "proxy-scheme-lost":
		return cause.First(sends(d, "X-Forwarded-Proto"), cause.Pass(d))
	case "proxy-direct-broken":
		if x := s.Exchange(diag.DirectGet); x != nil {
			t := s.follow(x)
			return cause.First(s.answersOwn(t), t.FileBy, t.RootBy, t.Server)
		}
	case "proxy-method-blocked", "proxy-head-broken":
		if x := s.Exchange(diag.ProxyHead); x != nil {
			return s.answers(s.follow(x))
		}
	case "proxy-compressed-download":
		return s.encoder()
	case "proxy-ranges-broken":
		return cause.First(s.drops("Range", "If-Range"), s.status(), s.changed("Accept-Ranges", "Content-Range"), s.encoder())
	case "proxy-conditional-broken":
		return cause.First(s.drops("If-None-Match", "If-Modified-Since"), s.status(), s.changed("ETag", "Last-Modified"), s.encoder())
	case "proxy-cache-control-overridden":
		return s.changed("Cache-Control", "Expires")
	case "proxy-header-duplicated":
		return cause.First(s.Changed(s.lastChange), s.changed("Content-Disposition", "Content-Type", "Cache-Control"))
	case "proxy-header-lost":
		return cause.First(s.Changed(s.lastChange), s.changed("Content-Type", "Content-Disposition", "Cache-Control", "Set-Cookie"))
	case "proxy-error-masked":
		for _, probe := range []string{diag.ProxyDenied, diag.ProxyMissing} {
			if x := s.Exchange(probe); x.Answered() && x.Status/100 == 2 {
				if at := s.masks(x, probe); at != nil {
					return at
				}
			}
		}
	case "handoff-internal-exposed", "handoff-traversal":
		if x := s.Exchange(diag.ProxyInternal); x != nil {
			t := s.follow(x)
			return cause.First(s.answersOwn(t), cause.Pass(t))
		}
	case "handoff-ignored", "handoff-leaked":
		return cause.First(cause.Pass(d))
	case "handoff-not-found", "handoff-forbidden", "handoff-wrong-content", "handoff-echoed", "handoff-loop":
		if h != nil {
			return cause.First(s.answersOwn(h), h.FileBy, responseAt(h), cause.Pass(h))
		}
	}
	return nil
}

// final is the passage that ends with the answer that the client gets.
func (s *site) final() *Passage {
	if s.Handoff != nil {
		return s.Handoff
	}
	return s.Download
}

// answers is what answers in the place of the backend: a handler, or the site
// where nothing in it does.
func (s *site) answers(t *Passage) *conf.Directive {
	return cause.First(s.answersOwn(t), t.Deciding(route.StepUnknown), cause.Pass(t), t.Server)
}

// answersOwn is the handler that answers by the configuration alone.
func (s *site) answersOwn(t *Passage) *conf.Directive {
	if t.By == nil || t.Outcome == route.Proxied {
		return t.Deciding(route.StepAccess)
	}
	return cause.First(t.failedAt, t.By.At)
}

// gate is what asks another service whether the download may go on, where the
// rest of its way leads to the backend: then it is what did not let it; nil for
// none.
func (s *site) gate(t *Passage) *conf.Directive {
	if t.Outcome != route.Proxied || len(t.Gates) == 0 {
		return nil
	}
	return t.Gates[0].At
}

// encoder is the encode around the answer, nil for none.
func (s *site) encoder() *conf.Directive {
	if t := s.final(); len(t.Encoded) > 0 {
		return t.Encoded[len(t.Encoded)-1].At
	}
	return nil
}

// status is what gives each answer of the file_server one status, nil for none.
func (s *site) status() *conf.Directive {
	if by := s.final().By; by != nil && by.Files != nil && by.Files.Status != "" {
		return cause.First(below(by.At, "status"), by.At)
	}
	return nil
}

// drops is what takes one of the fields off the request, or changes it; nil for none.
func (s *site) drops(names ...string) *conf.Directive {
	for _, c := range s.final().Asked {
		if slices.ContainsFunc(names, c.is) {
			return c.At
		}
	}
	return nil
}

// lastChange is what changes a field of the answer last, nil for none.
func (s *site) lastChange(name string) *conf.Directive { return s.changed(name) }

// rewriter is what changes the URI on the way to the backend.
func (s *site) rewriter(t *Passage) *conf.Directive {
	if p := t.Proxy; p != nil && p.Proxy.Rewrite != nil {
		return cause.First(below(p.At, "rewrite"), p.At)
	}
	if n := len(t.Rewritten); n > 0 {
		return t.Rewritten[n-1].At
	}
	return cause.Pass(t)
}

// below is the first directive of one of the names in a block, however deep.
func below(d *conf.Directive, names ...string) *conf.Directive {
	for _, name := range names {
		var found *conf.Directive
		d.Walk(func(c *conf.Directive) bool {
			if c.Name == name && found == nil {
				found = c
			}
			return c == d || c.Name == "transport"
		})
		if found != nil {
			return found
		}
	}
	return nil
}

// sends is what sets a field of the request to the backend.
func sends(t *Passage, name string) *conf.Directive {
	if t.Proxy == nil || t.Proxy.Proxy.Up == nil {
		return nil
	}
	for _, c := range t.Proxy.Proxy.Up.Request {
		if strings.EqualFold(c.Name, name) {
			return c.At
		}
	}
	return nil
}

// changed is what changes one of the fields of the answer.
func (s *site) changed(names ...string) *conf.Directive {
	t := s.final()
	for _, name := range names {
		for i := len(t.Changed) - 1; i >= 0; i-- {
			if c := t.Changed[i]; c.is(name) {
				return c.At
			}
		}
	}
	if p := s.Download.Proxy; p != nil && p.Proxy.Up != nil {
		for _, name := range names {
			for _, c := range p.Proxy.Up.Response {
				if c.is(name) {
					return c.At
				}
			}
		}
	}
	return nil
}

// is says that a change is of a field: its name may begin or end with a star
// where fields are deleted (headers.go, HeaderOps).
func (c HeaderChange) is(name string) bool {
	pattern, name := strings.ToLower(c.Name), strings.ToLower(name)
	begin, begins := strings.CutSuffix(pattern, "*")
	end, ends := strings.CutPrefix(begin, "*")
	switch {
	case begins && ends:
		return strings.Contains(name, end)
	case begins:
		return strings.HasPrefix(name, begin)
	case ends:
		return strings.HasSuffix(name, end)
	}
	return pattern == name
}

// masks is what answers for a refusal of the backend's.
func (s *site) masks(x *diag.Exchange, probe string) *conf.Directive {
	t := s.follow(x)
	b := s.Exchange(strings.Replace(probe, "proxy-", "backend-", 1))
	if t.Outcome != route.Proxied || !b.Answered() {
		return s.answers(t)
	}
	h := route.Handoff{Status: b.Status, Header: cause.Fields(b)}
	after := s.router.Handoff(t, h)
	return cause.First(responseAt(after), after.Deciding(route.StepHandoff), cause.Pass(t))
}

// responseAt is the handle_response that a handoff came to.
func responseAt(t *Passage) *conf.Directive {
	if t.Response == nil {
		return nil
	}
	return t.Response.At
}
