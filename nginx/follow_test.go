package nginx

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
)

func TestDetect(t *testing.T) {
	for _, s := range samples {
		if !detect(s.Text) {
			t.Errorf("%s is not taken for nginx's", s.Name)
		}
	}
	for text, want := range map[string]bool{
		"":                        false,
		"a letter\nto a friend\n": false,
		"<VirtualHost *:80>\n  ServerName a\n  ProxyPass / http://b/\n</VirtualHost>\n":            false,
		marker + "/etc/nginx/nginx.conf:\n":                                                        true,
		"$ sudo nginx -T\n[sudo] password for bob: \n" + marker + "/etc/nginx/nginx.conf:\n":       true,
		"server_name\n" + strings.Repeat("a.example\n", 30) + ";":                                  true,
		"gzip_types\na/b\nc/d\ne/f\ng/h\n;":                                                        true,
		"server { location / { content_by_lua_block {\n" + strings.Repeat("a = b\n", 40) + "} } }": true,
		"example.com {\n  root * /srv\n  file_server\n}\n":                                         false,
		"http://example.com {\n\troot * /srv\n\thandle /a/* {\n\t}\n}\n":                           false,
		"server.port = 80\nserver.modules = (\n  \"mod_a\"\n)\n":                                   false,
		"server { # here\n listen 80; # on 80\n}":                                                  true,
	} {
		if got := detect(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestFollow: the URL's host and port choose the server.
func TestFollow(t *testing.T) {
	source := conf.Source{Roots: []string{"site"}, Files: []conf.File{{Path: "site", Text: `
server { listen 192.0.2.1:80; return 200 one; }
server { listen 192.0.2.2:80; return 200 two; }
server { listen 8080; server_name a.example.org; return 200 a; }
server { listen 8080; server_name b.example.org; return 200 b; }
server { listen 443 ssl; return 200 tls; }
server { listen 81; location / { proxy_pass http://127.0.0.1:1; } location /p/ { internal; alias /srv/; } }
`}}}
	for _, c := range []struct{ url, host, handoff, want string }{
		{"http://192.0.2.1/", "", "", "returned one"},
		{"http://192.0.2.2/", "", "", "returned two"},
		{"http://192.0.2.2/", "www.example.org", "", "returned two"},
		{"http://www.example.org/", "", "", "undecided "},
		{"http://b.example.org:8080/", "", "", "returned b"},
		{"http://127.0.0.1:8080/", "b.example.org", "", "returned b"},
		{"http://127.0.0.1:8080/", "b.example.org:8080", "", "returned b"},
		{"https://192.0.2.9/", "", "", "returned tls"},
		{"http://127.0.0.1:81/x", "", "", "proxied "},
		{"http://127.0.0.1:81/x", "", "/p/y", "proxied , then file /srv/y"},
		{"http://127.0.0.1:81/p/x", "", "/p/y", "refused "},
	} {
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		result, err := follow(source, server.RouteRequest{URL: u, Host: c.host, Handoff: c.handoff})
		if err != nil {
			t.Fatal(err)
		}
		got := string(result.Request.Outcome) + " " + result.Request.Text
		if h := result.Handoff; h != nil {
			got += ", then " + string(h.Outcome) + " " + h.File
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%v (-want +got):\n%s", c, d)
		}
	}
}

// TestFollowFragment: what stands in files that were not read is not guessed.
func TestFollowFragment(t *testing.T) {
	ask := func(text string) server.RouteResult {
		u, _ := url.Parse("http://a.test/")
		r, err := follow(sourceOf(text), server.RouteRequest{URL: u})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if got := ask("upstream app { server 127.0.0.1:1; }").Request; got.Undecided == "" {
		t.Errorf("without a server block: %+v", got)
	}
	for text, want := range map[string]int{
		"server { location / { proxy_pass http://app; } }":                            0,
		"server { location / { proxy_pass http://app.test; } }":                       1,
		"server { location / { proxy_pass http://app:8000; } }":                       1,
		"upstream app { server a; } server { location / { proxy_pass http://app; } }": 1,
		"events {} http { server { location / { proxy_pass http://app; } } }":         1,
	} {
		if got := ask(text).Request.Upstream; got == nil || got.Host == "" || len(got.Peers) != want {
			t.Errorf("%s: %+v", text, got)
		}
	}
}
