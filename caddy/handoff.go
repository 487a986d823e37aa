package caddy

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// proxy hands the request to an upstream; what only asks whether the request may
// go on is taken to say yes.
func (s *state) proxy(h *Handler, next func(*state)) {
	p := h.Proxy
	if gate := h.asksOnly(); gate != nil {
		s.out.URI = s.url.Path
		s.out.Provide(h.At, "%s, which may refuse", strings.Join(h.dials(), ", "))
		s.out.Gates = append(s.out.Gates, h)
		s.routes(gate.Routes, next)
		return
	}
	asked := s.url
	if p.Rewrite != nil {
		c := s.clone()
		if !c.change(p.Rewrite) {
			s.undecided(h.At, "%s", c.out.Undecided)
			return
		}
		asked = c.url
	}
	u := &route.Upstream{Pass: h.At, Protocol: p.Transport, URI: target(asked)}
	if p.Transport == "http" && p.TLS {
		u.Protocol = "https"
	}
	if p.Transport == "fastcgi" {
		u.URI = ""
	}
	for _, d := range p.Upstreams {
		v := s.expand(d.Addr)
		if v.why != "" {
			u.Unknown = v.why
			continue
		}
		for _, addr := range ports(v.text) {
			u.Peers = append(u.Peers, route.Peer{Addr: addr, Directive: d.At})
		}
	}
	if p.Dynamic {
		u.Unknown = "its upstreams are looked up while Caddy runs"
	}
	if u.Unknown != "" {
		u.Peers = nil // which one is asked cannot be told
	}
	switch {
	case len(u.Peers) > 0:
		u.Host = u.Peers[0].Addr
	case len(p.Upstreams) > 0:
		u.Host = p.Upstreams[0].Addr
	}
	s.out.Proxy, s.out.By, s.out.Upstream = h, h, u
	s.step(route.StepProxy, h.At, "hands over to %s, which is asked for %s", u.Host, u.URI)
	s.end(route.Proxied, 0, "")
	s.out.state, s.out.next = s, next
}

// target is the request target of a URL.
func target(u url.URL) string {
	t := u.EscapedPath()
	if t == "" {
		t = "/"
	}
	if u.RawQuery != "" || u.ForceQuery {
		t += "?" + u.RawQuery
	}
	return t
}

// ports are the addresses of one with a range of ports, written as the rest of
// proxydiag does.
func ports(addr string) []string {
	if socket, ok := strings.CutPrefix(addr, "unix/"); ok {
		return []string{"unix:" + socket}
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return []string{addr}
	}
	if host == "" {
		host = "localhost"
	}
	first, last, many := strings.Cut(port, "-")
	begin, err1 := strconv.Atoi(first)
	end, err2 := strconv.Atoi(last)
	if !many || err1 != nil || err2 != nil || end-begin > 1000 {
		return []string{net.JoinHostPort(host, port)}
	}
	var list []string
	for n := begin; n <= end; n++ {
		list = append(list, net.JoinHostPort(host, strconv.Itoa(n)))
	}
	return list
}

func (h *Handler) dials() []string {
	var list []string
	for _, d := range h.Proxy.Upstreams {
		list = append(list, d.Addr)
	}
	return list
}

// asksOnly is the response handler by which a reverse_proxy lets a request go
// on to what follows, as forward_auth does: for every 2xx, without an answer of
// its own. nil: it is an ordinary one.
func (h *Handler) asksOnly() *Response {
	if h.Proxy.Rewrite == nil || h.Proxy.Rewrite.Method != http.MethodGet {
		return nil
	}
	for _, r := range h.Responses {
		if r.Status != "" || r.Match == nil || len(r.Match.Fields) > 0 || !slices.Contains(r.Match.Status, 2) {
			continue
		}
		for _, inner := range r.Routes {
			for _, handler := range inner.Handlers {
				if handler.Name != "headers" && handler.Name != "vars" && handler.Name != "request_header" {
					return nil
				}
			}
		}
		return r
	}
	return nil
}

// answered is what becomes of an upstream's answer: the first response handler
// that it matches runs in its place (reverseproxy.go).
func (s *state) answered(h *Handler, answer route.Handoff, next func(*state)) {
	s.resp = &answer
	for _, r := range h.Responses {
		matches, why := s.responds(r.Match)
		switch {
		case why != "":
			s.undecided(r.At, "%s", why)
			return
		case !matches:
			s.out.Refused = append(s.out.Refused, r)
			continue
		case r.Status != "":
			s.step(route.StepHandoff, r.At, "only the status is replaced")
			s.passedOn()
			return
		case len(r.Routes) == 0:
			continue
		}
		s.out.Response, s.handling = r, "reverse_proxy"
		s.step(route.StepHandoff, r.At, "takes the answer")
		s.routes(r.Routes, next)
		return
	}
	for name, values := range answer.Header {
		s.written[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	s.intercepted()
}

// intercepted is what becomes of an answer that the reverse_proxy passes on:
// the innermost intercept that it matches answers in its place.
func (s *state) intercepted() {
	for i := len(s.around) - 1; i >= 0; i-- {
		a := s.around[i]
		for _, r := range a.h.Responses {
			matches, why := s.responds(r.Match)
			switch {
			case why != "":
				s.undecided(r.At, "%s", why)
				return
			case !matches:
				s.out.Refused = append(s.out.Refused, r)
				continue
			case r.Status != "":
				s.passedOn()
				return
			}
			s.out.Response, s.around, s.handling = r, s.around[:i], "intercept"
			s.step(route.StepHandoff, r.At, "takes the answer")
			s.routes(r.Routes, a.next)
			return
		}
	}
	s.passedOn()
}

// passedOn ends with the upstream's answer as it is.
func (s *state) passedOn() {
	s.step(route.StepHandoff, nil, "the answer is passed on as it is")
	s.end(route.Ignored, 0, "")
}

// responds says whether an answer matches.
func (s *state) responds(m *ResponseMatch) (matches bool, why string) {
	if m == nil {
		return true, ""
	}
	if len(m.Status) > 0 && !slices.ContainsFunc(m.Status, func(code int) bool {
		return code == s.resp.Status || code < 100 && code == s.resp.Status/100
	}) {
		return false, ""
	}
	return s.fields(m.Fields, s.resp.Header)
}
