package lighttpd

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// responsible is the directive that a neutral finding is about, nil where none
// stands out.
func (s *site) responsible(code string) *conf.Directive {
	d := s.Download
	switch code {
	case "proxy-auth-required":
		return cause.First(d.Deciding(route.StepAccess), d.Refuser())
	case "proxy-redirects":
		return d.Deciding(route.StepReturn)
	case "proxy-not-routed":
		return s.unrouted()
	case "proxy-path-rewritten":
		return cause.First(d.Deciding(route.StepRewrite), cause.Pass(d))
	case "proxy-bad-gateway":
		return cause.Pass(d)
	case "proxy-host-rejected":
		return cause.First(d.element("proxy.header", "map-host-request"), d.dir("proxy.replace-http-host"), cause.Pass(d))
	case "proxy-timeout":
		return cause.First(d.hostOption("read-timeout"), d.hostOption("connect-timeout"), d.hostOption("write-timeout"), cause.Pass(d))
	case "proxy-scheme-lost":
		return cause.First(d.requestField("X-Forwarded-Proto"), d.dir("proxy.forwarded"), cause.Pass(d))
	case "proxy-direct-broken":
		if x := s.Exchange(diag.DirectGet); x != nil {
			t := s.follow(x)
			return cause.First(t.Deciding(route.StepReturn, route.StepAccess), t.FileBy, cause.Pass(t))
		}
	case "proxy-method-blocked", "proxy-head-broken":
		for _, id := range []string{diag.ProxyHead} {
			if x := s.Exchange(id); x != nil {
				t := s.follow(x)
				return cause.First(t.Deciding(route.StepReturn, route.StepAccess), t.Deciding(route.StepRewrite), otherPass(t, d))
			}
		}
	case "handoff-not-found", "handoff-forbidden":
		if s.Handoff != nil {
			return cause.First(s.Handoff.Refuser(), s.Handoff.FileBy)
		}
	}
	return s.changes(code)
}

// otherPass is what hands a route to its upstream, where that is not what does
// so for another one.
func otherPass(t, other *Route) *conf.Directive {
	if at := cause.Pass(t); at != cause.Pass(other) {
		return at
	}
	return nil
}

// unrouted is what keeps the download from the backend: what answers in its
// place; a module that is missing; the condition that does not hold; or the
// folder that is looked into.
func (s *site) unrouted() *conf.Directive {
	d := s.Download
	if at := d.Deciding(route.StepReturn, route.StepAccess); at != nil {
		return at
	}
	if d.Deciding(stepModule) != nil {
		if set := s.conf.Blocks[0].Get("server.modules"); set != nil {
			return set.Dir
		}
	}
	return cause.First(cause.Pass(d), s.failing(), d.Deciding(route.StepRewrite), d.FileBy, d.Server)
}

// failing is the condition because of which the gateway's setting that leads to
// the backend is not in force: the outermost one that does not hold, or what
// holds in place of it; nil where there is none.
func (s *site) failing() *conf.Directive {
	for _, h := range s.router.allHosts() {
		if s.IsBackend(h.host.Peer) != diag.Yes {
			continue
		}
		var chain []*Block
		for b := h.block; b != nil && b.Parent != nil; b = b.Parent {
			chain = append(chain, b)
		}
		slices.Reverse(chain)
		for _, b := range chain {
			if s.Download.state.truths[b.Index] == yes {
				continue
			}
			for p := b.Prev; p != nil; p = p.Prev {
				if s.Download.state.truths[p.Index] == yes {
					return p.Dir // the branch that took it
				}
			}
			return b.Dir
		}
		if over := s.Download.Effective(h.setting.Name); over != nil && over != h.setting {
			return over.Dir // a later block replaces it
		}
		return h.setting.Dir // its key does not fit
	}
	return nil
}

// dir is the assignment of a setting in force, nil for none.
func (t *Route) dir(name string) *conf.Directive {
	if set := t.Effective(name); set != nil {
		return set.Dir
	}
	return nil
}

// element is an element of a setting in force, nil for none.
func (t *Route) element(name, key string) *conf.Directive {
	set := t.Effective(name)
	if set == nil {
		return nil
	}
	for _, i := range set.Value.Items {
		if i.HasKey && strings.EqualFold(i.Key, key) {
			return i.Dir
		}
	}
	return nil
}

// hostOption is an option of the first backend, nil for none.
func (t *Route) hostOption(key string) *conf.Directive {
	for _, h := range t.Hosts {
		if i := h.option(key); i != nil {
			return i.Dir
		}
	}
	return nil
}

// requestField is what changes a field of the request, nil for none.
func (t *Route) requestField(name string) *conf.Directive {
	return cause.First(t.element("setenv.set-request-header", name), t.element("setenv.add-request-header", name))
}

// field is what changes a field of the answer, nil for none.
func (t *Route) field(name string) *conf.Directive {
	return cause.First(t.element("setenv.set-response-header", name), t.element("setenv.add-response-header", name))
}

// changes is the directive that makes a delivered answer another one than it
// should be, nil where none stands out.
func (s *site) changes(code string) *conf.Directive {
	t := s.Download
	switch code {
	case "proxy-header-lost", "proxy-header-duplicated":
		return s.Changed(t.field)
	case "proxy-cache-control-overridden":
		return cause.First(t.field("Cache-Control"), t.dir("expire.url"), t.dir("expire.mimetypes"), t.field("Expires"))
	case "proxy-ranges-broken":
		for i := range s.Record.Exchanges {
			if x := &s.Record.Exchanges[i]; x.Probe.Port == diag.Proxy && x.Probe.Header.Has("Range") && x.Status != 206 {
				t = s.follow(x) // conditions may be about such requests alone
				break
			}
		}
		return cause.First(t.dir("server.range-requests"), t.requestField("Range"), t.field("Accept-Ranges"), t.dir("deflate.mimetypes"))
	case "proxy-conditional-broken":
		return cause.First(t.requestField("If-None-Match"), t.requestField("If-Modified-Since"), t.field("ETag"), t.field("Last-Modified"))
	case "proxy-compressed-download":
		return cause.First(t.dir("deflate.mimetypes"), t.dir("deflate.allowed-encodings"), t.dir("compress.filetype"))
	case "proxy-error-masked":
		return cause.First(t.dir("server.error-handler"), t.dir("server.error-handler-404"), t.dir("server.error-intercept"), t.dir("server.errorfile-prefix"))
	case "proxy-throttled":
		return cause.First(t.dir("connection.kbytes-per-second"), t.dir("server.kbytes-per-second"))
	}
	return nil
}
