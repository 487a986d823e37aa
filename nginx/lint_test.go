package nginx

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// lint judges a configuration alone.
func lint(source conf.Source) []diag.Finding { return lintFor("", source) }

// lintFor is lint with a handoff that is stated.
func lintFor(sendfile string, source conf.Source) []diag.Finding {
	static := slices.DeleteFunc(slices.Clone(Kind.Rules), func(r diag.Rule) bool { return !r.Static })
	rec := &diag.Record{Stack: diag.Stack{Sendfile: sendfile}, Config: &diag.Config{Kind: Kind.Name, Source: source}}
	return diag.Judge(rec, static, nil).Findings
}

// linted are the codes and lines of lint's findings.
func linted(text string) []string { return lintedFor("", text) }

func lintedFor(sendfile, text string) []string {
	var list []string
	for _, f := range lintFor(sendfile, sourceOf(text)) {
		list = append(list, fmt.Sprintf("%s:%d", f.Code, f.Location.Line))
	}
	return list
}

const (
	app     = "location / { proxy_pass http://127.0.0.1:8000; }\n"
	private = "location /protected/ { internal; alias /srv/media/; }\n"
	twinAt  = "location /media/ { alias /srv/media/; }\n"
)

// TestLintTwins: server blocks are asked on the addresses and by the names that
// they have; every twin is named; what keeps clients out silences.
func TestLintTwins(t *testing.T) {
	twin := func(lines ...int) (list []string) {
		for _, n := range lines {
			list = append(list, fmt.Sprintf("nginx-public-twin:%d", n))
		}
		return list
	}
	site := "server { listen 80; server_name a.test;\n" + app + private
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"https only", "server { listen 443 ssl; server_name www.test;\n" + app + private + twinAt + "}", twin(4)},
		{"beside a redirect", "server { listen 80; return 301 https://$host$request_uri; }\nserver { listen 443 ssl;\n" + app + private + twinAt + "}", twin(5)},
		{"redirected on one of two ports", "server { listen 80; listen 443 ssl;\nif ($scheme = http) { return 301 https://$host$request_uri; }\n" + app + private + twinAt + "}", twin(5)},
		{"on another port", site + "}\nserver { listen 8080; root /srv/media; }", twin(5)},
		{"of a wildcard", site + "}\nserver { listen 80; server_name *.b.test; root /srv/media; }", twin(5)},
		{"for other names", "server { listen 80;\nroot /srv/media; }\n" + site + "}", twin(2)},
		{"all of them", site + twinAt + "location /m2/ { alias /srv/media/; }\nlocation /m3/ { alias /srv/; }\n}\nserver { listen 80; server_name b.test;\nlocation / { root /srv/media; }\n}", twin(4, 5, 6, 9)},
		{"of two folders", site + "location /p2/ { internal; alias /srv/private/; }\n" + twinAt + "location /m2/ { alias /srv/private/; }\n}", twin(5, 6)},
		{"one for two folders", site + "location /p2/ { internal; alias /srv/private/; }\nlocation /all/ { alias /srv/; }\n}", twin(5)},

		{"by a type, at the same URI", site + "location ~* \\.jpg$ { root /srv; rewrite ^/protected/(.*) /media/$1 break; }\n}", twin(4)},
		{"by a type", "server { listen 80; root /srv;\n" + app + "location ^~ /p/ { internal; alias /srv/media/; }\nlocation ~* \\.(png|jpg)$ { expires 30d; }\n}", twin(4)},
		{"by a type that is none of a download", "server { listen 80; root /srv;\n" + app + "location /p/ { internal; alias /srv/media/; }\nlocation ~* \\.(css|js|php)$ { expires 30d; }\n}", nil},
		{"by a type that is refused", "server { listen 80; root /srv;\n" + app + "location /media/ { internal; alias /srv/media/; }\nlocation ~* \\.(png|jpg)$ { allow 127.0.0.1; deny all; }\n}", nil},
		{"by a type, kept internal", "server { listen 80; root /srv;\n" + app + "location ^~ /media/ { internal; }\nlocation ~* \\.(png|jpg)$ { expires 30d; }\n}", nil},

		{"of this machine only", site + "}\nserver { listen 127.0.0.1:9000; root /srv/media; }", nil},
		{"on a socket", site + "}\nserver { listen unix:/run/x.sock; root /srv/media; }", nil},
		{"the storage's own server", "server { listen 80;\nlocation /protected/ { internal; alias /srv/media/; }\nlocation / { proxy_pass http://10.0.0.1:81; } }\nserver { listen 10.0.0.1:81; root /srv/media; }", nil},
		{"certificates of clients", site + "}\nserver { listen 443 ssl; server_name b.test; ssl_verify_client on; root /srv/media; }", nil},
		{"without a host", site + "}\nserver { listen 80; root /srv/media; }", twin(5)},
		{"that no name leads to", site + "}\nserver { listen 80; server_name ~^(?!a)$; root /srv/media; }", nil},
		{"redirected on both", "server { listen 80; listen 443 ssl; return 301 /x;\n" + app + private + twinAt + "}", nil},
		{"tokens", site + "location /t/ { auth_jwt x; auth_jwt_key_file /k; alias /srv/media/; }\n}", nil},
		{"a directory service", site + "auth_ldap x;\n" + twinAt + "}", nil},
		{"pam", site + "location /t/ { auth_pam x; alias /srv/media/; }\n}", nil},
		{"digest", site + "location /t/ { auth_digest x; alias /srv/media/; }\n}", nil},
		{"kerberos", site + "location /t/ { auth_gss on; alias /srv/media/; }\n}", nil},
		{"a script", site + "location /t/ { js_access a.b; alias /srv/media/; }\n}", nil},
		{"a guard that is off", site + "location /t/ { auth_gss off; alias /srv/media/; access_log off; }\n}", twin(4)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, linted(c.text)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestLintTraversal: what a request opens decides, not how a location looks.
func TestLintTraversal(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"a prefix", "location /a { alias /srv/a/; }", []string{"nginx-off-by-slash:1"}},
		{"https", "listen 443 ssl; location ^~ /a { alias /srv/a/; }", []string{"nginx-off-by-slash:1"}},
		{"an expression", "location ~ ^/a(.*)$ { alias /srv/a/$1; }", []string{"nginx-off-by-slash:1"}},
		{"nested", "location /c {\nlocation /c/d { alias /srv/d/; } }", []string{"nginx-off-by-slash:2"}},
		{"the only server of another name", "server_name ~^(www\\.)?x$ b.test; location /a { alias /srv/a/; }", []string{"nginx-off-by-slash:1"}},

		{"an expression with a slash", "location ~ ^/a/(.*)$ { alias /srv/a/$1; }", nil},
		{"an expression without the rest", "location ~ ^/a(.*)$ { alias /srv/a$1; }", nil},
		{"an expression for names", "location ~ ^/a([a-z]+)$ { alias /srv/a/$1; }", nil},
		{"gone", "location /old { return 410; alias /srv/old/; }", nil},
		{"dots are refused", "location ~ \\.\\. { return 403; } location /a { alias /srv/a/; }", nil},
		{"dots are refused at once", "if ($uri ~ \\.\\.) { return 403; } location /a { alias /srv/a/; }", nil},
		{"both with a slash", "location /a/ { alias /srv/a/; }", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, linted("server { "+c.text+" }")); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestLintHandoffs: what an internal location opens and asks.
func TestLintHandoffs(t *testing.T) {
	const wide, open = "nginx-alias-too-wide:1", "nginx-open-upstream:1"
	for _, c := range []struct {
		text string
		want []string
	}{
		{"location /all/ { internal; alias /; }", []string{wide}},
		{"location /all/ { internal; alias /.; }", []string{wide}},
		{"location ~ ^/all(/.*)$ { internal; alias $1; }", []string{wide}},
		{"location ~ ^/all/(?<f>.*)$ { internal; alias /$f; }", []string{wide}},
		{"location /all/ { internal; root /; rewrite ^/all(.*)$ $1 break; }", []string{wide}},
		{"location ~ ^/p(/.*)$ { internal; alias /srv$1; }", nil},
		{"location ~ ^/srv/(.*)$ { internal; alias /srv/$1; }", nil},
		{"location ~ ^/p(/[a-z]+)$ { internal; alias $1; }", nil},
		{"location /srv/media/ { internal; root /; }", nil},
		{"location /p/ { internal; root /; rewrite ^/p/(.*)$ /srv/$1 break; }", nil},

		{"location @fetch { proxy_pass $upstream_http_x_url; }", []string{open}},
		{`location ~ ^/f/([^/]+)/(.*)$ { internal; set $up "http://$1/$2"; proxy_pass $up; }`, []string{open}},
		{"location ~ ^/f/(https?)/([^/]+)/(.*)$ { internal; proxy_pass $1://$2/$3; }", []string{open}},
		{`location ~ ^/f/(?<h>[^/]+)/(.*)$ { internal; if ($h !~ ^(a|b)\.example\.org$) { return 403; } proxy_pass http://$h/$2; }`, nil},
		{`location ~ ^/f/([^/]+\.s3\.amazonaws\.com)/(.*)$ { internal; proxy_pass https://$1/$2; }`, nil},
		{`location ~ ^/f/([\w-]+\.example\.org)/(.*)$ { internal; set $up $1; proxy_pass https://$up/$2; }`, nil},
		{`location ~ ^/f/(.*\.example\.org)/(.*)$ { internal; proxy_pass https://$1/$2; }`, []string{open}},
		{"location @app { proxy_pass http://127.0.0.1:8000; }", nil},
	} {
		if d := cmp.Diff(c.want, linted("server { "+c.text+" }")); d != "" {
			t.Errorf("%s: %s", c.text, d)
		}
	}
}

// TestLintSlash: an internal alias without its slash, and what looks like one.
func TestLintSlash(t *testing.T) {
	const (
		app = "location / { proxy_pass http://127.0.0.1:8000; }\n"
		at2 = "nginx-alias-slash:2"
	)
	for _, c := range []struct {
		name, sendfile, text string
		want                 []string
	}{
		{"a prefix", "", app + "location /p/ { internal; alias /srv/media; }", []string{at2}},
		{"regular expressions not looked at", "", app + "location ^~ /p/ { internal; alias /srv/media; }", []string{at2}},
		{"internal from around", "", app + "location /p/ { internal; location /p/q/ {\nalias /srv/media; } }", []string{"nginx-alias-slash:3"}},
		{"a part of a folder by a variable", "", app + "location /p/ { internal; alias $document_root/media; }", []string{at2}},
		{"no application here", "", "\nlocation /p/ { internal; alias /srv/media; }", []string{at2}},
		{"stated, not internal", "nginx:/p/", app + "location /p/ { alias /srv/media; allow 127.0.0.1; deny all; }", []string{at2}},
		{"told with one slash", "", "location / { proxy_pass http://127.0.0.1:8000; proxy_set_header X-Accel-Mapping /srv/media/=/p/; }\nlocation /p/ { internal; alias /srv/media; }", []string{at2}},

		{"told with two slashes", "", "location / { proxy_pass http://127.0.0.1:8000; proxy_set_header X-Accel-Mapping /srv/media=/p/; }\nlocation /p/ { internal; alias /srv/media; }", nil},
		{"no slash on either side", "", app + "location /p { internal; alias /srv/media; }", nil},
		{"a slash on both", "", app + "location /p/ { internal; alias /srv/media/; }", nil},
		{"the beginning of names", "", app + "location /p/ { internal; alias /srv/media/img_; }", nil},
		{"a folder in a variable", "", app + "location /p/ { internal; alias $upstream_http_x_root; }", nil},
		{"one URI", "", app + "location = /p/ { internal; alias /srv/media; }", nil},
		{"an expression", "", app + "location ~ ^/p/(.*)$ { internal; alias /srv/media$1; }", nil},
		{"a root", "", app + "location /p/ { internal; root /srv; }", nil},
		{"files that are tried", "", app + "location /p/ { internal; alias /srv/media; try_files /x =404; }", nil},
		{"handed on", "", app + "location /p/ { internal; alias /srv/media; proxy_pass http://127.0.0.1:9; }", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, lintedFor(c.sendfile, "server { "+c.text+" }")); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestLintShadows: a regular expression that takes handed-off files away, and
// those that stand beside without harm.
func TestLintShadows(t *testing.T) {
	const (
		app      = "root /srv/www; location / { proxy_pass http://127.0.0.1:8000; }\n"
		internal = "location /p/ { internal; alias /srv/media/; }\n"
		images   = "location ~* \\.(png|jpg)$ { expires 30d; }"
		at3      = "nginx-regex-shadows-internal:3"
	)
	for _, c := range []struct {
		name, sendfile, text string
		want                 []string
	}{
		{"files of a type", "", app + internal + images, []string{at3}},
		{"files that are tried", "", app + internal + "location ~ \\.pdf$ { try_files $uri =404; }", []string{at3}},
		{"the application again", "", app + internal + "location ~ \\.(pdf|zip)$ { proxy_pass http://127.0.0.1:8000; }", []string{at3}},
		{"an internal expression behind it", "", app + images + "\nlocation ~ ^/p/(.*)$ { internal; alias /srv/media/$1; }", []string{"nginx-regex-shadows-internal:2"}},
		{"stated, not internal", "nginx:/p/", app + "location /p/ { alias /srv/media/; allow 127.0.0.1; deny all; }\n" + images, []string{at3}},
		{"two of them", "", app + internal + images + "\nlocation ~ \\.zip$ { root /srv/zip; }", []string{"nginx-regex-shadows-internal:4", at3}},

		{"regular expressions not looked at", "", app + "location ^~ /p/ { internal; alias /srv/media/; }\n" + images, nil},
		{"scripts", "", app + internal + "location ~ \\.php$ { fastcgi_pass 127.0.0.1:9000; }", nil},
		{"styles", "", app + internal + "location ~* \\.(css|js)$ { expires 30d; }", nil},
		{"refused types", "", app + internal + "location ~ \\.(html|txt)$ { deny all; }", nil},
		{"types that are gone", "", app + internal + "location ~ \\.mp4$ { return 410; }", nil},
		{"the same files", "", "root /srv; location / { proxy_pass http://127.0.0.1:8000; }\nlocation /p/ { internal; }\n" + "location ~ ^/p/.*\\.jpg$ { internal; expires 30d; }", nil},
		{"within the internal location", "", app + "location /p/ { internal; alias /srv/media/;\n location ~ \\.jpg$ { alias /srv/media/; } }", nil},
		{"an expression before it", "", app + "location ~ ^/p/(.*)$ { internal; alias /srv/media/$1; }\n" + images, nil},
		{"another folder's", "", app + internal + "location ~ ^/static/.*\\.jpg$ { expires 30d; }", nil},
		{"nothing hands off", "", "root /srv/www;\n" + internal + images, nil},
		{"an internal location that is a wall", "", app + "location /p/ { internal; }\n" + images, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, lintedFor(c.sendfile, "server { "+c.text+" }")); d != "" {
				t.Error(d)
			}
		})
	}
}

// BenchmarkLint is what lint does with a configuration that was read.
func BenchmarkLint(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			source := sourceOf(bigSite(n))
			for b.Loop() {
				if found := lint(source); len(found) != 0 {
					b.Fatal(found[0].Detail)
				}
			}
		})
	}
}

// TestLintIsLinear: eight times the servers make about eight times the work, by
// what is allocated for it, also where all have the same root, and where each
// asks another one.
func TestLintIsLinear(t *testing.T) {
	servers := func(format string) func(int) string {
		return func(n int) string {
			var b strings.Builder
			b.WriteString("events {}\nhttp {\n")
			for i := range n {
				fmt.Fprintf(&b, format+"\n", i)
			}
			return b.String() + "}\n"
		}
	}
	for name, site := range map[string]func(int) string{
		"sites":     bigSite,
		"one root":  servers("server { listen 80; server_name s%[1]d.test; root /srv/www; location / { return 404; } location /p/ { internal; alias /srv/www/p%[1]d/; } }"),
		"one port":  servers("server { listen 80; server_name s%[1]d.test; location / { proxy_pass http://127.0.0.1:80; } location /p/ { internal; alias /srv/www/p%[1]d/; } }"),
		"variables": servers("server { listen 80; server_name s%[1]d.test; root /srv/$host; location / { return 404; } location /p/ { internal; alias /srv/p%[1]d/; } }"),
	} {
		allocated := func(n int) float64 {
			source := sourceOf(site(n))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			lint(source)
			runtime.ReadMemStats(&after)
			return float64(after.TotalAlloc-before.TotalAlloc) / float64(n)
		}
		if small, large := allocated(100), allocated(800); large > 1.5*small {
			t.Errorf("%s: %.0f bytes a server for 100, %.0f for 800", name, small, large)
		}
	}
}

// TestLintIntent: what shows where the handoff that is meant is stated, by
// --sendfile or by the field that applications take it from, and where the
// configuration has one way only.
func TestLintIntent(t *testing.T) {
	const (
		app     = "location / { proxy_pass http://127.0.0.1:8000; }\n"
		mapping = "location / { proxy_pass http://127.0.0.1:8000; proxy_set_header X-Accel-Mapping /srv/media/=/protected/; }\n"
	)
	for _, c := range []struct {
		name, sendfile, text string
		want                 []string
	}{
		{"not internal", "nginx:/protected/", app + "location /protected/ { alias /srv/media/; }", []string{"nginx-internal-missing:2"}},
		{"not internal, for files that are tried", "nginx:/protected/", app + "location /protected/ { root /srv; try_files $uri =404; }", []string{"nginx-internal-missing:2"}},
		{"not internal, by an expression", "nginx:/protected/", app + "location ~ ^/protected/(.*)$ { alias /srv/media/$1; }", []string{"nginx-internal-missing:2"}},
		{"the application is told", "", mapping + "location /protected/ { alias /srv/media/; }", []string{"nginx-internal-missing:2"}},
		{"told by a parameter", "", "location / { fastcgi_pass 127.0.0.1:9; fastcgi_param HTTP_X_ACCEL_MAPPING \"/a=/x, /srv/media=/protected\"; }\nlocation /protected/ { alias /srv/media/; }\nlocation /x/ { internal; alias /a/; }", []string{"nginx-internal-missing:2"}},
		{"behind try_files", "nginx:/protected/", "location / { root /srv/www; try_files $uri @app; }\nlocation @app { proxy_pass http://127.0.0.1:8000; }\nlocation /protected/ { alias /srv/media/; }", []string{"nginx-internal-missing:3"}},
		{"internal", "nginx:/protected/", app + "location /protected/ { internal; alias /srv/media/; }", nil},
		{"internal, told", "", mapping + "location /protected/ { internal; alias /srv/media/; }", nil},
		{"not stated", "", app + "location /protected/ { alias /srv/media/; }", nil},
		{"behind a password", "nginx:/protected/", app + "location /protected/ { auth_basic x; auth_basic_user_file /p; alias /srv/media/; }", nil},
		{"for this machine", "nginx:/protected/", app + "location /protected/ { allow 127.0.0.1; deny all; alias /srv/media/; }", nil},

		{"no location", "nginx:/private/", app + "location /protected/ { internal; alias /srv/media/; }", []string{"nginx-no-internal-location:1"}},
		{"in a nested one", "nginx:/a/private/", app + "location /a/ { internal; location /a/private/ { alias /srv/media/; } }", nil},
		{"by an internal expression", "nginx:/private/", app + "location ~ ^/priv { internal; root /srv; }", nil},
		{"a handoff that is ignored", "nginx:/private/", "location / { proxy_pass http://127.0.0.1:8000; proxy_ignore_headers X-Accel-Redirect; }", nil},
		{"no application", "nginx:/private/", "root /srv;", nil},

		{"a field that is lost", "", "location / {\nproxy_pass http://127.0.0.1:8000;\nadd_header X-Content-Type-Options nosniff;\n}\nlocation /protected/ { internal; alias /srv/media/; }", []string{"nginx-add-header-lost:3"}},
		{"a field in both", "", "location / { proxy_pass http://127.0.0.1:8000; add_header X-A b; }\nlocation /protected/ { internal; alias /srv/media/; add_header X-A b; }", nil},
		{"a field of the server's", "", "add_header X-A b;\n" + app + "location /protected/ { internal; alias /srv/media/; }", nil},
		{"a field of each of two", "", "location /a/ { proxy_pass http://127.0.0.1:8000; add_header X-A b; }\nlocation /b/ { proxy_pass http://127.0.0.1:8001; add_header X-B b; }\nlocation /protected/ { internal; alias /srv/media/; }", []string{"nginx-add-header-lost:1", "nginx-add-header-lost:2"}},
		{"a field of one of two applications", "", app + "location /api/ { proxy_pass http://127.0.0.1:8001; add_header X-A b; }\nlocation /protected/ { internal; alias /srv/media/; }", nil},
		{"a field for caches", "", "location / { proxy_pass http://127.0.0.1:8000; add_header Cache-Control no-store; }\nlocation /protected/ { internal; alias /srv/media/; }", nil},
		{"a field about the upstream", "", "location / { proxy_pass http://127.0.0.1:8000; add_header X-Cache $upstream_cache_status; }\nlocation /protected/ { internal; alias /srv/media/; }", nil},

		{"an expression without a group", "", "location ~ ^/protected/ { internal; alias /srv/media/; }", []string{"nginx-regex-alias-no-capture:1"}},
		{"an expression for one file", "", "location ~ ^/protected/ { internal; alias /srv/media/one.pdf; }", nil},
		{"an expression with a group", "", "location ~ ^/protected/(.*)$ { internal; alias /srv/media/$1; }", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, lintedFor(c.sendfile, "server { "+c.text+" }")); d != "" {
				t.Error(d)
			}
		})
	}
}
