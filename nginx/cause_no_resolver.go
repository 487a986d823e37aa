package nginx

import (
	"net"
	"net/netip"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var noResolver = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-no-resolver", Part: diag.PartProxy, Severity: diag.Error,
		Title: "proxy_pass has a variable, and no resolver",
		Text: "With a variable in it the address of proxy_pass is resolved for each request, and that needs a " +
			"resolver directive; /etc/hosts and the system's own resolver are not asked.",
		Fix: "Add a `resolver`, or name the upstream in an upstream block, or write it without a variable.",
		Before: `location /dl/ {
    set $backend app.internal:8000;
    proxy_pass http://$backend;
}`,
		After: `resolver 127.0.0.53;
location /dl/ {
    set $backend app.internal:8000;
    proxy_pass http://$backend;
}`,
		Source: "nginx documentation, ngx_http_proxy_module, proxy_pass; ngx_http_core_module, resolver",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"proxy-bad-gateway"},
	Judge:    judge(judgeNoResolver),
}

func judgeNoResolver(s *site) *diag.Finding {
	if !s.Lost() || s.Status() != 502 || s.Download.Outcome != route.Proxied {
		return nil
	}
	e, logged := s.Logged(cause.Says("no resolver defined"))
	u := s.Download.Upstream
	host, _, err := net.SplitHostPort(u.Host)
	if err != nil {
		host = u.Host
	}
	_, noAddress := netip.ParseAddr(strings.Trim(host, "[]"))
	dynamic := u.Pass != nil && strings.Contains(u.Pass.Arg(0), "$") && u.Block == nil && noAddress != nil && !strings.HasPrefix(u.Host, "unix:")
	if !logged && (!dynamic || last(s.Download.Inside, "resolver") != nil || s.named(u.Host)) {
		return nil
	}
	f := s.Found(u.Pass, "%s has a variable in its address, and no resolver is set where it stands.", u.Pass)
	if logged {
		return s.With(f, s.Download, e)
	}
	return s.With(f, s.Download)
}

// named says that an address stands literally in another directive: nginx
// resolves it when it starts, for variables as well.
func (s *site) named(address string) bool {
	found := false
	s.conf.HTTP.Walk(func(d *conf.Directive) bool {
		if protocols[d.Name] != "" && !strings.Contains(d.Arg(0), "$") && strings.Contains(d.Arg(0), "//"+address) {
			found = true
		}
		return !found
	})
	return found
}
