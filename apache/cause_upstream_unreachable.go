package apache

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var upstreamUnreachable = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-upstream-unreachable", Part: diag.PartProxy, Severity: diag.Error,
		Title: "ProxyPass leads to a port where nothing answers",
		Text: "The proxy tries an address that refuses the connection, while the backend answers us on another " +
			"one.",
		Fix: "Write the address on which the backend listens into ProxyPass, or into the BalancerMember that " +
			"it leads to.",
		Before: `# the application listens on 8000
ProxyPass /dl/ http://127.0.0.1:8001/dl/`,
		After:  "ProxyPass /dl/ http://127.0.0.1:8000/dl/",
		Source: "Apache documentation, mod_proxy, ProxyPass",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"proxy-bad-gateway", "proxy-timeout", "proxy-not-routed"},
	Judge:    judge(judgeUpstreamUnreachable),
}

func judgeUpstreamUnreachable(s *site) *diag.Finding {
	u := cause.Upstream(s.Download)
	if !s.Lost() || u == nil || s.Status() < 500 || !s.Shows("proxy-bad-gateway", "proxy-timeout", "proxy-not-routed", "") || s.outrun() != nil {
		return nil
	}
	var about []string
	for _, p := range u.Peers {
		about = append(about, strings.TrimPrefix(p.Addr, "unix:"))
	}
	unconnected := cause.Coded(codeSocket, codeUnconnected, codeConnect)
	e, logged := s.Logged(func(e cause.Event) bool {
		return unconnected(e) || e.Code == codeNoHost && strings.HasPrefix(e.Message, "DNS lookup failure")
	}, append(about, u.Host)...)
	at, address := u.Pass, u.Host
	if f := s.withoutTLS(u); f != nil {
		return f
	}
	remote, addr := s.remote(u)
	for _, p := range u.Peers {
		if s.IsBackend(p) == diag.Yes && !p.Down && remote == nil {
			return nil // Apache goes on to the next member where one is dead
		}
		if at == u.Pass {
			at, address = p.Directive, p.Addr
		}
	}
	dead := logged
	for _, name := range s.Download.sockets() {
		dead = dead || s.onDisk(name) == route.FileMissing
	}
	// Apache answers 500 where it cannot resolve a name.
	if host, _ := splitPort(u.Host); s.Status() == 500 && s.unreached() && s.loaded("mod_proxy_http.c") && !cause.Literal(host).IsValid() {
		dead = true
	}
	if remote != nil && s.IsBackend(route.Peer{Addr: addr}) != diag.Yes {
		dead = dead || s.unreached()
	}
	if !dead && (s.ToBackend(s.Download) || s.Shows("proxy-not-routed")) {
		return nil // a name or a socket: it may well be the backend
	}
	if remote != nil {
		at, address = remote, addr
	}
	f := s.Found(at, "The proxy asks %s; the backend that answers us is at %s.", address, s.Stack.Backend.Origin())
	if logged {
		return s.With(f, s.Download, e)
	}
	return s.With(f, s.Download)
}

// withoutTLS is the finding that an upstream's URL asks for TLS and no
// SSLProxyEngine allows it: Apache answers 500 to that.
func (s *site) withoutTLS(u *route.Upstream) *diag.Finding {
	engine := s.router.Server(s.Download, "SSLProxyEngine")
	for _, d := range s.Download.Sections {
		engine = append(engine, d.All("SSLProxyEngine")...)
	}
	on := slices.ContainsFunc(engine, func(d *conf.Directive) bool { return strings.EqualFold(d.Arg(0), "on") })
	if on || u.Protocol != "https" || s.Status() != 500 || !s.unreached() {
		return nil
	}
	f := s.Found(u.Pass, "%s asks for TLS, and SSLProxyEngine is not on.", u.Pass)
	f.Title = "ProxyPass asks for TLS without SSLProxyEngine"
	f.Fix = "Write `SSLProxyEngine on`, or http:// where the backend speaks plain HTTP."
	return s.With(f, s.Download)
}

// remote is the ProxyRemote by which an upstream is asked, and its address; nil
// where there is none, or where NoProxy may make an exception.
func (s *site) remote(u *route.Upstream) (by *conf.Directive, addr string) {
	if len(s.router.Server(s.Download, "NoProxy")) > 0 {
		return nil, ""
	}
	for _, d := range s.router.Server(s.Download, "ProxyRemote") {
		match := strings.ToLower(d.Arg(0))
		if match != "*" && match != u.Protocol && !strings.HasPrefix(u.Protocol+"://"+u.Host+u.URI, match+"/") {
			continue
		}
		scheme, host, _ := strings.Cut(d.Arg(1), "://")
		return d, withPort(scheme, strings.TrimSuffix(host, "/"))
	}
	return nil, ""
}

// loaded says that a module is known to be loaded.
func (s *site) loaded(module string) bool {
	loaded, _ := s.conf.Loaded(module)
	return loaded
}
