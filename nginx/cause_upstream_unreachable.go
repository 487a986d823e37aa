package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
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
	if !s.lost() || s.download.Outcome != Proxied || s.status() < 502 || s.status() > 504 || s.handedOff() {
		return nil
	}
	u := s.download.Upstream
	strangers := s.strangers(s.download)
	refused, logged := s.logged(func(e event) bool {
		return strings.Contains(e.Message, "while connecting to upstream") || strings.Contains(e.Message, "no live upstreams")
	})
	if len(strangers) == 0 && !logged {
		return nil
	}
	at := u.Pass
	address := u.Host
	for _, p := range append(strangers, u.Peers...) {
		if !logged || strings.Contains(refused.Upstream, p.Addr) {
			at, address = p.Directive, p.Addr
			break
		}
	}
	f := found(at, "The proxy asks %s; the backend that answers us is at %s.", address, s.Stack.Backend.Origin())
	if logged {
		return s.with(f, s.download, refused)
	}
	return s.with(f, s.download)
}

// handedOff says that the backend was certainly asked for the download.
func (s *site) handedOff() bool {
	reached, _ := s.Reached(diag.ProxyGet)
	return reached == diag.Yes
}
