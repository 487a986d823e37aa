package apache

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/servertest"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
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
ProxyPass /d/ balancer://down/x/
<Proxy balancer://down>
BalancerMember http://10.0.0.4:80/old status=+D
BalancerMember http://10.0.0.5:80/new status=-D
BalancerMember http://10.0.0.6:80/other status=S
</Proxy>
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
		"/d/y":     {"http", "down", "/new/x/y", "", []string{"10.0.0.4:80 down", "10.0.0.5:80", "10.0.0.6:80 down"}},
		"/none/y":  {"balancer", "none", "/y", "the members of balancer://none", nil},
	} {
		routed := r.Route(route.Request{URI: uri, Host: "x"})
		if routed.Outcome != route.Proxied {
			t.Errorf("%s: %s %s", uri, routed.Outcome, routed.Undecided)
			continue
		}
		u := routed.Upstream
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
	if routed := r.Route(route.Request{URI: "/v/x"}); routed.Outcome != route.Undecided || !strings.Contains(routed.Undecided, "${HOST}") || routed.Steps[len(routed.Steps)-1].Directive.Pos.Line != 7 {
		t.Errorf("%s %q", routed.Outcome, routed.Undecided)
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
		routed := r.Route(route.Request{URI: uri, Host: "a"})
		if got := fmt.Sprintf("%s, %d provided", routed.Outcome, len(routed.Provided)); got != want {
			t.Errorf("%s: %s, want %s: %s", uri, got, want, routed.Undecided)
		}
		if last := routed.Steps[len(routed.Steps)-1]; routed.Outcome == route.Undecided && last.Directive == nil {
			t.Errorf("%s: no place for %q", uri, routed.Undecided)
		}
	}
	routed := r.Route(route.Request{URI: "/plain", Host: "a"})
	if d := cmp.Diff([]string{"/srv/www/.htaccess"}, routed.Htaccess); d != "" {
		t.Error(d)
	}
}

// TestFolderByItsSection: a Directory section tells that its path is a folder.
func TestFolderByItsSection(t *testing.T) {
	r := routerOf(t, `
ServerRoot /x
DocumentRoot /srv/www
<Directory /srv>
Require all granted
</Directory>
<Directory /srv/www/shut/>
Require all denied
</Directory>
<Directory /srv/www/open>
Require all granted
</Directory>
`, RouterOptions{})
	for uri, want := range map[string]string{"/shut": "refused 403", "/open": "returned 301", "/open/": "folder 0", "/other": "file 0"} {
		routed := r.Route(route.Request{URI: uri, Host: "a"})
		if got := fmt.Sprintf("%s %d", routed.Outcome, routed.Status); got != want {
			t.Errorf("%s: %s, want %s", uri, got, want)
		}
	}
}

func TestAddresses(t *testing.T) {
	two := "<VirtualHost 10.0.0.1:80>\nServerName a\n</VirtualHost>\n<VirtualHost 10.0.0.2:80>\nServerName b\n</VirtualHost>\n"
	one := "<VirtualHost 10.0.0.1:80>\nServerName a\n</VirtualHost>\n<VirtualHost 10.0.0.1:80>\nServerName b\n</VirtualHost>\n<VirtualHost *:443>\nServerName c\n</VirtualHost>\n"
	for _, c := range []struct {
		text string
		q    route.Request
		want string // ServerName
	}{
		{two, route.Request{Host: "b", URI: "/"}, "undecided"},
		{two, route.Request{Host: "b", URI: "/", Addr: "10.0.0.1:80"}, "a"},
		{two, route.Request{Host: "10.0.0.2", URI: "/"}, "b"},
		{one, route.Request{Host: "b", URI: "/"}, "b"},
		{one, route.Request{Host: "x", URI: "/"}, "a"},
		{one, route.Request{Host: "b", URI: "/", Scheme: "https"}, "c"},
		{one, route.Request{Host: "b", URI: "/", Addr: "10.9.9.9:80"}, "main"},
		{one, route.Request{Host: "b:81", URI: "/"}, "main"},
	} {
		routed := routerOf(t, c.text, RouterOptions{}).Route(c.q)
		got := "main"
		if routed.Outcome == route.Undecided {
			got = "undecided"
		} else if routed.Server != nil {
			got = routed.Server.First("ServerName").Arg(0)
		}
		if got != c.want {
			t.Errorf("%+v: %s, want %s", c.q, got, c.want)
		}
	}
}

func TestHandoffWithoutModule(t *testing.T) {
	r := routerOf(t, "PidFile x\nProxyPass / http://a/\n", RouterOptions{})
	routed := r.Handoff(r.Route(route.Request{URI: "/x"}), route.Handoff{Value: "/srv/a"})
	if last := routed.Steps[len(routed.Steps)-1]; routed.Outcome != route.Ignored || !strings.Contains(last.Text, "not loaded") {
		t.Errorf("%s: %s", routed.Outcome, last.Text)
	}
	r = routerOf(t, "XSendFile on\nXSendFilePath /srv/media\nXSendFilePath /srv/other/\nProxyPass / http://a/\n<Location /off>\nXSendFile off\n</Location>\n", RouterOptions{})
	from := r.Route(route.Request{URI: "/x"})
	for value, want := range map[string]string{
		"/srv/media/a": "file 2", "/srv/other/a": "file 3", "/srv/media": "file 2", "/srv/mediax": "refused 0", "/srv/media/../other/b": "file 3", "/srv/media/../../x": "refused 0",
	} {
		routed := r.Handoff(from, route.Handoff{Value: value})
		got := string(routed.Outcome) + " 0"
		if routed.FileBy != nil {
			got = string(routed.Outcome) + " " + string(rune('0'+routed.FileBy.Pos.Line))
		}
		if got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
	if by, on := r.Route(route.Request{URI: "/off"}).XSendFile(); on || by == nil || by.Pos.Line != 6 {
		t.Errorf("XSendFile: %v %v", by, on)
	}
	if got := len(from.XSendFilePaths()); got != 2 {
		t.Errorf("%d paths", got)
	}
	if routed := r.Handoff(from, route.Handoff{Value: "/srv/media/a", Status: 404}); routed.Outcome != route.Ignored {
		t.Error(routed.Outcome)
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
	routed := r.Route(route.Request{Host: "x.h9999.example", URI: "/d7/x"})
	if _, on := routed.XSendFile(); routed.Outcome != route.Proxied || routed.Server == nil || routed.Upstream.URI != "/d7/x" || !on {
		t.Errorf("%s %s", routed.Outcome, routed.Undecided)
	}
}

func FuzzRoute(f *testing.F) {
	servertest.RouteCorpus(f, "testdata/route.txtar", func(config, path, host, handoff, access string) { f.Add(config, path, host, handoff, access) })
	f.Fuzz(func(t *testing.T, config, uri, host, value, access string) {
		c, _ := Parse(conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: config}, {Path: "/@WEB@/.htaccess", Text: access}, {Path: "/var/www/html/.htaccess", Text: access}}})
		r := NewRouter(c, RouterOptions{})
		routed := r.Route(route.Request{URI: uri, Host: host, Client: netip.MustParseAddr("127.0.0.1")})
		if routed.Outcome == "" || routed.Outcome == route.Proxied && routed.Upstream == nil || routed.Outcome == route.Undecided && routed.Undecided == "" {
			t.Fatalf("no outcome: %+v", routed)
		}
		if got := r.Handoff(routed, route.Handoff{Value: value}); got.Outcome == "" {
			t.Fatalf("no outcome: %+v", got)
		}
	})
}
