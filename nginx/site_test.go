package nginx

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

// TestTwins: the second ways to the stored file, and which of them can be asked
// for as they are.
func TestTwins(t *testing.T) {
	for _, c := range []struct {
		name   string
		server string
		want   []string // the URIs; * for one that can be asked for
	}{
		{"none", download + protected, nil},
		{"a location", download + protected + "location /media/ { alias /srv/media/; }", []string{"*/media/" + sceneFile}},
		{"a folder above", download + protected + "location /all { alias /srv; }", []string{"*/all/media/" + sceneFile}},
		{"two", download + protected + "location /a/ { alias /srv/media/; } location /b/ { alias /srv/media/; }", []string{"*/a/" + sceneFile, "*/b/" + sceneFile}},
		{"tried first", download + protected + "location /m/ { root /none; alias /srv/media/; try_files $uri @x; } location @x { return 404; }", []string{"*/m/" + sceneFile}},
		{"a folder below", download + protected + "location /old/ { alias /srv/media/old/; }", nil},
		{"behind a password", download + protected + "location /m/ { alias /srv/media/; auth_basic x; auth_basic_user_file f; }", nil},
		{"returned", download + protected + "location /m/ { alias /srv/media/; return 403; }", nil},
		{"an internal location that is no file's", download + "location /x/ { internal; proxy_pass http://127.0.0.1:9; }\nroot /srv;", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, w := range siteOf(viewOf(scene{server: c.server}.record())).twins() {
				uri := w.URI
				if w.Asked {
					uri = "*" + uri
				}
				got = append(got, uri)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestTwinIsAsked: what the proxy answers for the second URL decides.
func TestTwinIsAsked(t *testing.T) {
	s := scene{server: download + protected + "location /media/ { # here\nalias /srv/media/;\n}"}
	step := twinAsked.Plan(viewOf(s.record()))
	want := []diag.Probe{{ID: cause.TwinProbe, Port: diag.Proxy, Method: "GET", Target: "/media/" + sceneFile}}
	if d := cmp.Diff(want, step.Probes); d != "" {
		t.Fatal(d)
	}
	two := scene{server: s.server + "\nlocation /m2/ {\nalias /srv/media/;\n}"}
	want = append(want, diag.Probe{ID: cause.TwinProbe + "-2", Port: diag.Proxy, Method: "GET", Target: "/m2/" + sceneFile})
	if d := cmp.Diff(want, twinAsked.Plan(viewOf(two.record())).Probes); d != "" {
		t.Fatal(d)
	}
	refused := exchange(cause.TwinProbe, 404, "not here")
	refused.Probe.Target = want[0].Target
	two.more = []diag.Exchange{refused}
	if found := two.judged(t, "nginx-public-twin"); len(found) != 1 || !strings.Contains(found[0].Detail, "/m2/") {
		t.Errorf("got %+v, want the second one", found)
	}
	s.more = two.more
	if found := s.judged(t, "nginx-public-twin"); len(found) != 0 {
		t.Errorf("found though it is not served: %s", found[0].Detail)
	}
}

func TestIntent(t *testing.T) {
	proxy, err := url.Parse("http://127.0.0.1:8080/dl/a.bin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, http, want string
	}{
		{"the only one", "server { listen 8080; location /p { internal; alias /d; } }", "/p/"},
		{"a regular expression", "server { listen 8080; location ~ ^/p/(?<f>.*)$ { internal; alias /d/$f; } }", "/p/"},
		{"beside pages", "error_page 404 /e/404.html; server { listen 8080; error_page 500 /50x.html; location = /50x.html { internal; } location /e/ { internal; root /d; } location /p/ { internal; alias /d/; } }", "/p/"},
		{"beside a subrequest", "server { listen 8080; auth_request /auth/x; location /auth/ { internal; proxy_pass http://a; } location /p/ { internal; alias /d/; } }", "/p/"},
		{"in the server that is asked", "server { listen 8080; location /p/ { internal; alias /d/; } } server { listen 8081; location /q/ { internal; alias /d/; } }", "/p/"},
		{"two", "server { listen 8080; location /p/ { internal; alias /d/; } location /q/ { internal; alias /d/; } }", ""},
		{"none", "server { listen 8080; location /p/ { alias /d/; } }", ""},
		{"a pattern that does not tell", "server { listen 8080; location ~ /p { internal; } }", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := scene{http: c.http}.record()
			got, ok := intent(rec.Config.Source, proxy)
			if got.Prefix != c.want || ok != (c.want != "") || ok && got.Location.Line == 0 {
				t.Errorf("got %+v, %v", got, ok)
			}
		})
	}
}

// noPasswords is what nginx logs where it answers 403 for want of the file.
const noPasswords = `open() "/etc/pw" failed (2: No such file or directory)%.0s`

func TestWay(t *testing.T) {
	for _, c := range []struct {
		name  string
		scene scene
		want  diag.Way
	}{
		{"to the backend", scene{server: download + protected}, diag.Way{Path: "/dl/" + sceneFile}},
		{"under another path", scene{status: 404, server: "location /dl/ { rewrite ^/dl(.*)$ /x$1 break; proxy_pass http://127.0.0.1:8000; }"}, diag.Way{Path: "/x/" + sceneFile}},
		{"answered", scene{status: 404, server: "return 404;"}, diag.Way{Reached: diag.No}},
		{"answered otherwise than it says", scene{status: 404, server: "return 403;"}, diag.Way{}},
		{"no file of passwords", scene{status: 403, own: true, server: "auth_basic x; auth_basic_user_file /etc/pw;" + download + protected, log: []string{noPasswords}, request: "Basic YTpi"}, diag.Way{Reached: diag.No}},
		{"to another upstream", scene{status: 404, server: "location /dl/ { proxy_pass http://127.0.0.1:9; }"}, diag.Way{Reached: diag.No}},
		{"to what may be the backend", scene{status: 404, server: "location /dl/ { proxy_pass http://app:8000; }"}, diag.Way{Path: "/dl/" + sceneFile}},
		{"by another server block", scene{http: "server { listen 8080; location / { proxy_pass http://127.0.0.1:8081; } }\nserver { listen 127.0.0.1:8081; " + download + "}"}, diag.Way{Path: "/dl/" + sceneFile}},
		{"not known", scene{status: 404, server: "location /dl/ { if ($unknown) { return 404; } proxy_pass http://127.0.0.1:8000; }"}, diag.Way{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := viewOf(c.scene.record())
			got := Kind.Way(v, v.Exchange(diag.ProxyGet))
			if (got.Why == "") != (got == diag.Way{}) {
				t.Errorf("no reason: %+v", got)
			}
			got.Why = ""
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestResponsible: the place that a neutral finding gets.
func TestResponsible(t *testing.T) {
	for _, c := range []struct {
		code  string
		scene scene
	}{
		{"proxy-redirects", scene{status: 301, unseen: true, server: "if ($scheme = http) {\nreturn 301 https://$host$request_uri; # here\n}\n" + download}},
		{"proxy-auth-required", scene{status: 401, unseen: true, server: "auth_basic x; # here\nauth_basic_user_file f;\n" + download}},
		{"proxy-auth-required", scene{status: 401, unseen: true, server: "location /dl/ {\nauth_request /a; # here\nproxy_pass http://127.0.0.1:8000;\n}"}},
		{"proxy-not-routed", scene{status: 403, unseen: true, server: "location /dl/ {\nallow 10.0.0.0/8;\ndeny all; # here\nproxy_pass http://127.0.0.1:8000;\n}"}},
		{"proxy-not-routed", scene{status: 403, unseen: true, own: true, server: "auth_basic x;\nauth_basic_user_file /etc/pw; # here\n" + download + protected, log: []string{noPasswords}, request: "Basic YTpi"}},
		{"proxy-stale-file", scene{http: "server {\nlisten 8080;\nlocation / {\nproxy_cache z; # here\nproxy_pass http://127.0.0.1:8081;\n}\n}\nserver { listen 8081; " + download + protected + "}"}},
		{"proxy-stale-file", scene{server: download + "open_file_cache max=9; # here\n" + protected}},
		{"proxy-not-routed", scene{status: 403, unseen: true, server: "location /dl/ {\nif ($unknown) {\nreturn 403; # here\n}\nproxy_pass http://127.0.0.1:8000;\n}"}},
		{"proxy-path-rewritten", scene{status: 404, server: "location /dl/ {\nrewrite ^/dl/(.*)$ /$1 break; # here\nproxy_pass http://127.0.0.1:8000;\n}"}},
		{"proxy-timeout", scene{status: 504, server: "location /dl/ {\nproxy_pass http://127.0.0.1:8000;\nproxy_read_timeout 1s; # here\n}"}},
		{"proxy-host-rejected", scene{status: 400, server: "location /dl/ {\nproxy_pass http://127.0.0.1:8000;\nproxy_set_header Host x; # here\n}"}},
		{"proxy-scheme-lost", scene{status: 301, server: "location /dl/ {\nproxy_pass http://127.0.0.1:8000;\nproxy_set_header x-forwarded-proto http; # here\n}"}},
		{"proxy-bad-gateway", scene{status: 502, unseen: true, server: "location /dl/ {\nproxy_pass http://127.0.0.1:8000; # here\n}"}},
		{"proxy-unreachable", scene{silent: true, unseen: true, server: "location /dl/ {\nreturn 444; # here\n}"}},
		{"handoff-forbidden", scene{status: 403, server: download + "location /protected/ {\ninternal;\nalias /srv/media/; # here\n}"}},
	} {
		rec := c.scene.record()
		at := siteOf(viewOf(rec)).responsible(c.code)
		got := 0
		if at != nil {
			got = at.Pos.Line
		}
		if want := here(rec); got != want {
			t.Errorf("%s: line %d, want %d", c.code, got, want)
		}
	}
}

// TestRangeTaker: what keeps Range from reaching the server that sends the files.
func TestRangeTaker(t *testing.T) {
	for _, c := range []struct{ name, directives, want string }{
		{"nothing", "", ""},
		{"a field", `proxy_set_header Range "";`, "proxy_set_header"},
		{"a cache", "proxy_cache z;", "proxy_cache"},
		{"no cache", "proxy_cache off;", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := scene{http: "server {\nlisten 8080;\nlocation / { proxy_pass http://127.0.0.1:8081; " + c.directives + " }\n}\n" +
				"server {\nlisten 8081;\n" + download + protected + "}"}
			got := ""
			if d := siteOf(viewOf(s.record())).responsible("proxy-ranges-broken"); d != nil {
				got = d.Name
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestEveryTwin: each location that serves a protected folder is told, once.
func TestEveryTwin(t *testing.T) {
	s := scene{server: download + protected + "location /old/ { internal; alias /srv/media/; }\n" +
		"location /a/ { alias /srv/media/; }\nlocation /b/ { alias /srv/; }\nlocation /c/ { deny all; alias /srv/media/; }"}
	if found := s.judged(t, "nginx-public-twin"); len(found) != 2 || found[0].Location.Line == found[1].Location.Line {
		t.Errorf("%d findings: %+v", len(found), found)
	}
	var ids []string
	for _, p := range twinAsked.Plan(viewOf(s.record())).Probes {
		ids = append(ids, p.ID)
	}
	if d := cmp.Diff([]string{"proxy-twin", "proxy-twin-2"}, ids); d != "" {
		t.Error(d)
	}
}
