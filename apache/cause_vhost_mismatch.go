package apache

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var vhostMismatch = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-vhost-mismatch", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The request lands in another virtual host",
		Text: "Another virtual host takes the requests for this host: it has the name, or it is the first one " +
			"for the address because no ServerName or ServerAlias fits. The one that proxies the downloads is " +
			"never asked.",
		Fix: "Add the host as a ServerAlias to the virtual host that proxies the downloads, or ask the proxy by " +
			"a name that it has.",
		Before: `# asked for: http://www.example.org/dl/a.bin
<VirtualHost *:80>
  ServerName example.org
  DocumentRoot /var/www/html
</VirtualHost>
<VirtualHost *:80>
  ServerName files.example.org
  ProxyPass /dl/ http://127.0.0.1:8000/dl/
  XSendFile On
  XSendFilePath /srv/media
  FileETag None
</VirtualHost>`,
		After: `<VirtualHost *:80>
  ServerName example.org
  DocumentRoot /var/www/html
</VirtualHost>
<VirtualHost *:80>
  ServerName files.example.org
  ServerAlias www.example.org
  ProxyPass /dl/ http://127.0.0.1:8000/dl/
  XSendFile On
  XSendFilePath /srv/media
  FileETag None
</VirtualHost>`,
		Source: "Apache documentation, An In-Depth Discussion of Virtual Host Matching",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"proxy-not-routed", "proxy-path-rewritten", "proxy-redirects"},
	Judge:    judge(judgeVhostMismatch),
}

func judgeVhostMismatch(s *site) *diag.Finding {
	d := s.Download
	if !s.Lost() || s.ToBackend(d) || d.Outcome == route.Undecided || !s.Shows("proxy-not-routed", "proxy-path-rewritten", "proxy-redirects", "") ||
		d.Deciding(route.StepProxy) != nil {
		return nil
	}
	x := s.Exchange(diag.ProxyGet)
	for _, other := range s.router.hosts {
		if other.dir == d.Server {
			continue
		}
		by := cause.First(lastOf(other.dir.All("ServerName")), other.dir)
		if name, ok := s.askedBy(other, cause.Request(x)); ok {
			for by.Via != nil && slices.Contains(by.Via.Texts(1), by.Arg(0)) {
				by = by.Via // the name is an argument of the macro's
			}
			f := s.Found(by, "The host %s lands in %s; the downloads are proxied in the virtual host for %s.", x.Request.Host, s.taker(), name)
			return s.With(f, d)
		}
	}
	for _, other := range s.router.hosts {
		if t := s.router.routeIn(other, cause.Request(x)); other.dir != d.Server && other.onPort(t.state.port) && s.right(t) {
			f := s.Found(other.dir, "The address that the request is made to is that of %s; the downloads are proxied in a virtual host for another one, %s.", s.taker(), written(other.dir))
			return s.With(f, d)
		}
	}
	if !s.Shows("proxy-not-routed") || d.Outcome == route.Returned || refusedBy(d) != nil && !forFiles(refusedBy(d)) || d.Deciding(route.StepReturn, route.StepRewrite) != nil {
		return nil // the virtual host says what becomes of the request
	}
	for _, other := range s.router.hosts {
		if other.dir != d.Server && s.right(s.router.routeIn(other, cause.Request(x))) {
			f := s.Found(other.dir, "The request comes in on port %s, where it lands in %s; the downloads are proxied in a virtual host on another port, %s.", d.state.port, s.taker(), written(other.dir))
			return s.With(f, d)
		}
	}
	return nil
}

// forFiles says that a directive stands in a Directory or Files section.
func forFiles(d *conf.Directive) bool {
	for p := d.Parent; p != nil; p = p.Parent {
		if strings.HasPrefix(p.Name, "Directory") || strings.HasPrefix(p.Name, "Files") {
			return true
		}
	}
	return false
}

// askedBy is the name by which a virtual host takes the download and proxies it
// as it should be.
func (s *site) askedBy(other *vhost, q route.Request) (name string, ok bool) {
	_, port := splitPort(q.Host)
	for _, name := range askable(other) {
		if q.Host = name; port != "" {
			q.Host += ":" + port
		}
		if t := s.router.Route(q); t.Server == other.dir && s.right(t) {
			return name, true
		}
	}
	return "", false
}

// right says that a route asks the backend for the download.
func (s *site) right(t *Route) bool {
	asked, want, ok := s.paths(t)
	return s.ToBackend(t) && ok && asked == want
}

// onPort says that a virtual host is on a port.
func (h *vhost) onPort(port string) bool {
	for _, a := range h.addrs {
		if a.port == "" || a.port == port {
			return true
		}
	}
	return false
}

// taker names the virtual host that took the download.
func (s *site) taker() string {
	if d := s.Download.Server; d != nil {
		return "the virtual host at " + d.Pos.String()
	}
	return "the main server"
}

// askable are hosts by which a virtual host can be asked.
func askable(h *vhost) []string {
	var names []string
	for _, n := range h.names {
		names = append(names, strings.NewReplacer("*", "proxydiag", "?", "x").Replace(n.name))
	}
	return names
}
