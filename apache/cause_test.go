package apache

import (
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/servertest"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
	"github.com/proxydiag/proxydiag/pkg/server"
)

const (
	sceneFile = "proxydiag-main-1.bin"
	sceneHead = "ServerRoot /etc/apache2\nLoadModule xsendfile_module x.so\n"
	scenePass = "ProxyPass /dl/ http://127.0.0.1:8000/dl/\n"
	sceneSend = "XSendFile on\nXSendFilePath /srv/media\n"
)

// scene is a run written by hand: the backend at 127.0.0.1:8000 hands over
// files of /srv/media.
type scene struct {
	code   string
	near   bool
	config string
	at     string // the line that a finding must have, "" for none
	bare   bool   // mod_xsendfile is not loaded
	status int    // of the proxy's answer; 0: the file comes
	proxy  compare.Header
	unseen bool        // the backend saw nothing of the request
	seen   string      // the path that the backend was asked for
	mode   fs.FileMode // of /srv/media; 0: everybody may read
	here   bool        // the proxy runs on this machine
	access string      // the text of /var/www/.htaccess
}

func (s scene) record() *diag.Record {
	text := sceneHead + s.config
	if s.bare {
		text = "ServerRoot /etc/apache2\n" + s.config
	}
	if s.mode == 0 {
		s.mode = 0o755
	}
	files := []conf.File{{Path: "apache2.conf", Text: text}}
	if s.access != "" {
		files = append(files, conf.File{Path: "/var/www/.htaccess", Text: s.access})
	}
	rec := &diag.Record{
		Stack: diag.Stack{
			Storage: "/srv/media", Sendfile: "apache:/srv/media/", Companion: true,
			Backend: "http://127.0.0.1:8000/dl/", Proxy: "http://localhost:8080/dl/",
		},
		Config: &diag.Config{Kind: kindName, Source: conf.Source{Roots: []string{"apache2.conf"}, Files: files}},
		Fixtures: []diag.FixtureRecord{
			{Put: diag.Put{Role: diag.RoleMain, Size: 1600}, Name: sceneFile, Path: "/srv/media/" + sceneFile, FirstWrong: -1},
		},
		Users: []diag.User{{Name: "www-data", UID: 33, GIDs: []int{33}}},
		Paths: []diag.Path{
			{Path: "/", Mode: fs.ModeDir | 0o755}, {Path: "/srv", Mode: fs.ModeDir | 0o755}, {Path: "/srv/media", Mode: fs.ModeDir | s.mode},
			{Path: "/srv/media/" + sceneFile, Mode: 0o644},
		},
	}
	exchange := func(id string, port diag.Port, origin string) diag.Exchange {
		x := diag.Exchange{Probe: diag.Probe{ID: id, Port: port, Method: "GET", Role: diag.RoleMain}}
		x.Request = compare.Sent{Method: "GET", URL: origin + "/dl/" + sceneFile, Host: strings.TrimPrefix(origin, "http://")}
		x.Status, x.StatusLine, x.Body.Match = 200, "HTTP/1.1 200", compare.Empty
		return x
	}
	b := exchange(diag.BackendGet, diag.Backend, "http://127.0.0.1:8000")
	b.Header = compare.Header{{Name: handoffField, Value: "/srv/media/" + sceneFile}}
	p := exchange(diag.ProxyGet, diag.Proxy, "http://localhost:8080")
	p.Header = s.proxy
	if s.here {
		p.Remote = "127.0.0.1:8080"
	}
	if s.status != 0 {
		p.Status = s.status
	} else {
		p.Body = compare.Body{Length: 1600, Match: compare.Equal}
	}
	if !s.unseen {
		if s.seen == "" {
			s.seen = "/dl/" + sceneFile
		}
		p.Seen = []sendfile.Seen{{Method: "GET", Path: s.seen, Status: 200}}
	}
	rec.Exchanges = []diag.Exchange{b, p}
	return rec
}

// scenes are, for each cause, one that shows it and one that nearly does.
func scenes() []scene {
	zero := compare.Header{{Name: "ETag", Value: `"0"`}}
	host := func(text string) string { return "<VirtualHost *:8080>\n" + text + "</VirtualHost>\n" }
	guarded := "<IfDefine X>\nXSendFile on\n</IfDefine>\n"
	const scoped = "<Directory /srv/media>\nXSendFile on\n</Directory>\n"
	const denied = "<Location /dl/>\nRequire all denied\n</Location>\n"
	others := host("ServerName a.example\nDocumentRoot /var/www\n") + host("ServerName b.example\n"+scenePass+sceneSend)
	const folder = "DocumentRoot /var/www\n<Directory /var/www>\nAllowOverride All\n</Directory>\n"
	const byFolder = "RewriteEngine on\nRewriteRule ^dl/(.*)$ http://127.0.0.1:8000/dl/$1 [P]\n"
	rewriting := func(types string) string {
		return "RewriteEngine on\n" + `RewriteRule ^/m/(.+\.(?:` + types + `))$ /srv/media/$1` + "\n"
	}
	const escaped = "RewriteRule ^/dl/(.*)$ http://127.0.0.1:8000/dl/$1"
	return []scene{
		{code: "apache-module-missing", bare: true, config: scenePass, status: 200},
		{code: "apache-module-missing", near: true, config: scenePass, status: 200},
		{code: "apache-guarded-off", config: scenePass + guarded, status: 200, at: "<IfDefine X>"},
		{code: "apache-guarded-off", near: true, config: "Define X\n" + scenePass + guarded, status: 200},
		{code: "apache-xsendfile-off", config: scenePass + "XSendFile off\n", status: 200, at: "XSendFile off"},
		{code: "apache-xsendfile-off", near: true, config: scenePass + "XSendFile off\n", status: 404},
		{code: "apache-xsendfile-off", near: true, config: scenePass + sceneSend + "<Location /dl/>\n<If \"%{TIME_HOUR} -lt 25\">\nHeader set X-A 1\n</If>\n<Else>\nXSendFile off\n</Else>\n</Location>\n", status: 200},
		{code: "apache-xsendfile-scope", config: scenePass + scoped, status: 200, at: "XSendFile on"},
		{code: "apache-xsendfile-scope", near: true, config: scenePass + "XSendFile off\n" + scoped, status: 200},
		{code: "apache-header-unset", config: scenePass + sceneSend + "Header unset X-Sendfile\n", status: 200, at: "Header unset X-Sendfile"},
		{code: "apache-header-unset", near: true, config: scenePass + sceneSend + "Header always unset X-Sendfile\n", status: 200},
		{code: "apache-path-not-allowed", config: scenePass + "XSendFile on\nXSendFilePath /srv/med\n", status: 404, at: "XSendFilePath /srv/med"},
		{code: "apache-path-not-allowed", near: true, config: scenePass + "XSendFile on\nXSendFilePath /srv\n", status: 404},
		{code: "apache-permission-denied", config: scenePass + sceneSend, status: 404, mode: 0o700, at: "XSendFilePath /srv/media"},
		{code: "apache-permission-denied", near: true, config: scenePass + sceneSend, status: 404},
		{code: "apache-upstream-unreachable", config: "ProxyPass /dl/ http://127.0.0.1:8001/dl/\n", status: 503, unseen: true, at: "ProxyPass /dl/ http://127.0.0.1:8001/dl/"},
		{code: "apache-upstream-unreachable", near: true, config: scenePass, status: 503, unseen: true},
		{code: "apache-proxypass-rewrites-path", config: "ProxyPass /dl/ http://127.0.0.1:8000/\n", status: 404, seen: "/" + sceneFile, at: "ProxyPass /dl/ http://127.0.0.1:8000/"},
		{code: "apache-proxypass-rewrites-path", near: true, config: scenePass, status: 404},
		{code: "apache-proxypass-rewrites-path", config: "RewriteEngine on\n" + escaped + " [P,B]\n", status: 404, seen: "/dl/" + strings.ReplaceAll(sceneFile, "-", "%2d"), at: escaped + " [P,B]"},
		{code: "apache-proxypass-rewrites-path", near: true, config: "RewriteEngine on\n" + escaped + " [P,B,BNP,NE]\n", status: 404},
		{code: "apache-proxypass-order", config: "ProxyPass / http://127.0.0.1:9000/\n" + scenePass, status: 503, unseen: true, at: "ProxyPass / http://127.0.0.1:9000/"},
		{code: "apache-proxypass-order", near: true, config: scenePass + "ProxyPass / http://127.0.0.1:9000/\n", status: 503, unseen: true},
		{code: "apache-proxypass-excluded", config: "ProxyPass /dl/ !\nProxyPass / http://127.0.0.1:8000/\n", status: 404, unseen: true, at: "ProxyPass /dl/ !"},
		{code: "apache-proxypass-excluded", near: true, config: "ProxyPass /dl/x/ !\nProxyPass / http://127.0.0.1:8000/\n", status: 404, unseen: true},
		{code: "apache-access-denied", config: scenePass + sceneSend + denied, status: 403, unseen: true, at: "Require all denied"},
		{code: "apache-access-denied", near: true, config: scenePass + sceneSend + strings.ReplaceAll(denied, "/dl/", "/api/"), status: 403, unseen: true},
		{code: "apache-vhost-mismatch", config: others, status: 404, unseen: true, at: "ServerName b.example"},
		{code: "apache-vhost-mismatch", config: host("ServerName a.example\nDocumentRoot /var/www\n") + "<Macro Dl $host>\n" + host("ServerName $host\n"+scenePass+sceneSend) + "</Macro>\nUse Dl b.example\n", status: 404, unseen: true, at: "Use Dl b.example"},
		{code: "apache-vhost-mismatch", near: true, config: strings.ReplaceAll(others, "b.example", "localhost"), status: 404, unseen: true},
		{code: "apache-htaccess-context", config: folder, access: byFolder + "XSendFilePath /srv/media\n", status: 500, unseen: true, at: "XSendFilePath /srv/media"},
		{code: "apache-htaccess-context", near: true, config: folder, access: byFolder + "XSendFile on\n", status: 500, unseen: true},
		{code: "apache-htaccess-context", near: true, config: strings.ReplaceAll(folder, "All", "None"), access: byFolder + "XSendFilePath /srv/media\n", status: 500, unseen: true},
		{code: "apache-public-twin", config: scenePass + sceneSend + "Alias /m/ /srv/media/\n", at: "Alias /m/ /srv/media/"},
		{code: "apache-public-twin", near: true, config: scenePass + sceneSend + "Alias /m/ /srv/media/\n<Location /m/>\nRequire all denied\n</Location>\n"},
		{code: "apache-public-twin", config: scenePass + sceneSend + "AliasPreservePath On\n<Location /m>\nAlias /srv/media\n</Location>\n", at: "Alias /srv/media"},
		{code: "apache-public-twin", near: true, config: scenePass + sceneSend + "<Location /m>\nAlias /srv/media\n</Location>\n"},
		{code: "apache-public-twin", near: true, config: scenePass + sceneSend + "AliasPreservePath On\n<Location /m>\nAlias /srv/media\nRequire all denied\n</Location>\n"},
		{code: "apache-public-twin", config: scenePass + sceneSend + rewriting("bin|txt"), here: true, at: `RewriteRule ^/m/(.+\.(?:bin|txt))$ /srv/media/$1`},
		{code: "apache-public-twin", near: true, config: scenePass + sceneSend + rewriting("css|js"), here: true},
		{code: "apache-path-too-wide", config: scenePass + "XSendFile on\nXSendFilePath /\n", at: "XSendFilePath /"},
		{code: "apache-path-too-wide", near: true, config: scenePass + sceneSend},
		{code: "apache-etag-zero", config: scenePass + sceneSend, proxy: zero, at: "XSendFile on"},
		{code: "apache-cache-quick", config: scenePass + sceneSend + "CacheEnable disk /\n", at: "CacheEnable disk /"},
		{code: "apache-cache-quick", near: true, config: scenePass + sceneSend + "CacheEnable disk /\nCacheDisable /dl/\n"},
		{code: "apache-etag-zero", near: true, config: scenePass + sceneSend, proxy: compare.Header{{Name: "ETag", Value: `"1f-2"`}}},
	}
}

func TestCauses(t *testing.T) {
	var list []servertest.Scene
	for _, s := range scenes() {
		list = append(list, servertest.Scene{Code: s.code, Near: s.near, At: s.at, Run: s.record()})
	}
	servertest.Causes{Rules: rules(), Scenes: list, Healthy: func() *diag.Record { return scene{config: scenePass + sceneSend}.record() }}.Try(t)
}

// TestEscapedTwice: a rule is spoken of as a rule, and the paths as they are on
// the wire.
func TestEscapedTwice(t *testing.T) {
	rec := scene{config: "RewriteEngine on\nRewriteRule ^/dl/(.*)$ http://127.0.0.1:8000/dl/$1 [P,B]\n", status: 404, seen: "/dl/x"}.record()
	found := proxyPassRewritesPath.Judge(diag.NewView(rec.Stack, rec))
	if len(found) != 1 {
		t.Fatalf("%d findings", len(found))
	}
	if f := found[0]; f.Title != "RewriteRule escapes the path twice" || !strings.Contains(f.Detail, "proxydiag%252dmain") || !strings.Contains(f.Fix, "[P,B,BNP,NE]") {
		t.Errorf("%+v", f)
	}
}

// TestFoundInMacro: a finding at a macro's line shows what uses the macro, and so
// does a step of a route.
func TestFoundInMacro(t *testing.T) {
	rec := scene{config: "<Macro Off $path>\n<Location $path>\nXSendFile off\n</Location>\n</Macro>\n" + scenePass + "Use Off /dl/\n", status: 200}.record()
	found := xsendfileOff.Judge(diag.NewView(rec.Stack, rec))
	if len(found) != 1 {
		t.Fatalf("%d findings", len(found))
	}
	lines := slices.IndexFunc(found[0].Evidence, func(e diag.Evidence) bool { return len(e.Lines) == 1 && e.Lines[0].Text == "Use Off /dl/" })
	if found[0].Location.Line != 5 || lines < 0 {
		t.Errorf("%+v", found[0])
	}
	u, _ := url.Parse("http://localhost/dl/x")
	r, err := Kind.Route(rec.Config.Source, server.RouteRequest{URL: u, Handoff: "/srv/media/x"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(r.Handoff.Steps, func(s server.RouteStep) bool { return strings.Contains(s.Text, "apache2.conf:9:1 by Use Off /dl/") }) {
		t.Errorf("%+v", r.Handoff.Steps)
	}
}

func TestDetect(t *testing.T) {
	if !detect("<VirtualHost *:80>\n  ServerName a\n  ProxyPass / http://b/\n</VirtualHost>\n") {
		t.Error("a site of Apache's is not recognised")
	}
	for _, text := range []string{"", "server {\n  listen 80;\n  location / { root /srv; }\n}\n", "example.org {\n\treverse_proxy localhost:8000\n}\n"} {
		if detect(text) {
			t.Errorf("%q is taken for Apache's", text)
		}
	}
}
