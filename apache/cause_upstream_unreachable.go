package apache

import "github.com/proxydiag/proxydiag/pkg/diag"

var upstreamUnreachable = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-upstream-unreachable", Part: diag.PartProxy, Severity: diag.Error,
		Title: "ProxyPass leads to a port where nothing answers",
		Text: "The proxy tries an address that refuses the connection, while the backend answers us on another " +
			"one.",
		Fix: "Write the address on which the backend listens into ProxyPass, or into the BalancerMember that " +
			"it leads to.",
		Before: "ProxyPass /dl/ http://127.0.0.1:8001/dl/   # the application listens on 8000",
		After:  "ProxyPass /dl/ http://127.0.0.1:8000/dl/",
		Source: "Apache documentation, mod_proxy, ProxyPass",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"proxy-bad-gateway", "proxy-timeout"},
	Judge:    judge(judgeUpstreamUnreachable),
}

func judgeUpstreamUnreachable(s *site) *diag.Finding {
	u := s.download.upstream()
	if !s.lost() || u == nil || s.status() < 500 || !s.shows("proxy-bad-gateway", "proxy-timeout", "") || s.outrun() != nil {
		return nil
	}
	var about []string
	for _, p := range u.Peers {
		about = append(about, p.Addr)
	}
	e, logged := s.logged(coded(codeUnconnected, codeConnect, codeNoHost), append(about, u.Host)...)
	at, address := u.Pass, u.Host
	for _, p := range u.Peers {
		if s.isBackend(p) == diag.Yes && !p.Down {
			return nil // Apache goes on to the next member where one is dead
		}
		if at == u.Pass {
			at, address = p.Directive, p.Addr
		}
	}
	if !logged && s.proxiedToBackend(s.download) {
		return nil // a name or a socket: it may well be the backend
	}
	f := found(at, "The proxy asks %s; the backend that answers us is at %s.", address, s.Stack.Backend.Origin())
	if logged {
		return s.with(f, s.download, e)
	}
	return s.with(f, s.download)
}
