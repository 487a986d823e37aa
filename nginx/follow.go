package nginx

import (
	"net"
	"net/http"
	"net/url"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// follow is the router for people: a URL's way in neutral words.
func follow(source conf.Source, q server.RouteRequest) (server.RouteResult, error) {
	c, err := Parse(source)
	if c.HTTP == nil {
		if err == nil {
			err = &conf.Error{Problems: []conf.Problem{{Kind: conf.Empty, Message: "the configuration has no http block, so it answers no request"}}}
		}
		return server.RouteResult{}, err
	}
	opts := RouterOptions{}
	if q.Look != nil {
		opts.Files = func(path string) FileKind { return FileKind(q.Look(path)) }
	}
	r := NewRouter(c, opts)
	t := r.asked(q)
	result := server.RouteResult{Request: t.neutral(0)}
	if q.Handoff != "" && t.Outcome == Proxied {
		h := r.Redirect(t, Handoff{Value: q.Handoff, Header: http.Header{header: {q.Handoff}}}).neutral(len(t.Steps))
		result.Handoff = &h
	}
	return result, nil
}

// asked follows a request for a URL. A host that is an address is the one that
// the connection is made to; where nothing listens there its port may be mapped
// to another one, and the router chooses by that.
func (r *Router) asked(q server.RouteRequest) *Route {
	req := Request{Method: q.Method, Scheme: q.URL.Scheme, Host: q.URL.Host, URI: q.URL.RequestURI()}
	if q.Host != "" {
		req.Host = q.Host
		if _, port, ok := splitHost(q.Host); ok && port == "" && q.URL.Port() != "" {
			req.Host += ":" + q.URL.Port()
		}
	}
	if net.ParseIP(q.URL.Hostname()) != nil {
		at := req
		at.Addr = net.JoinHostPort(q.URL.Hostname(), port(q.URL))
		if t := r.Route(at); t.Server != nil || t.Outcome != Failed {
			return t
		}
	}
	return r.Route(req)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// neutral puts a route into the words that all kinds of server have in common,
// without its first steps.
func (t *Route) neutral(skip int) server.Route {
	out := server.Route{
		Steps: []server.RouteStep{}, Outcome: server.Outcome(t.Outcome), Status: t.Status, Text: t.Text, Undecided: t.Undecided,
	}
	for _, step := range t.Steps[min(skip, len(t.Steps)):] {
		out.Steps = append(out.Steps, step.neutral())
		if step.Kind == StepProvided {
			out.Provided = append(out.Provided, step.neutral())
		}
	}
	if t.Outcome == File || t.Outcome == Folder {
		out.File = t.File
	}
	if u := t.Upstream; u != nil && t.Outcome == Proxied {
		out.Upstream = &server.Upstream{Protocol: u.Protocol, Host: u.Host, URI: u.URI, Unknown: u.Unknown}
		for _, p := range u.Peers {
			out.Upstream.Peers = append(out.Upstream.Peers, p.Addr)
		}
	}
	return out
}

func (s Step) neutral() server.RouteStep {
	out := server.RouteStep{Kind: string(s.Kind), Text: s.Text, URI: s.URI}
	if l := place(s.Directive); l != nil {
		out.Pos, out.Directive = s.Directive.Pos, l.Text
	}
	return out
}
