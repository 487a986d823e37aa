package lighttpd

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/servertest"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

const (
	sceneFile = "proxydiag-main-1.bin"
	sceneHead = "server.modules = ( \"mod_access\", \"mod_alias\", \"mod_proxy\" )\nserver.document-root = \"/var/www\"\nserver.port = 8080\nserver.username = \"www-data\"\n"
	scenePass = "proxy.server = ( \"/dl/\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => 8000 ) ) )\n"
	sceneOn   = "proxy.server = ( \"/dl/\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => 8000,\n\"x-sendfile\" => \"enable\" ) ) )\n"
	sceneSend = "proxy.server = ( \"/dl/\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => 8000, \"x-sendfile\" => \"enable\",\n\"x-sendfile-docroot\" => ( \"/srv/media\" ) ) ) )\n"
)

// scene is a run written by hand: the backend at 127.0.0.1:8000 hands over
// files of /srv/media.
type scene struct {
	code   string
	near   bool
	config string
	at     string // what stands at the place that a finding must have, "" for none
	status int    // of the proxy's answer; 0: the file comes
	log    []string
	header string      // of the backend's handoff; "" is X-Sendfile
	unseen bool        // the backend saw nothing of the request
	mode   fs.FileMode // of /srv/media; 0: everybody may read
}

func (s scene) record() *diag.Record {
	if s.mode == 0 {
		s.mode = 0o755
	}
	if s.header == "" {
		s.header = handoffField
	}
	rec := &diag.Record{
		Stack: diag.Stack{
			Storage: "/srv/media", Sendfile: "lighttpd:/srv/media/", Companion: true,
			Backend: "http://127.0.0.1:8000/dl/", Proxy: "http://localhost:8080/dl/",
		},
		Config: &diag.Config{Kind: kindName, Source: conf.Source{Roots: []string{mainFile}, Files: []conf.File{{Path: mainFile, Text: sceneHead + s.config}}}},
		Log:    &diag.Log{Path: "error.log", Lines: s.log},
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
		x.Remote = "127.0.0.1" + origin[strings.LastIndexByte(origin, ':'):]
		x.Request = compare.Sent{Method: "GET", URL: origin + "/dl/" + sceneFile, Host: strings.TrimPrefix(origin, "http://")}
		x.Status, x.StatusLine, x.Body.Match = 200, "HTTP/1.1 200", compare.Empty
		return x
	}
	b := exchange(diag.BackendGet, diag.Backend, "http://127.0.0.1:8000")
	b.Header = compare.Header{{Name: s.header, Value: "/srv/media/" + sceneFile}}
	p := exchange(diag.ProxyGet, diag.Proxy, "http://localhost:8080")
	if s.status != 0 {
		p.Status = s.status
	} else {
		p.Body = compare.Body{Length: 1600, Match: compare.Equal}
	}
	if !s.unseen {
		p.Seen = []sendfile.Seen{{Method: "GET", Path: "/dl/" + sceneFile, Status: 200}}
	}
	rec.Exchanges = []diag.Exchange{b, p}
	return rec
}

// scenes are, for each cause, those that show it and those that nearly do.
func scenes() []scene {
	swap := func(text, old, with string) string { return strings.Replace(text, old, with, 1) }
	const on = `, "x-sendfile" => "enable", "x-sendfile-docroot" => ( "/srv/media" )`
	turns := func(first, second string) string {
		return "proxy.server = ( \"/dl/\" => (\n( \"host\" => \"127.0.0.1\", \"port\" => 8001" + first + " ),\n( \"host\" => \"127.0.0.1\", \"port\" => 8000" + second + " ) ) )\n"
	}
	notRegular := []string{"2026-11-21 16:02:00: (http-header-glue.c.326) not a regular file: /dl/" + sceneFile + " -> /srv/media/" + sceneFile}
	down := []string{"2026-11-21 15:32:02: (gw_backend.c.274) establishing connection failed: socket: tcp:127.0.0.1:8001: Connection refused",
		"2026-11-21 15:32:02: (gw_backend.c.960) all handlers for /dl/" + sceneFile + "? on /dl/ are down."}
	return []scene{
		{code: "lighttpd-xsendfile-off", config: scenePass, status: 200, at: strings.TrimSpace(scenePass)},
		{code: "lighttpd-xsendfile-off", config: swap(sceneOn, "enable", "disable"), status: 200, at: `"x-sendfile" => "disable"`},
		{code: "lighttpd-xsendfile-off", config: swap(sceneOn, `"x-sendfile"`, `"x_sendfile"`), status: 200, at: `"x_sendfile" => "enable"`},
		{code: "lighttpd-xsendfile-off", config: sceneSend + "$HTTP[\"url\"] =~ \"bin$\" {\n" + scenePass + "}\n", status: 200, at: strings.TrimSpace(scenePass)},
		{code: "lighttpd-xsendfile-off", near: true, config: sceneSend, status: 200},
		{code: "lighttpd-xsendfile-off", near: true, config: scenePass, status: 404},
		{code: "lighttpd-xsendfile-off", near: true, config: scenePass + "$HTTP[\"url\"] =~ \"bin$\" {\n" + sceneSend + "}\n", status: 200},

		{code: "lighttpd-docroot", config: swap(sceneSend, `"/srv/media"`, `"/srv/med"`), status: 403, at: `"x-sendfile-docroot" => ( "/srv/med" )`},
		{code: "lighttpd-docroot", near: true, config: swap(sceneSend, `"/srv/media"`, `"/srv/other", "/srv"`), status: 403},
		{code: "lighttpd-docroot", near: true, config: swap(sceneSend, `"/srv/media"`, `"/srv/other/../media"`), status: 403},

		{code: "lighttpd-xsendfile-off", config: turns("", on), status: 200, at: `( "host" => "127.0.0.1", "port" => 8001 )`},
		{code: "lighttpd-xsendfile-off", near: true, config: turns("", on)},
		{code: "lighttpd-xsendfile-off", near: true, config: turns(on, on), status: 200},
		{code: "lighttpd-docroot", config: turns(on, swap(on, "/srv/media", "/srv/med")), status: 403, at: `"x-sendfile-docroot" => ( "/srv/med" )`},
		{code: "lighttpd-docroot", near: true, config: turns(on, swap(on, "/srv/media", "/srv/med"))},
		{code: "lighttpd-docroot-unset", config: sceneOn, at: `"x-sendfile" => "enable"`},
		{code: "lighttpd-docroot-unset", config: swap(sceneSend, "/srv/media", "//"), at: `"x-sendfile-docroot" => ( "//" )`},
		{code: "lighttpd-docroot-unset", near: true, config: sceneSend},
		{code: "lighttpd-docroot-unset", near: true, config: swap(sceneOn, "enable", "disable")},

		{code: "lighttpd-public-twin", config: sceneSend + "alias.url = ( \"/x/\" => \"/srv/x/\",\n\"/m/\" => \"/srv/media/\" )\n", at: `"/m/" => "/srv/media/"`},
		{code: "lighttpd-public-twin", config: sceneSend + "server.document-root := \"/srv\"\n", at: `server.document-root := "/srv"`},
		{code: "lighttpd-public-twin", config: sceneSend + "$HTTP[\"host\"] == \"other\" { server.document-root = \"/srv/media\" }\n", at: `server.document-root = "/srv/media"`},
		{code: "lighttpd-public-twin", near: true, config: sceneSend + "alias.url = ( \"/m/\" => \"/srv/media/\" )\n$HTTP[\"url\"] =~ \"^/m/\" { url.access-deny = ( \"\" ) }\n"},
		{code: "lighttpd-public-twin", near: true, config: sceneSend + "alias.url = ( \"/dl/\" => \"/srv/media/\" )\n"},
		{code: "lighttpd-public-twin", near: true, config: sceneSend + "alias.url = ( \"/m/\" => \"/srv/media/\" )\n$HTTP[\"remote-ip\"] != \"127.0.0.1\" { url.access-deny = ( \"\" ) }\n"},

		{code: "lighttpd-legacy-header", config: sceneSend, header: "X-LIGHTTPD-send-file", status: 200},
		{code: "lighttpd-legacy-header", config: sceneSend, header: "X-Sendfile2", status: 200},
		{code: "lighttpd-legacy-header", near: true, config: sceneSend, header: "X-Accel-Redirect", status: 200},

		{code: "lighttpd-permission-denied", config: sceneSend, status: 403, mode: 0o700, at: `"x-sendfile-docroot" => ( "/srv/media" )`},
		{code: "lighttpd-permission-denied", config: sceneSend, status: 403, mode: 0o700, log: notRegular, at: `"x-sendfile-docroot" => ( "/srv/media" )`},
		{code: "lighttpd-permission-denied", near: true, config: sceneSend, status: 403},
		{code: "lighttpd-permission-denied", near: true, config: sceneSend + "server.follow-symlink = \"disable\"\n", status: 403, log: notRegular},

		{code: "lighttpd-upstream-unreachable", config: swap(sceneSend, "8000", "8001"), status: 503, unseen: true, at: `"port" => 8001`},
		{code: "lighttpd-upstream-unreachable", config: swap(sceneSend, "8000", "8001"), status: 503, unseen: true, log: down, at: `"port" => 8001`},
		{code: "lighttpd-upstream-unreachable", near: true, config: sceneSend, status: 503, unseen: true},
		{code: "lighttpd-upstream-unreachable", near: true, config: swap(sceneSend, "( ( ", "( ( \"host\" => \"127.0.0.1\", \"port\" => 8001 ), ( "), status: 503, unseen: true},
	}
}

func TestCauses(t *testing.T) {
	var list []servertest.Scene
	for _, s := range scenes() {
		list = append(list, servertest.Scene{Code: s.code, Near: s.near, At: s.at, Run: s.record()})
	}
	servertest.Causes{Rules: rules(), Scenes: list, Healthy: func() *diag.Record { return scene{config: sceneSend}.record() }}.Try(t)
}

func TestDetect(t *testing.T) {
	for _, text := range []string{
		sceneHead + sceneSend, downloads, application, processes, "config {\n}\n",
		"$HTTP[\"url\"] =~ \"^/dl/\" {\n  proxy.server = ( \"\" => (\n    ( \"host\" => \"a\",\n      \"port\" => 1,\n    ),\n  ) )\n}\n",
	} {
		if !detect(text) {
			t.Errorf("%q is not recognised", text)
		}
	}
	for _, text := range []string{
		"", "server {\n  listen 80;\n  location / { root /srv; }\n}\n", "example.org {\n\treverse_proxy localhost:8000\n}\n",
		"<VirtualHost *:80>\n  ServerName a\n  ProxyPass / http://b/\n</VirtualHost>\n", "{\n  \"apps\": { \"http\": {} }\n}\n", "[server]\nhost = a\nport = 1\n", "server:\n  port: 1\n",
	} {
		if detect(text) {
			t.Errorf("%q is taken for lighttpd's", text)
		}
	}
}
