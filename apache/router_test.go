package apache

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

func routerOf(t testing.TB, text string, o RouterOptions) *Router {
	t.Helper()
	return NewRouter(reparsed(t, conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: text}}}), o)
}

func TestUpstreams(t *testing.T) {
	r := routerOf(t, `
ProxyPass /s/ unix:/run/app.sock|http://localhost/app/
ProxyPass /f/ fcgi://127.0.0.1:9000/srv/
ProxyPass /h http://app.internal
ProxyPass /b/ balancer://App/x/ stickysession=S
ProxyPass /none/ balancer://none/
ProxyPass /v/ http://${HOST}/
ProxyPass /6/ http://[::1]:8000/
<Proxy balancer://app>
BalancerMember http://10.0.0.1:8000/base/
BalancerMember http://10.0.0.2 status=+H
BalancerMember unix:/run/two.sock|http://two status=D
</Proxy>
`, RouterOptions{})
	type result struct {
		Protocol, Host, URI, Unknown string
		Peers                        []string
	}
	for uri, want := range map[string]result{
		"/s/a b":   {"http", "unix:/run/app.sock", "/app/a%20b", "", []string{"unix:/run/app.sock"}},
		"/f/a.php": {"fcgi", "127.0.0.1:9000", "/srv/a.php", "", []string{"127.0.0.1:9000"}},
		"/h/x":     {"http", "app.internal", "/x", "", []string{"app.internal:80"}},
		"/6/x":     {"http", "[::1]:8000", "/x", "", []string{"[::1]:8000"}},
		"/b/y?z":   {"http", "App", "/x/y?z", "the URI: the members have different paths", []string{"10.0.0.1:8000", "10.0.0.2:80 backup", "unix:/run/two.sock down"}},
		"/none/y":  {"balancer", "none", "/y", "the members of balancer://none", nil},
	} {
		route := r.Route(Request{URI: uri, Host: "x"})
		if route.Outcome != Proxied {
			t.Errorf("%s: %s %s", uri, route.Outcome, route.Undecided)
			continue
		}
		u := route.Upstream
		got := result{u.Protocol, u.Host, u.URI, u.Unknown, nil}
		for _, p := range u.Peers {
			s := p.Addr
			if p.Backup {
				s += " backup"
			}
			if p.Down {
				s += " down"
			}
			got.Peers = append(got.Peers, s)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", uri, d)
		}
	}
	if route := r.Route(Request{URI: "/v/x"}); route.Outcome != Undecided || !strings.Contains(route.Undecided, "${HOST}") || route.Steps[len(route.Steps)-1].Directive.Pos.Line != 7 {
		t.Errorf("%s %q", route.Outcome, route.Undecided)
	}
}

func TestUndecided(t *testing.T) {
	r := routerOf(t, `
ServerRoot /x
<VirtualHost *:80>
DocumentRoot /srv/www
<Location /ip/>
Require ip 10.0.0.0/8
</Location>
<Location /host/>
Require host example.org
</Location>
<Location /user/>
AuthType Basic
Require valid-user
</Location>
<Location /time/>
<If "%{TIME_HOUR} -lt 5">
Require all denied
</If>
</Location>
<Location /harmless/>
<If "%{TIME_HOUR} -lt 5">
Header set X y
</If>
</Location>
<Directory /srv/www>
AllowOverride FileInfo
</Directory>
RewriteEngine On
RewriteRule ^/to/ /other
RewriteCond %{TIME_HOUR} >5
RewriteRule ^/cond/ - [F]
</VirtualHost>
`, RouterOptions{})
	for uri, want := range map[string]string{
		"/ip/": "folder, 3 provided", "/host/x": "file, 3 provided", "/user/x": "refused, 2 provided", "/time/x": "undecided, 2 provided",
		"/harmless/x": "file, 2 provided", "/to/x": "undecided, 0 provided", "/cond/x": "undecided, 0 provided", "/plain": "file, 1 provided",
	} {
		route := r.Route(Request{URI: uri, Host: "a"})
		if got := fmt.Sprintf("%s, %d provided", route.Outcome, len(route.Provided)); got != want {
			t.Errorf("%s: %s, want %s: %s", uri, got, want, route.Undecided)
		}
		if last := route.Steps[len(route.Steps)-1]; route.Outcome == Undecided && last.Directive == nil {
			t.Errorf("%s: no place for %q", uri, route.Undecided)
		}
	}
	route := r.Route(Request{URI: "/plain", Host: "a"})
	if d := cmp.Diff([]string{"/srv/www/.htaccess"}, route.Htaccess); d != "" {
		t.Error(d)
	}
}

func TestAddresses(t *testing.T) {
	two := "<VirtualHost 10.0.0.1:80>\nServerName a\n</VirtualHost>\n<VirtualHost 10.0.0.2:80>\nServerName b\n</VirtualHost>\n"
	one := "<VirtualHost 10.0.0.1:80>\nServerName a\n</VirtualHost>\n<VirtualHost 10.0.0.1:80>\nServerName b\n</VirtualHost>\n<VirtualHost *:443>\nServerName c\n</VirtualHost>\n"
	for _, c := range []struct {
		text string
		q    Request
		want string // ServerName
	}{
		{two, Request{Host: "b", URI: "/"}, "undecided"},
		{two, Request{Host: "b", URI: "/", Addr: "10.0.0.1:80"}, "a"},
		{two, Request{Host: "10.0.0.2", URI: "/"}, "b"},
		{one, Request{Host: "b", URI: "/"}, "b"},
		{one, Request{Host: "x", URI: "/"}, "a"},
		{one, Request{Host: "b", URI: "/", Scheme: "https"}, "c"},
		{one, Request{Host: "b", URI: "/", Addr: "10.9.9.9:80"}, "main"},
		{one, Request{Host: "b:81", URI: "/"}, "main"},
	} {
		route := routerOf(t, c.text, RouterOptions{}).Route(c.q)
		got := "main"
		if route.Outcome == Undecided {
			got = "undecided"
		} else if route.Server != nil {
			got = route.Server.First("ServerName").Arg(0)
		}
		if got != c.want {
			t.Errorf("%+v: %s, want %s", c.q, got, c.want)
		}
	}
}

func TestHandoffWithoutModule(t *testing.T) {
	r := routerOf(t, "PidFile x\nProxyPass / http://a/\n", RouterOptions{})
	route := r.Handoff(r.Route(Request{URI: "/x"}), Handoff{Value: "/srv/a"})
	if last := route.Steps[len(route.Steps)-1]; route.Outcome != Ignored || !strings.Contains(last.Text, "not loaded") {
		t.Errorf("%s: %s", route.Outcome, last.Text)
	}
	r = routerOf(t, "XSendFile on\nXSendFilePath /srv/media\nXSendFilePath /srv/other/\nProxyPass / http://a/\n<Location /off>\nXSendFile off\n</Location>\n", RouterOptions{})
	from := r.Route(Request{URI: "/x"})
	for value, want := range map[string]string{
		"/srv/media/a": "file 2", "/srv/other/a": "file 3", "/srv/media": "file 2", "/srv/mediax": "refused 0", "/srv/media/../other/b": "file 3", "/srv/media/../../x": "refused 0",
	} {
		route := r.Handoff(from, Handoff{Value: value})
		got := string(route.Outcome) + " 0"
		if route.FileBy != nil {
			got = string(route.Outcome) + " " + string(rune('0'+route.FileBy.Pos.Line))
		}
		if got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
	if by, on := r.Route(Request{URI: "/off"}).XSendFile(); on || by == nil || by.Pos.Line != 6 {
		t.Errorf("XSendFile: %v %v", by, on)
	}
	if got := len(from.XSendFilePaths()); got != 2 {
		t.Errorf("%d paths", got)
	}
	if route := r.Handoff(from, Handoff{Value: "/srv/media/a", Status: 404}); route.Outcome != Ignored {
		t.Error(route.Outcome)
	}
}

// TestManyHosts reads and routes 10,000 virtual hosts; it asserts no time.
func TestManyHosts(t *testing.T) {
	var b strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&b, "<VirtualHost *:80>\nServerName h%d.example\nServerAlias *.h%[1]d.example\n", i)
		for j := range 8 {
			fmt.Fprintf(&b, "ProxyPass /d%d/ http://127.0.0.1:8000/d%[1]d/\n<Location /d%[1]d/>\nXSendFile On\n</Location>\n", j)
		}
		b.WriteString("</VirtualHost>\n")
	}
	r := routerOf(t, b.String(), RouterOptions{})
	route := r.Route(Request{Host: "x.h9999.example", URI: "/d7/x"})
	if _, on := route.XSendFile(); route.Outcome != Proxied || route.Server == nil || route.Upstream.URI != "/d7/x" || !on {
		t.Errorf("%s %s", route.Outcome, route.Undecided)
	}
}

func FuzzRoute(f *testing.F) {
	for _, c := range routeCases(f) {
		for _, q := range c.requests {
			f.Add(c.config, q.path, q.host, q.handoff)
		}
	}
	f.Fuzz(func(t *testing.T, config, uri, host, value string) {
		c, _ := Parse(conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: config}}})
		r := NewRouter(c, RouterOptions{})
		route := r.Route(Request{URI: uri, Host: host, Client: netip.MustParseAddr("127.0.0.1")})
		if route.Outcome == "" || route.Outcome == Proxied && route.Upstream == nil || route.Outcome == Undecided && route.Undecided == "" {
			t.Fatalf("no outcome: %+v", route)
		}
		if got := r.Handoff(route, Handoff{Value: value}); got.Outcome == "" {
			t.Fatalf("no outcome: %+v", got)
		}
	})
}
