package nginx

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var upstreamUnreachable = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-upstream-unreachable", Part: diag.PartProxy, Severity: diag.Error,
		Title: "proxy_pass leads to a port where nothing answers",
		Text: "The proxy tries an address that refuses the connection, while the backend answers us on another " +
			"one.",
		Fix: "Write the address on which the backend listens into proxy_pass, or into the upstream block that " +
			"it names.",
		Before: "location /dl/ { proxy_pass http://127.0.0.1:8001; }   # the application listens on 8000",
		After:  "location /dl/ { proxy_pass http://127.0.0.1:8000; }",
		Source: "nginx documentation, ngx_http_proxy_module, proxy_pass",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"proxy-bad-gateway", "proxy-timeout"},
	Judge:    judge(judgeUpstreamUnreachable),
}

func judgeUpstreamUnreachable(s *site) *diag.Finding {
	if f := s.otherProtocol(); f != nil {
		return f
	}
	if !s.Lost() || s.Status() < 502 || s.Status() > 504 {
		return nil
	}
	t := s.Download
	if s.handedOff() {
		t = s.Handoff
	}
	if cause.Upstream(t) == nil {
		return nil
	}
	if judgeHeaderTooBig(s) != nil || judgeNoResolver(s) != nil {
		return nil
	}
	u := t.Upstream
	at, address := u.Pass, u.Host
	var refused cause.Event
	logged, alive := false, false
	for _, p := range u.Peers {
		if e, ok := s.Logged(refusedBy(p)); ok {
			at, address, refused, logged = p.Directive, p.Addr, e, true
			break
		}
		switch is := s.IsBackend(p); {
		case is == diag.Yes && !p.Down:
			alive = true // nginx goes on to the next server where one is dead
		case at == u.Pass:
			at, address = p.Directive, p.Addr
		}
	}
	if alive && !logged {
		return nil
	}
	f := s.Found(at, "The proxy asks %s; the backend that answers us is at %s.", address, s.Stack.Backend.Origin())
	if t == s.Handoff {
		f.Detail = fmt.Sprintf("For the internal URI %s the proxy asks %s.", s.handedURI(), address)
	}
	if logged {
		return s.With(f, t, refused)
	}
	return s.With(f, t)
}

// otherProtocol is the finding where the backend that answers us is asked in
// another protocol than ours: it says nothing that nginx understands, or waits.
func (s *site) otherProtocol() *diag.Finding {
	u := cause.Upstream(s.Download)
	lost := s.Lost() && s.Status() >= 502 && s.Status() <= 504 || s.Stored() && s.Shows("proxy-timeout") && check.BackendFault(s.View) == ""
	ours, _, _ := strings.Cut(s.Stack.Backend.Origin(), "://")
	if u == nil || !lost || u.Unknown != "" || u.Protocol == ours || s.handedOff() {
		return nil
	}
	for _, p := range u.Peers {
		if p.Down || s.IsBackend(p) != diag.Yes {
			return nil
		}
	}
	if len(u.Peers) == 0 {
		return nil
	}
	f := s.Found(u.Pass, "%s speaks %s with %s; the backend answers there in %s.", u.Pass.Name, u.Protocol, u.Host, ours)
	f.Fix = fmt.Sprintf("Write `proxy_pass %s;`, or name the address at which the application speaks %s.", s.Stack.Backend.Origin(), u.Protocol)
	return s.With(f, s.Download)
}

// refusedBy picks the events about a server that did not take the connection.
func refusedBy(p route.Peer) func(cause.Event) bool {
	return func(e cause.Event) bool {
		return strings.Contains(e.Message, "while connecting to upstream") && strings.Contains(e.Upstream, p.Addr)
	}
}

// handedOff says that the backend was certainly asked for the download.
func (s *site) handedOff() bool {
	reached, _ := s.Reached(diag.ProxyGet)
	return reached == diag.Yes
}
