package nginx

import (
	"net"
	"net/url"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var serverNameMismatch = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-server-name-mismatch", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The request lands in another server block",
		Text: "Another server block takes the requests for this host: it has the name, or it is the default " +
			"for the address because no server_name fits. The one with the download location is never asked.",
		Fix: "Add the host to the server_name of the block with the download location, or ask the proxy by a " +
			"name that it has.",
		Before: `server { listen 80 default_server; root /var/www/html; }
server { listen 80; server_name files.example.org; location /dl/ { proxy_pass http://127.0.0.1:8000; } }
# asked: http://www.example.org/dl/a.bin`,
		After:  "server { listen 80; server_name files.example.org www.example.org; location /dl/ { proxy_pass http://127.0.0.1:8000; } }",
		Source: "nginx documentation, How nginx processes a request",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"proxy-not-routed", "proxy-path-rewritten"},
	Judge:    judge(judgeServerNameMismatch),
}

func judgeServerNameMismatch(s *site) *diag.Finding {
	if !s.lost() || s.download.Server == nil || s.proxiedToBackend(s.download) {
		return nil
	}
	switch check.Symptom(s.View) {
	case "proxy-auth-required", "proxy-redirects", "proxy-bad-gateway", "proxy-timeout":
		return nil
	}
	for _, other := range s.conf.HTTP.All("server") {
		if other == s.download.Server {
			continue
		}
		q := request(s.Exchange(diag.ProxyGet))
		for _, name := range plainNames(other) {
			q.Host = name
			if t := s.router.Route(q); t.Server == other && s.proxiedToBackend(t) {
				f := found(nameOf(other), "The host %s lands in the server block at %s; the download location is in the one for %s.",
					s.Exchange(diag.ProxyGet).Request.Host, s.download.Server.Pos, name)
				return s.with(f, s.download)
			}
		}
	}
	return nil
}

// plainNames are the names of a server block that a request can ask for.
func plainNames(block *conf.Directive) []string {
	var names []string
	for _, n := range ServerNames(block) {
		if n != "" && !strings.ContainsAny(n, "*~$") {
			names = append(names, n)
		}
	}
	return names
}

// nameOf is the server_name directive of a server block, or the block.
func nameOf(block *conf.Directive) *conf.Directive {
	if d := block.First("server_name"); d != nil {
		return d
	}
	return block
}

// proxiedToBackend says that a route ends at the backend that answers us, or
// at any upstream where the address is a name that we cannot compare.
func (s *site) proxiedToBackend(t *Route) bool {
	return t.Outcome == Proxied && len(s.strangers(t)) == 0
}

// strangers are the upstream's servers that are certainly not the backend's port.
func (s *site) strangers(t *Route) []Peer {
	u, err := url.Parse(s.Stack.Backend.Origin())
	if err != nil || t.Upstream == nil {
		return nil
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	var list []Peer
	for _, p := range t.Upstream.Peers {
		host, at, err := net.SplitHostPort(p.Addr)
		if err != nil || at != port || literal(host) && literal(u.Hostname()) && !sameHost(host, u.Hostname()) {
			list = append(list, p)
		}
	}
	return list
}

func literal(host string) bool { return host == "localhost" || net.ParseIP(host) != nil }

func sameHost(a, b string) bool {
	return a == b || loopback(a) && loopback(b)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && (ip.String() == "127.0.0.1" || ip.String() == "::1")
}
