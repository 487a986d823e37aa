package lighttpd

import (
	"path"
	"slices"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// site is what the causes know of a run: the configuration, and the way of the
// download and of its handoff through it.
type site struct {
	cause.Site[*Route]
	conf   *Config
	router *Router
	unseen []string // paths that the router asked about and nobody looked at
}

// siteOf prepares what the causes know; nil where no configuration of
// lighttpd's is at hand.
func siteOf(v *diag.View) *site { return cause.Of(v, kindName, newSite) }

func newSite(v *diag.View) *site {
	s := &site{Site: cause.New[*Route](v, written, parseEvent), conf: cause.Parsed(v, Parse)}
	s.router = NewRouter(s.conf, RouterOptions{Files: s.onDisk})
	x := v.Exchange(diag.ProxyGet)
	if x == nil || s.File == nil {
		return s
	}
	s.Download = s.follow(x)
	if h, ok := s.HandedOver(handoffField); ok {
		s.Value = h.Value
		s.Handoff = NewRouter(s.conf, RouterOptions{}).Handoff(s.answered(s.Download), h)
	}
	return s
}

// onDisk is what was seen at a path of the proxy's machine.
func (s *site) onDisk(name string) route.FileKind {
	if !s.Here() {
		return route.FileUnknown
	}
	if name = path.Clean(name); s.Path(s.Real(name)) == nil && !slices.Contains(s.unseen, name) {
		s.unseen = append(s.unseen, name)
	}
	return s.OnDisk(name)
}

// answered is a route with the host that is the backend, if one is, as the one
// that answers.
func (s *site) answered(t *Route) *Route {
	for _, h := range t.Hosts {
		if s.IsBackend(h.Peer) == diag.Yes {
			return t.Answered(h)
		}
	}
	return t
}

// follow is the way of an exchange through the configuration, on from socket to
// socket where lighttpd hands it to itself.
func (s *site) follow(x *diag.Exchange) *Route {
	_, last := cause.Follow(cause.Request(x), s.router.Route, s.next)
	return last
}

// next is the request that a route sends to a socket of this configuration.
func (s *site) next(t *Route) (route.Request, bool) {
	u := cause.Upstream(t)
	if u == nil || u.Unknown != "" || u.Protocol != "http" {
		return route.Request{}, false
	}
	for _, p := range u.Peers {
		if _, ok := s.router.accepts(p.Addr); !ok || s.IsBackend(p) == diag.Yes {
			continue
		}
		q := t.state.req
		return route.Request{Method: q.Method, Scheme: "http", Host: q.Host, Addr: p.Addr, URI: u.URI, Header: q.Header, Client: cause.Client(p.Addr)}, true
	}
	return route.Request{}, false
}

// handsOver says that the handoff names the stored file.
func (s *site) handsOver() bool {
	file := simplify(decodePath(s.Value))
	return path.IsAbs(file) && (s.File.Path == "" || s.Same(file, s.File.Path))
}

// host is the backend that answers the download.
func (s *site) host() *Host {
	if s.Handoff == nil || len(s.Handoff.Hosts) == 0 {
		return nil
	}
	return s.Handoff.Hosts[0]
}
