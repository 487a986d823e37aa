package apache

import (
	"net/url"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

func TestIntent(t *testing.T) {
	const hosts = "<VirtualHost *:80>\nServerName a\nXSendFile on\nXSendFilePath /srv/a\n</VirtualHost>\n" +
		"<VirtualHost *:80>\nServerName b\nXSendFilePath /srv/b/\n<Directory /x>\nXSendFilePath \"/srv/b\"\n</Directory>\n</VirtualHost>\n"
	for name, c := range map[string]struct{ text, url, prefix string }{
		"the virtual host's own":       {hosts, "http://a/dl/x", "/srv/a/"},
		"in a section, twice the same": {hosts, "http://b/dl/x", "/srv/b/"},
		"the main server's, too":       {"XSendFilePath /srv\n" + hosts, "http://a/dl/x", ""},
		"none":                         {"XSendFile on\n", "http://a/dl/x", ""},
		"everything":                   {"XSendFilePath /\n", "http://a/dl/x", ""},
		"a variable":                   {"XSendFilePath ${MEDIA}\n", "http://a/dl/x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			u, err := url.Parse(c.url)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := intent(conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: c.text}}}, u)
			if got.Prefix != c.prefix || ok != (c.prefix != "") || ok && got.Location.Line == 0 {
				t.Errorf("%+v %v, want %q", got, ok, c.prefix)
			}
		})
	}
}

func TestFollow(t *testing.T) {
	source := conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: "LoadModule xsendfile_module x.so\nServerRoot /etc\n" +
		"<VirtualHost *:80>\nProxyPass /dl/ http://127.0.0.1:8000/dl/\nXSendFile on\nXSendFilePath /srv/media\n</VirtualHost>\n"}}}
	u, _ := url.Parse("http://a.example/dl/a%20b?x")
	got, err := follow(source, server.RouteRequest{URL: u, Handoff: "/srv/media/a b"})
	if err != nil || got.Request.Outcome != route.Proxied || got.Request.Upstream.URI != "/dl/a%20b?x" {
		t.Fatalf("%+v %v", got.Request, err)
	}
	if got.Handoff == nil || got.Handoff.File != "/srv/media/a b" || got.Handoff.Outcome != route.File {
		t.Errorf("%+v", got.Handoff)
	}
}
