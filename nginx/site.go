package nginx

import (
	"net/http"
	"net/netip"
	"net/url"
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

	file     *diag.FixtureRecord // the file that is asked for
	front    []*Route            // of the plain GET through server blocks that hand it to another one of this configuration
	download *Route              // of the plain GET, in the server block that asks the backend
	value    string              // of the backend's X-Accel-Redirect, "" for none
	handoff  *Route              // of the internal redirect, nil where there is none
	events   []event             // of the error log
}

// keys of what is kept on a view.
type (
	siteKey   struct{}
	configKey struct{}
)

// siteOf prepares what the causes know; nil where no configuration of nginx's
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
	if parsed.HTTP == nil {
		return nil
	}
	s := &site{View: v, conf: parsed, file: v.Fixture(diag.RoleMain), events: parseLog(v.Record.Log)}
	s.router = NewRouter(parsed, RouterOptions{Files: s.onDisk})
	x := v.Exchange(diag.ProxyGet)
	if x == nil || s.file == nil {
		return s
	}
	s.front, s.download = s.follow(x)
	b := v.Exchange(diag.BackendGet)
	if b.Answered() && b.Header.Has(header) && s.download.Outcome == Proxied {
		s.value = b.Header.Get(header)
		s.handoff = s.router.Redirect(s.download, Handoff{Value: s.value, Status: b.Status, Header: fields(b)})
		s.handoff.Tried = s.handoff.Tried[len(s.download.Tried):]
		if folders := s.handoff.Effective("root", "alias"); s.handoff.FileBy == nil && len(s.handoff.Tried) > 0 && len(folders) > 0 {
			s.handoff.FileBy = folders[len(folders)-1] // of what try_files looked for
		}
	}
	return s
}

// onDisk is what was seen at a path.
func (s *site) onDisk(path string) FileKind {
	p := s.Path(s.Real(path))
	switch {
	case p == nil || p.Failure != "":
		return FileUnknown
	case p.Missing:
		return FileMissing
	case p.Mode.IsDir():
		return FileFolder
	}
	return FileRegular
}

const header = "X-Accel-Redirect"

// request is an exchange as nginx got it.
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

// notFound says that the client sees what becomes of a file that is not there.
func (s *site) notFound() bool {
	switch check.Symptom(s.View) {
	case "handoff-not-found", "handoff-echoed", "handoff-loop", "handoff-wrong-content", "handoff-forbidden":
		return s.lost()
	case "":
		return s.lost() && s.status() >= 300
	}
	return false
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

// opens says that a route opens the stored file.
func (s *site) opens(t *Route) bool {
	return t != nil && t.Outcome == File && s.file.Path != "" && s.same(t.File, s.file.Path)
}

// redirected is a route from the internal redirect on.
func (t *Route) redirected() *Route {
	own := *t
	for i, step := range t.Steps {
		if step.Kind == StepHandoff {
			own.Steps = t.Steps[i:]
		}
	}
	own.Provided = nil
	for _, step := range own.Steps {
		if step.Kind == StepProvided {
			own.Provided = append(own.Provided, step)
		}
	}
	return &own
}

// isInternal says that a location answers internal redirects only.
func isInternal(location *conf.Directive) bool {
	return location != nil && len(Effective(location, "internal")) > 0
}

// place is where a directive stands.
func place(d *conf.Directive) *diag.Location {
	if d == nil || d.Pos.Line == 0 {
		return nil
	}
	text := d.String()
	if d.IsBlock {
		text += " {"
	} else {
		text += ";"
	}
	return &diag.Location{File: d.Pos.File, Line: d.Pos.Line, Column: d.Pos.Column, Text: text}
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

// locations are all locations of a server, nested ones too, in their order.
func locations(block *conf.Directive) []*conf.Directive {
	var list []*conf.Directive
	block.Walk(func(d *conf.Directive) bool {
		if d.Name == "location" {
			list = append(list, d)
		}
		return true
	})
	return list
}

// meant says that a location takes the route that is there for its URI, or one
// nested in it, or one that is internal itself.
func (t *Route) meant() bool {
	meant := intended(t.Server, t.URI)
	return meant != nil && inside(t.Location, meant) || isInternal(t.Location)
}

// later is the internal location with a regular expression that fits the URI of
// a route, and that another one stands before.
func (s *site) later(t *Route) *conf.Directive {
	for _, l := range locations(t.Server) {
		kind, pattern := LocationName(l)
		if (kind == LocationRegex || kind == LocationNoCase) && isInternal(l) && l != t.Location {
			if _, fits, _ := s.router.pattern(pattern, kind == LocationNoCase).match(t.URI); fits {
				return l
			}
		}
	}
	return nil
}

// intended is the location that is meant for a URI: the one with the longest
// literal prefix of it, and more than the root.
func intended(block *conf.Directive, uri string) *conf.Directive {
	var best *conf.Directive
	longest := 1
	for _, l := range locations(block) {
		kind, name := LocationName(l)
		plain := (kind == LocationPrefix || kind == LocationNoRegex) && strings.HasPrefix(uri, name)
		if (plain || kind == LocationExact && uri == name) && len(name) > longest {
			best, longest = l, len(name)
		}
	}
	return best
}
