package caddy

import (
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// site is what the causes know of a run: the configuration, and the way of the
// download and of its handoff through it.
type site struct {
	cause.Site[*Passage]
	conf   *Config
	router *Router
	front  []*Passage // of the plain GET through sites that hand it to another one of this configuration
	field  string     // of the backend's handoff, "" for none
	unseen []string   // paths that the router asked about and nobody looked at
}

// handoffFields are the fields by which a backend may hand off to Caddy: by
// convention the first one.
var handoffFields = []string{"X-Accel-Redirect", "X-Sendfile"}

// siteOf prepares what the causes know; nil where no configuration of Caddy's is
// at hand.
func siteOf(v *diag.View) *site { return cause.Of(v, kindName, newSite) }

func newSite(v *diag.View) *site {
	s := routed(v, cause.Parsed(v, Parse))
	if s.Download == nil || !s.unset() {
		return s
	}
	c, _ := v.Shared(assumedKey{}, func() any {
		c, _ := parseAssuming(v.Record.Config.Source)
		return c
	}).(*Config)
	if assumed := routed(v, c); assumed.explains() {
		return assumed
	}
	return s
}

// assumedKey is that of the configuration in which variables have their defaults.
type assumedKey struct{}

// routed is what a configuration makes of the download and of its handoff.
func routed(v *diag.View, c *Config) *site {
	s := &site{Site: cause.New[*Passage](v, written, parseEvent), conf: c}
	s.router = NewRouter(s.conf, RouterOptions{Files: s.onDisk})
	x := v.Exchange(diag.ProxyGet)
	if x == nil || s.File == nil {
		return s
	}
	s.front, s.Download = cause.Follow(cause.Request(x), s.router.Route, s.next)
	for _, field := range handoffFields {
		if h, ok := s.HandedOver(field); ok {
			s.field, s.Value = field, h.Value
			s.Handoff = s.router.Handoff(s.Download, h)
			break
		}
	}
	return s
}

// unset says that the way of the download, or of its handoff, depends on
// variables of Caddy's environment that are not known here.
func (s *site) unset() bool {
	u := cause.Upstream(s.Download)
	return whyUnset(s.conf.texts()...) != "" &&
		(s.Download.Outcome == route.Undecided || u != nil && u.Unknown != "" || s.Handoff != nil && s.Handoff.Outcome == route.Undecided)
}

// texts are the words of the configuration.
func (c *Config) texts() []string {
	var list []string
	c.Top.Walk(func(d *conf.Directive) bool {
		list = append(list, append(d.Texts(0), d.Name)...)
		return true
	})
	return list
}

// explains says that what the proxy answered is what the configuration makes of
// the download: where the defaults of variables are assumed in it, they may
// then be in force.
func (s *site) explains() bool {
	u := cause.Upstream(s.Download)
	switch {
	case u == nil || u.Unknown != "":
		return false
	case s.Status() >= 502 && s.Status() <= 504:
		return !s.ToBackend(s.Download)
	case !s.ToBackend(s.Download) || s.Handoff == nil || s.Handoff.Outcome == route.Undecided:
		return false
	}
	return s.Delivered() == s.opens(s.Handoff)
}

// follow is the way of an exchange through the configuration.
func (s *site) follow(x *diag.Exchange) *Passage {
	_, t := cause.Follow(cause.Request(x), s.router.Route, s.next)
	return t
}

// next is the request that a passage sends to another site of this
// configuration.
func (s *site) next(t *Passage) (route.Request, bool) {
	return s.conf.next(t, func(p route.Peer) bool { return s.IsBackend(p) == diag.Yes })
}

func (c *Config) next(t *Passage, isBackend func(route.Peer) bool) (route.Request, bool) {
	u := cause.Upstream(t)
	if u == nil || u.Unknown != "" || u.Protocol != "http" {
		return route.Request{}, false
	}
	for _, p := range u.Peers {
		if isBackend(p) || !c.listens(p.Addr) {
			continue
		}
		q := t.state.req
		q.Addr, q.URI, q.Method, q.Header = p.Addr, u.URI, t.state.method, t.state.header
		if up := t.Proxy.Proxy.Up; up != nil {
			for _, f := range up.Request {
				if whyUnset(f.Name, f.Value) != "" && (strings.EqualFold(f.Name, "Host") || whyUnset(f.Name) != "") {
					return route.Request{}, false
				}
				if f.Op == "set" && strings.EqualFold(f.Name, "Host") {
					q.Host = strings.ReplaceAll(f.Value, "{http.reverse_proxy.upstream.hostport}", p.Addr)
				}
			}
		}
		q.Client = cause.Client(p.Addr)
		return q, true
	}
	return route.Request{}, false
}

// listens says that this configuration listens on an address of this machine.
func (c *Config) listens(addr string) bool {
	host, port := splitListen(addr)
	for _, server := range c.Servers {
		for _, l := range server.Listen {
			own, ownPort := splitListen(l)
			if ownPort == port && (own == "" || own == host || isLoopback(own)) && isLoopback(host) {
				return true
			}
		}
	}
	return false
}

// onDisk is what was seen at a path of the proxy's machine.
func (s *site) onDisk(name string) route.FileKind {
	if !s.Here() || !path.IsAbs(name) {
		return route.FileUnknown
	}
	name = path.Clean(name)
	if s.Path(s.Real(name)) == nil && !slices.Contains(s.unseen, name) {
		s.unseen = append(s.unseen, name)
	}
	return s.OnDisk(name)
}

// looks are those at this machine that the causes need: at the paths that the
// handoff leads to, and at what the way of a request depends on.
var looks = cause.Looks(siteOf, func(s *site) (paths []string, user string) {
	if s.Handoff != nil {
		paths = append(paths, s.Handoff.File, s.Handoff.Root)
	}
	s.twins() // asks for files, too
	return append(paths, s.unseen...), worker
})

// worker is the user that the packages of distributions run Caddy as. A
// configuration does not tell.
const worker = "caddy"

// written is a directive as it stands in the file.
func written(d *conf.Directive) string {
	if d.IsBlock {
		return strings.TrimSpace(d.String() + " {")
	}
	return d.String()
}

// place is where what a directive says is written: the import, where it passes
// the argument that counts.
func (s *site) place(d *conf.Directive) *conf.Directive {
	if d == nil {
		return nil
	}
	for i := len(d.Args) - 1; i >= 0; i-- {
		if by := s.conf.passed[passedKey{d, i}]; by != nil {
			return by
		}
	}
	return d
}

// opens says that a passage opens the stored file.
func (s *site) opens(t *Passage) bool {
	return t != nil && t.Outcome == route.File && s.File.Path != "" && s.Same(t.File, s.File.Path)
}

// passedOn says that the client gets the backend's answer in place of the file,
// though this configuration's upstream handed over.
func (s *site) passedOn() bool { return s.PassedOn() && s.Handoff.Outcome == route.Ignored }

// taken says that the handoff came to a handle_response, and that the file does
// not arrive.
func (s *site) taken() bool {
	return s.Lost() && s.Handoff != nil && s.Handoff.Response != nil && s.ToBackend(s.Download)
}

// notFound says that the client sees what becomes of a file that is not there.
func (s *site) notFound() bool {
	if !s.taken() {
		return false
	}
	switch {
	case s.Shows("handoff-not-found", "handoff-wrong-content", "handoff-echoed", "handoff-loop", "proxy-redirects", "handoff-ignored"):
		return true
	case s.Shows(""):
		return s.Status() >= 300 || s.Status() == 200
	}
	return false
}
