package apache

import (
	"path"

	"github.com/proxydiag/proxydiag/pkg/conf"
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

	unseen []string // paths that the routes depend on and that nobody looked at
}

// siteOf prepares what the causes know; nil where no configuration of Apache's
// is at hand.
func siteOf(v *diag.View) *site { return cause.Of(v, kindName, newSite) }

func newSite(v *diag.View) *site {
	s := &site{Site: cause.New[*Route](v, written, parseEvent), conf: cause.Parsed(v, Parse)}
	s.router = NewRouter(s.conf, RouterOptions{Files: s.onDisk})
	x := v.Exchange(diag.ProxyGet)
	if x == nil || s.File == nil {
		return s
	}
	s.Download = s.follow(x)
	h, ok := s.HandedOver(handoffField)
	by := s.answered()
	if b := s.Exchange(diag.BackendGet); by != s.Download && b.Answered() && b.Header.Has(handoffField) {
		h, ok = route.Handoff{Value: b.Header.Get(handoffField), Status: b.Status, Header: cause.Fields(b)}, true
	}
	if ok {
		s.Value = h.Value
		s.Handoff = NewRouter(s.conf, RouterOptions{}).Handoff(by, h)
	}
	return s
}

// answered is the route of the download as what answers it: where the companion
// was asked, a path that leads to a file leads to a script that Apache runs.
func (s *site) answered() *Route {
	d := s.Download
	if x := s.Exchange(diag.ProxyGet); d.Upstream != nil || x == nil || len(x.Seen) == 0 {
		return d
	}
	switch by := d.Deciding(route.StepUnknown); {
	case d.Outcome == route.File && d.Handler == "":
	case d.Outcome == route.Undecided && by != nil && by.Name == "WSGIScriptAlias":
		d = s.router.fileIn(d.state.srv, d.state.req.URI, by.Arg(1))
	default:
		return d
	}
	c := *d
	c.Outcome, c.Handler = route.File, scriptHandler
	return &c
}

// scriptHandler is the handler of what runs in a way that is not known.
const scriptHandler = "a script"

// runs says that a script that Apache runs hands over.
func (s *site) runs() bool { return s.Handoff != nil && s.Handoff.Handler == scriptHandler }

// listens says that this configuration listens on an address of this machine.
func (s *site) listens(addr string) bool {
	host, port := splitPort(addr)
	for _, d := range s.conf.Top.All("Listen") {
		on, own := splitPort(d.Arg(0))
		if own == "" { // a port alone
			on, own = "", on
		}
		if own == port && cause.Literal(host).IsLoopback() && (on == "" || cause.Literal(on).IsUnspecified() || cause.Literal(on).IsLoopback()) {
			return true
		}
	}
	return false
}

// handsOver says that the handoff names the stored file.
func (s *site) handsOver() bool {
	return path.IsAbs(s.Value) && (s.File.Path == "" || s.Same(s.Value, s.File.Path))
}

// written is a directive as it stands in the file.
func written(d *conf.Directive) string {
	if d.IsBlock {
		return "<" + d.String() + ">"
	}
	return d.String()
}
