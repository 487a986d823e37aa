package nginx

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var serverNameMismatch = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-server-name-mismatch", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The request lands in another server block",
		Text: "Another server block takes the requests for this host: it has the name, or it is the default " +
			"for the address because no server_name fits, or it alone names the address in listen. The one with the download location is never asked.",
		Fix: "Add the host to the server_name of the block with the download location, or ask the proxy by a " +
			"name that it has.",
		Before: `# asked for: http://www.example.org/dl/a.bin
server {
    listen 80 default_server;
    root /var/www/html;
}
server {
    listen 80;
    server_name files.example.org;
    location /dl/ { proxy_pass http://127.0.0.1:8000; }
    location /protected/ { internal; alias /srv/media/; }
}`,
		After: `server {
    listen 80 default_server;
    root /var/www/html;
}
server {
    listen 80;
    server_name files.example.org www.example.org;
    location /dl/ { proxy_pass http://127.0.0.1:8000; }
    location /protected/ { internal; alias /srv/media/; }
}`,
		Source: "nginx documentation, How nginx processes a request",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"proxy-not-routed", "proxy-path-rewritten", "proxy-unreachable"},
	Judge:    judge(judgeServerNameMismatch),
}

func judgeServerNameMismatch(s *site) *diag.Finding {
	if !s.Lost() && !s.closed() || s.Download.Server == nil || s.ToBackend(s.Download) {
		return nil
	}
	switch check.Symptom(s.View) {
	case "proxy-auth-required", "proxy-redirects", "proxy-bad-gateway", "proxy-timeout":
		return nil
	}
	asked := cause.Request(s.Exchange(diag.ProxyGet))
	tier := (*conf.Directive)(nil) // what asks for the server block, where that is no client
	if n := len(s.front); n > 0 {
		q, ok := s.next(s.front[n-1])
		if !ok {
			return nil
		}
		asked, tier = q, cause.Pass(s.front[n-1])
	}
	for _, other := range s.conf.HTTP.All("server") {
		if other == s.Download.Server {
			continue
		}
		for _, name := range askableNames(other) {
			q := asked
			q.Host = name
			if t := s.router.Route(q); t.Server != other || !s.ToBackend(t) {
				continue
			}
			f := s.Found(nameOf(other), "The host %s lands in the server block at %s; the download location is in the one for %s.",
				asked.Host, s.Download.Server.Pos, name)
			if tier != nil {
				f.Fix = fmt.Sprintf("Send the host that the client asked for, or %s: proxy_set_header Host, beside %s at line %d.", name, tier, tier.Pos.Line)
				f.Evidence = append(f.Evidence, s.Quote("the tier in front", tier))
			}
			return s.With(f, s.Download)
		}
	}
	return s.lessExact(asked)
}

// lessExact is the finding where the server block with the download location
// listens on every address of a port, and another one on the very address that
// is asked: only those that do are looked at for the name.
func (s *site) lessExact(asked route.Request) *diag.Finding {
	g := s.router.at(asked.Addr)
	if g == nil || g.listen.host == "*" || g.listen.host == "[::]" || g.listen.port == "" {
		return nil
	}
	elsewhere := asked
	elsewhere.Addr = "192.0.2.1:" + g.listen.port // RFC 5737: an address that no configuration names
	if strings.HasPrefix(g.listen.host, "[") {
		elsewhere.Addr = "[2001:db8::1]:" + g.listen.port // RFC 3849
	}
	t := s.router.Route(elsewhere)
	if t.Server == nil || t.Server == s.Download.Server || !s.ToBackend(t) {
		return nil
	}
	at := t.Server
	for _, l := range s.router.of(t.Server).list {
		if l.port == g.listen.port && l.dir != nil {
			at = l.dir
		}
	}
	f := s.Found(at, "A request to %s lands in the server block at %s, which listens on that address; the one with the download location listens on the port alone.",
		asked.Addr, s.Download.Server.Pos)
	f.Fix = fmt.Sprintf("Add `listen %s:%s;` to this server block, or take the address from the other one: the name is looked for only among those whose listen fits best.",
		g.listen.host, g.listen.port)
	return s.With(f, s.Download)
}

// closed says that the configuration has nginx close the connection without an
// answer, and that none came.
func (s *site) closed() bool {
	x := s.Exchange(diag.ProxyGet)
	return s.Stored() && s.Download != nil && s.Download.Status == statusClose && !x.Answered() && check.BackendFault(s.View) == ""
}

// statusClose is nginx's own status for no answer at all.
const statusClose = 444

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

// askableNames are hosts by which a server block can be asked: its plain names,
// and one that fits each of its wildcards. A regular expression has none.
func askableNames(block *conf.Directive) []string {
	names := plainNames(block)
	for _, n := range ServerNames(block) {
		switch {
		case strings.HasPrefix(n, "*."):
			names = append(names, "proxydiag"+n[1:])
		case strings.HasPrefix(n, "."):
			names = append(names, n[1:])
		case strings.HasSuffix(n, ".*"):
			names = append(names, n[:len(n)-1]+"example")
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
