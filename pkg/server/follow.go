package server

import (
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// Router follows requests through one configuration. R is the kind's own
// route: a pointer to what embeds route.Route.
type Router[R interface{ Common() *route.Route }] interface {
	// Route follows a request from its first byte to its outcome.
	Route(route.Request) R
	// Handoff follows what the proxy makes of an answer that hands over. from is
	// the route whose upstream answered.
	Handoff(from R, h route.Handoff) R
}

// Follow is the way of a URL, and of the answer with the handoff's field, in
// the words of Route. written writes a directive as it stands in its file.
func Follow[R interface{ Common() *route.Route }](r Router[R], q RouteRequest, field string, written func(*conf.Directive) string) RouteResult {
	t := Asked(r, q)
	result := RouteResult{Request: tell(t.Common(), 0, written)}
	if q.Handoff != "" && t.Common().Outcome == route.Proxied {
		h := r.Handoff(t, route.Handoff{Value: q.Handoff, Header: http.Header{field: {q.Handoff}}})
		told := tell(h.Common(), len(t.Common().Steps), written)
		result.Handoff = &told
	}
	return result
}

// Asked follows a request for a URL. A host that is an address is the one that
// the connection is made to; where nothing listens there its port may be mapped
// to another one, and the router chooses by that.
func Asked[R interface{ Common() *route.Route }](r Router[R], q RouteRequest) R {
	req := route.Request{Method: q.Method, Scheme: q.URL.Scheme, Host: q.URL.Host, URI: q.URL.RequestURI()}
	if q.Host != "" {
		req.Host = q.Host
		if own := (&url.URL{Host: q.Host}).Port(); own == "" && q.URL.Port() != "" {
			req.Host += ":" + q.URL.Port()
		}
	}
	if net.ParseIP(q.URL.Hostname()) != nil {
		at := req
		at.Addr = net.JoinHostPort(q.URL.Hostname(), port(q.URL))
		t := r.Route(at)
		if c := t.Common(); c.Server != nil || c.Outcome != route.Failed {
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

// tell puts a route into words, without its first steps.
func tell(t *route.Route, skip int, written func(*conf.Directive) string) Route {
	out := Route{Steps: []RouteStep{}, Outcome: t.Outcome, Status: t.Status, Text: t.Text, Undecided: t.Undecided}
	for _, step := range t.Steps[min(skip, len(t.Steps)):] {
		told := RouteStep{Kind: string(step.Kind), Text: step.Text, URI: step.URI}
		if d := step.Directive; d != nil && d.Pos.Line > 0 {
			told.Pos, told.Directive = d.Pos, written(d)
			if d.Via != nil {
				told.Text += fmt.Sprintf(" (brought in at %s by %s)", d.Via.Pos, written(d.Via))
			}
		}
		out.Steps = append(out.Steps, told)
		if step.Kind == route.StepProvided {
			out.Provided = append(out.Provided, told)
		}
	}
	if t.Outcome == route.File || t.Outcome == route.Folder {
		out.File = t.File
	}
	if u := t.Upstream; u != nil && t.Outcome == route.Proxied {
		out.Upstream = &Upstream{Protocol: u.Protocol, Host: u.Host, URI: u.URI, Unknown: u.Unknown}
		for _, p := range u.Peers {
			out.Upstream.Peers = append(out.Upstream.Peers, p.Addr)
		}
	}
	return out
}
