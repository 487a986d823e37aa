package nginx

import (
	"net/http"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// content answers the request: by the handler in force, or from a file.
func (s *state) content() {
	switch {
	case s.handler == nil:
		s.static()
	case protocols[s.handler.Name] != "":
		s.pass()
	case s.handler.Name == "empty_gif" || s.handler.Name == "stub_status":
		s.step(route.StepReturn, s.handler, "answers by itself")
		s.end(route.Returned, s.okStatus(), "")
	default:
		s.undecided(s.handler, "%s answers, in a way that the configuration does not tell", s.handler.Name)
	}
}

// pass hands the request to an upstream: to that of the block in force, which
// an if has of its own or takes from its location. The handler may be that of
// another if, which held before (ngx_http_script_if_code, and noname in
// ngx_http_proxy_merge_loc_conf).
func (s *state) pass() {
	d := last(s.level, s.handler.Name)
	if d == nil {
		s.fail(http.StatusInternalServerError, route.Failed, s.handler, "no upstream configuration: another if holds after this one, and its settings are in force")
		return
	}
	u := &route.Upstream{Pass: d, Protocol: protocols[d.Name]}
	s.out.Upstream = u
	text, inherits := d.Arg(0), d.Parent
	v := s.expand(text, false)
	if v.why != "" {
		u.Unknown = v.why
		s.step(route.StepProxy, d, "hands over to an upstream that is not known: %s", v.why)
		s.end(route.Proxied, 0, "")
		return
	}
	address, uri, standard := v.text, "", ""
	if d.Name == "proxy_pass" || d.Name == "grpc_pass" {
		address, uri, standard = s.splitURL(u, v.text)
	}
	u.Host = address
	s.r.peers(u, d, standard)
	if u.Protocol == "http" || u.Protocol == "https" {
		u.URI = s.upstreamURI(uri, inherits, strings.Contains(text, "$"))
		s.step(route.StepProxy, d, "hands over to %s, which is asked for %s", u.Host, u.URI)
	} else {
		s.step(route.StepProxy, d, "hands over to %s", u.Host)
	}
	s.end(route.Proxied, s.errStatus, "")
}

// splitURL cuts the URL of proxy_pass into host and URI.
func (s *state) splitURL(u *route.Upstream, text string) (address, uri, port string) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text, "", ""
	}
	switch scheme = strings.ToLower(scheme); scheme {
	case "http", "grpc":
		port = "80"
	case "https", "grpcs":
		port = "443"
	}
	if u.Protocol == "http" {
		u.Protocol = scheme
	}
	if path, isUnix := strings.CutPrefix(rest, "unix:"); isUnix {
		path, uri, _ = strings.Cut(path, ":")
		return "unix:" + path, uri, ""
	}
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		return rest[:i], rest[i:], port
	}
	return rest, "", port
}

// peers finds the servers of an upstream block, or the one that is written.
func (r *Router) peers(u *route.Upstream, pass *conf.Directive, port string) {
	u.Block = r.upstreams[u.Host]
	if u.Block == nil && r.conf.Fragment && !strings.ContainsAny(u.Host, ".:") && u.Host != "localhost" {
		return // an upstream block of a file that was not read, or a host
	}
	if u.Block == nil {
		u.Peers = []route.Peer{{Addr: withPort(u.Host, port), Directive: pass}}
		return
	}
	for _, d := range u.Block.All("server") {
		p := route.Peer{Addr: withPort(d.Arg(0), "80"), Directive: d}
		for _, word := range d.Texts(1) {
			p.Down = p.Down || word == "down"
			p.Backup = p.Backup || word == "backup"
		}
		u.Peers = append(u.Peers, p)
	}
}

// withPort adds a port where an address has none.
func withPort(addr, port string) string {
	if port == "" || strings.HasPrefix(addr, "unix:") || strings.LastIndexByte(addr, ':') > strings.LastIndexByte(addr, ']') {
		return addr
	}
	return addr + ":" + port
}

// upstreamURI is the request target that proxy_pass sends
// (ngx_http_proxy_create_request): the URI that a proxy_pass with variables
// names, as it is; without a URI part what the client sent, unless the URI
// was changed; otherwise the URI part in place of the location's name.
func (s *state) upstreamURI(uri string, in *conf.Directive, variables bool) string {
	switch {
	case variables && uri != "":
		if uri[0] == '?' {
			uri = "/" + uri
		}
		return uri
	case uri == "" && s.validUnparsed:
		return s.unparsed
	}
	rest := s.uri
	if s.validLocation && uri != "" {
		for in.Name != "location" && in.Parent != nil {
			in = in.Parent
		}
		_, name := LocationName(in)
		rest = rest[min(len(name), len(rest)):]
	} else {
		uri = ""
	}
	if s.quoted || s.internal {
		rest = escapeURI(rest)
	}
	return withArgs(uri+rest, s.args)
}
