package caddy

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var upstreamUnreachable = diag.Rule{
	Doc: diag.Doc{
		Code: "caddy-upstream-unreachable", Part: diag.PartProxy, Severity: diag.Error,
		Title: "reverse_proxy leads to a port where nothing answers",
		Text: "Caddy tries an address that refuses the connection, while the backend answers us on another " +
			"one. It answers 502 and logs the address that it dialled.",
		Fix: "Write the address on which the backend listens into reverse_proxy.",
		Before: `# the application listens on 8000
reverse_proxy 127.0.0.1:8001 {
	@accel header X-Accel-Redirect *
	handle_response @accel {
		root * /srv/media
		rewrite * {rp.header.X-Accel-Redirect}
		uri strip_prefix /protected
		copy_response_headers {
			include Content-Type Content-Disposition Cache-Control Set-Cookie
		}
		method * GET
		file_server
	}
}`,
		After:  mended,
		Source: "Caddy documentation, reverse_proxy, Upstreams",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"proxy-bad-gateway", "proxy-timeout"},
	Explains: []string{
		"proxy-ranges-broken", "proxy-conditional-broken", "proxy-head-broken", "proxy-stale-file", "proxy-error-masked", "proxy-cached-handoff",
		"handoff-name-encoding", "proxy-header-lost",
	},
	Judge: judge(judgeUpstreamUnreachable),
}

func judgeUpstreamUnreachable(s *site) *diag.Finding {
	t := s.Download
	if reached, _ := s.Reached(diag.ProxyGet); reached == diag.Yes && s.inner() != nil {
		t = s.Handoff // the backend has answered, and another upstream is to send the file
	}
	u := cause.Upstream(t)
	unsteady := check.Unsteady(s.View) != nil
	if u == nil || !unsteady && (!s.Lost() || s.Status() < 502 || s.Status() > 504) {
		return nil
	}
	if u.Unknown != "" && len(u.Peers) == 0 {
		return nil // whom Caddy asks is not known
	}
	at, address := u.Pass, u.Host
	var refused cause.Event
	logged, alive, other := false, false, false
	for _, p := range u.Peers {
		if e, ok := s.Logged(refusedBy(p)); ok {
			at, address, refused, logged = p.Directive, p.Addr, e, true
			break
		}
		switch is := s.IsBackend(p); {
		case is == diag.Yes:
			alive = true
		case at == u.Pass:
			at, address = p.Directive, p.Addr
			other = true
		}
	}
	if reached, _ := s.Reached(diag.ProxyGet); reached == diag.No && s.Status() == http.StatusBadGateway {
		unsteady = true // another upstream had its turn
	}
	if alive && !(unsteady && other) && (!logged || u.Host == address && s.IsBackend(u.Peers[0]) == diag.Yes) {
		return nil
	}
	f := s.found(at, "Caddy asks %s; the backend that answers us is at %s.", address, s.Stack.Backend.Origin())
	if t == s.Handoff {
		f.Detail = fmt.Sprintf("The backend hands off, and Caddy asks %s for the file: it does not answer.", address)
		f.Fix = "Write the address on which the server with the files listens."
	}
	if logged {
		return s.With(f, t, refused)
	}
	return s.With(f, t)
}

// refusedBy picks the events about an upstream that did not take the connection.
func refusedBy(p route.Peer) func(cause.Event) bool {
	addr := strings.TrimPrefix(p.Addr, "unix:")
	return func(e cause.Event) bool {
		return strings.Contains(e.Message, "dial ") && (strings.Contains(e.Message, addr) || e.Upstream == p.Addr)
	}
}

// inner is the reverse_proxy that a handoff leads to, nil for none.
func (s *site) inner() *conf.Directive {
	if s.Handoff == nil {
		return nil
	}
	return cause.Pass(s.Handoff)
}
