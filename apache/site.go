package apache

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// site is what the causes know of a run: the configuration, and the way of the
// download and of its handoff through it.
type site struct {
	*diag.View
	conf   *Config
	router *Router

	file     *diag.FixtureRecord // the file that is asked for; nil without a run
	download *Route              // of the plain GET, in the virtual host that asks the backend; nil without a run
	value    string              // of the backend's X-Sendfile, "" for none
	handoff  *Route              // what becomes of it, nil where the route does not end at an upstream
	events   []event             // of the error log

	unseen []string // paths that the routes depend on and that nobody looked at
}

// keys of what is kept on a view.
type (
	siteKey   struct{}
	configKey struct{}
)

// siteOf prepares what the causes know; nil where no configuration of Apache's
// is at hand.
func siteOf(v *diag.View) *site {
	s, _ := v.Memo(siteKey{}, func() any { return newSite(v) }).(*site)
	return s
}

func newSite(v *diag.View) *site {
	c := v.Record.Config
	if c == nil || c.Kind != kindName {
		return nil
	}
	parsed, _ := v.Shared(configKey{}, func() any {
		parsed, _ := Parse(c.Source) // what is wrong with it was told before the run
		return parsed
	}).(*Config)
	s := &site{View: v, conf: parsed, file: v.Fixture(diag.RoleMain), events: parseLog(v.Record.Log)}
	s.router = NewRouter(parsed, RouterOptions{Files: s.onDisk})
	x := v.Exchange(diag.ProxyGet)
	if x == nil || s.file == nil {
		return s
	}
	s.download = s.follow(x)
	if b := v.Exchange(diag.BackendGet); b.Answered() && b.Header.Has(handoffField) && s.download.upstream() != nil {
		s.value = b.Header.Get(handoffField)
		s.handoff = NewRouter(parsed, RouterOptions{}).Handoff(s.download, Handoff{Value: s.value, Status: b.Status, Header: fields(b)})
	}
	return s
}

// follow is the way of an exchange through the configuration, on from virtual
// host to virtual host where one hands it to another one of this configuration.
func (s *site) follow(x *diag.Exchange) *Route {
	routes := s.tiers(x)
	return routes[len(routes)-1]
}

// listens says that this configuration listens on an address of this machine.
func (s *site) listens(addr string) bool {
	host, port := splitPort(addr)
	for _, d := range s.conf.Top.All("Listen") {
		on, own := splitPort(d.Arg(0))
		if own == "" { // a port alone
			on, own = "", on
		}
		if own == port && literal(host).IsLoopback() && (on == "" || literal(on).IsUnspecified() || literal(on).IsLoopback()) {
			return true
		}
	}
	return false
}

// request is an exchange as Apache got it.
func request(x *diag.Exchange) Request {
	q := Request{Method: x.Request.Method, Host: x.Request.Host, Addr: x.Remote, URI: "/", Header: http.Header{}, Client: client(x.Remote)}
	if u, err := url.Parse(x.Request.URL); err == nil {
		q.Scheme, q.URI = u.Scheme, u.RequestURI()
	}
	for _, f := range x.Request.Header {
		q.Header.Add(f.Name, f.Value)
	}
	return q
}

// client is the address that the proxy sees us at: on this machine that of the
// loopback, otherwise it is not known.
func client(remote string) netip.Addr {
	at, err := netip.ParseAddrPort(remote)
	switch {
	case err != nil || !at.Addr().IsLoopback():
		return netip.Addr{}
	case at.Addr().Is4():
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.IPv6Loopback()
}

func fields(x *diag.Exchange) http.Header {
	h := http.Header{}
	for _, f := range x.Header {
		h.Add(f.Name, f.Value)
	}
	return h
}

// lost says that the download does not arrive though the backend does its part.
func (s *site) lost() bool {
	return s.Stored() && s.download != nil && !s.Delivered() && s.Exchange(diag.ProxyGet).Answered() &&
		check.BackendFault(s.View) == ""
}

// status is what the proxy answers to the plain GET, 0 where it does not.
func (s *site) status() int {
	if x := s.Exchange(diag.ProxyGet); x != nil {
		return x.Status
	}
	return 0
}

// shows says that the wire shows one of the symptoms.
func (s *site) shows(symptoms ...string) bool {
	got := check.Symptom(s.View)
	for _, symptom := range symptoms {
		if got == symptom {
			return true
		}
	}
	return false
}

// passedOn says that the client gets the backend's answer in place of the file,
// though this configuration's upstream handed over.
func (s *site) passedOn() bool {
	return s.lost() && s.handoff != nil && s.status()/100 == 2 && s.shows("handoff-ignored", "") &&
		s.proxiedToBackend(s.download)
}

// same says that two paths name the same file, as far as links were looked at.
func (s *site) same(a, b string) bool {
	return filepath.Clean(a) == filepath.Clean(b) || s.Real(a) == s.Real(b)
}

// below says that a path is a folder or lies in it.
func (s *site) below(path, folder string) bool {
	path, folder = s.Real(path), s.Real(folder)
	return path == folder || folder == "/" || strings.HasPrefix(path, folder+"/")
}

// handsOver says that the handoff names the stored file.
func (s *site) handsOver() bool {
	return path.IsAbs(s.value) && (s.file.Path == "" || s.same(s.value, s.file.Path))
}

// upstream is where a route is handed to, nil where it is not.
func (t *Route) upstream() *Upstream {
	if t == nil || t.Outcome != Proxied || t.Upstream == nil || t.Upstream.Pass == nil {
		return nil
	}
	return t.Upstream
}

// proxiedToBackend says that a route ends at an upstream one server of which
// may be the backend that answers us.
func (s *site) proxiedToBackend(t *Route) bool {
	u := t.upstream()
	if u == nil {
		return false
	}
	for _, p := range u.Peers {
		if !p.Down && s.isBackend(p) != diag.No {
			return true
		}
	}
	return len(u.Peers) == 0 // its address is not known
}

// isBackend says whether a server of an upstream is the backend that answers
// us. Two ports of this machine tell; a socket, a name, or an address of
// another network may lead to the same application.
func (s *site) isBackend(p Peer) diag.Tri {
	u, err := url.Parse(s.Stack.Backend.Origin())
	host, port, err2 := net.SplitHostPort(p.Addr)
	if err != nil || err2 != nil {
		return diag.Undecided
	}
	want := u.Port()
	if want == "" {
		want = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	a, b := literal(host), literal(u.Hostname())
	switch {
	case host == u.Hostname() || a.IsLoopback() && b.IsLoopback():
		if port == want {
			return diag.Yes
		}
		return diag.No
	case a.IsValid() && b.IsValid() && !a.IsLoopback() && !b.IsLoopback():
		return diag.No
	}
	return diag.Undecided
}

// literal is the address that a host is without being resolved, the zero
// address where it is a name.
func literal(host string) netip.Addr {
	if strings.EqualFold(host, "localhost") {
		return netip.IPv6Loopback()
	}
	a, _ := netip.ParseAddr(strings.Trim(host, "[]"))
	return a.Unmap()
}

// place is where a directive stands.
func place(d *conf.Directive) *diag.Location {
	if d == nil || d.Pos.Line == 0 {
		return nil
	}
	return &diag.Location{File: d.Pos.File, Line: d.Pos.Line, Column: d.Pos.Column, Text: written(d)}
}

// written is a directive as it stands in the file.
func written(d *conf.Directive) string {
	if d.IsBlock {
		return "<" + d.String() + ">"
	}
	return d.String()
}

// quote shows directives as evidence.
func quote(text string, directives ...*conf.Directive) diag.Evidence {
	e := diag.Evidence{Kind: diag.EvidenceConfig, Text: text}
	for _, d := range directives {
		if l := place(d); l != nil {
			e.Lines = append(e.Lines, *l)
		}
	}
	return e
}
