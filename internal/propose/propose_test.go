package propose_test

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/internal/propose"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
)

func source(text string) conf.Source {
	return conf.Source{Roots: []string{"site.conf"}, Files: []conf.File{{Path: "site.conf", Text: text}}}
}

// TestSamples: what the samples say about themselves is found in their text. A
// download below a path that is like any other is found as /.
func TestSamples(t *testing.T) {
	direct := 0
	for _, k := range all.Kinds() {
		for _, s := range k.Samples {
			t.Run(k.Name+"/"+s.Name, func(t *testing.T) {
				site, ok := propose.Find(k, source(s.Text), propose.Options{})
				if !ok {
					t.Fatal("nothing is found")
				}
				v := server.Placeholders()
				path := s.Path
				if site.Proxy.Value == "http://"+v.Listen+"/" && path == "/documents/" {
					path = "/"
				}
				want := map[string]string{"proxy": "http://" + v.Listen + path, "backend": "http://" + v.Backend + path, "sendfile": s.Sendfile, "storage": s.Storage}
				if s.Direct != "" && site.Direct.Value != "" { // who may use it can be undecided
					want["direct"] = "http://" + v.Listen + s.Direct
				}
				got := map[string]string{"proxy": site.Proxy.Value, "backend": site.Backend.Value, "sendfile": site.Sendfile.Value, "storage": site.Storage.Value}
				if site.Direct.Value != "" {
					direct++
					got["direct"] = site.Direct.Value
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
				if site.Server.Pos.IsZero() || site.Storage.By.Pos.IsZero() || site.Backend.By.Pos.IsZero() {
					t.Errorf("no place: %+v", site)
				}
				named, ok := propose.Find(k, source(s.Text), propose.Options{URL: &url.URL{Scheme: "http", Host: v.Listen, Path: s.Path}})
				if !ok || named.Storage.Value != s.Storage || named.Proxy.Value != "http://"+v.Listen+s.Path {
					t.Errorf("with a URL: %v, %+v", ok, named)
				}
			})
		}
	}
	if direct < 3 {
		t.Errorf("only %d direct locations are found", direct)
	}
}

// TestFaulty: a handoff that opens the wrong file is one all the same.
func TestFaulty(t *testing.T) {
	k, _ := all.Kind("nginx")
	for fault, want := range map[string]string{
		"alias /srv/media;": "/srv/media", "root /srv/media;": "/srv/media/protected",
	} {
		site, ok := propose.Find(k, source("server {\n listen 127.0.0.1:8080;\n location / { proxy_pass http://127.0.0.1:8000; }\n"+
			" location /protected/ { internal; "+fault+" }\n}\n"), propose.Options{})
		if !ok || site.Sendfile.Value != "nginx:/protected/" || site.Storage.Value != want {
			t.Errorf("%s: %v, %+v", fault, ok, site)
		}
	}
}

// TestInsertAtTheEnd: where what answers stands in no block, and the last line
// has no end.
func TestInsertAtTheEnd(t *testing.T) {
	k, _ := all.Kind("lighttpd")
	before := "server.modules += ( \"mod_proxy\" )\nserver.bind = \"127.0.0.1\"\nserver.port = 8080\nserver.document-root = \"/var/www\""
	after, changed, behind, ok := propose.Insert(k, source(before), url.URL{Scheme: "http", Host: "127.0.0.1:8080"}, k.Snippet.Text)
	if !ok || behind.Line != 4 || changed.Text != before+"\n"+k.Snippet.Text {
		t.Fatalf("%v, %v, %s", ok, behind, changed.Text)
	}
	site, ok := propose.Find(k, after, propose.Options{URL: &url.URL{Scheme: "http", Host: "127.0.0.1:8080", Path: k.Snippet.Path}})
	if !ok || site.Storage.Value != k.Snippet.Storage {
		t.Errorf("%v, %+v", ok, site)
	}
}
