package lighttpd

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var upstreamUnreachable = diag.Rule{
	Doc: diag.Doc{
		Code: "lighttpd-upstream-unreachable", Part: diag.PartProxy, Severity: diag.Error,
		Title: "proxy.server leads to a port where nothing answers",
		Text: "lighttpd tries an address that refuses the connection, while the backend answers us on another one. It " +
			"answers 503 and takes the backend out of use for a second (disable-time).",
		Fix: "Write the address on which the backend listens into its entry of proxy.server.",
		Before: `# the application listens on 8000
proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => 8001,
  "x-sendfile" => "enable",
  "x-sendfile-docroot" => ( "/srv/media/" ) ) ) )`,
		After: `proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => 8000,
  "x-sendfile" => "enable",
  "x-sendfile-docroot" => ( "/srv/media/" ) ) ) )`,
		Source: "lighttpd documentation, mod_proxy",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"proxy-bad-gateway", "proxy-timeout"},
	Judge:    judge(judgeUpstreamUnreachable),
}

func judgeUpstreamUnreachable(s *site) *diag.Finding {
	u := cause.Upstream(s.Download)
	if !s.Lost() || u == nil || s.Status() < 500 || !s.Shows("proxy-bad-gateway", "proxy-timeout", "") {
		return nil
	}
	at, address := u.Pass, u.Host
	for _, p := range u.Peers {
		if s.IsBackend(p) == diag.Yes {
			return nil // lighttpd goes on to the next backend where one is dead
		}
		if at == u.Pass {
			at, address = p.Directive, p.Addr
		}
	}
	down, isDown := s.Logged(s.about(logDown))
	failed, hasFailed := s.Logged(cause.Says(logNoConnect), address, strings.TrimPrefix(address, "unix:"))
	if !isDown && !hasFailed && !s.noSocket(address) && s.ToBackend(s.Download) {
		return nil // a name or a socket: it may well be the backend
	}
	f := s.Found(at, "lighttpd asks %s; the backend that answers us is at %s.", address, s.Stack.Backend.Origin())
	if at != u.Pass && !inside(at, u.Pass) {
		f.Evidence = append(f.Evidence, s.Quote("where it is used", u.Pass))
	}
	switch {
	case hasFailed:
		return s.With(f, s.Download, failed)
	case isDown:
		return s.With(f, s.Download, down)
	}
	return s.With(f, s.Download)
}

// noSocket says that an address is that of a socket that is not there.
func (s *site) noSocket(addr string) bool {
	name, ok := strings.CutPrefix(addr, "unix:")
	return ok && s.onDisk(name) == route.FileMissing
}
