package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/apache"
	"github.com/proxydiag/proxydiag/caddy"
	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/lighttpd"
	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/appserver"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// spoken is a proxy that speaks a protocol with the application. The site is
// written for a proxy at @LISTEN@, an application at @APP@ (@HOST@, @PORT@ and @PATH@ are
// its parts), and a storage at @MEDIA@; @PAGES@ is a folder with an index.php.
type spoken struct {
	name     string
	kind     server.Kind
	protocol appserver.Protocol
	unix     bool
	site     string
	rebuilt  bool // the proxy does not tell REQUEST_URI
}

func spokens() []spoken {
	var list []spoken
	list = append(list, spokenNginx()...)
	list = append(list, spokenApache()...)
	list = append(list, spokenLighttpd()...)
	return append(list, spokenCaddy()...)
}

func spokenNginx() []spoken {
	const whole = `P QUERY_STRING $query_string; P REQUEST_METHOD $request_method; P CONTENT_TYPE $content_type; P CONTENT_LENGTH $content_length;
P REQUEST_URI $request_uri; P DOCUMENT_URI $document_uri; P DOCUMENT_ROOT $document_root; P SERVER_PROTOCOL $server_protocol;
P REMOTE_ADDR $remote_addr; P REMOTE_PORT $remote_port; P SERVER_PORT $server_port; P SERVER_NAME $server_name;`
	var list []spoken
	for p, some := range map[appserver.Protocol][]string{
		appserver.HTTP:    nil,
		appserver.FastCGI: {"P SCRIPT_FILENAME /srv/app$fastcgi_script_name; P DOCUMENT_ROOT /srv/app;", "P SCRIPT_NAME $fastcgi_script_name;", "P DOCUMENT_URI $document_uri; P REQUEST_METHOD $request_method;"},
		appserver.UWSGI:   {"P PATH_INFO $document_uri;"},
		appserver.SCGI:    {"P SCRIPT_NAME $app; P PATH_INFO $rest;"},
	} {
		pass, param := string(p)+"_pass", string(p)+"_param"
		for _, unix := range []bool{false, true} {
			to := "@APP@"
			if p == appserver.HTTP {
				pass, to = "proxy_pass", "http://@APP@"
			}
			for i, params := range append([]string{whole}, some...) {
				list = append(list, spoken{fmt.Sprint("nginx-", i), nginx.Kind, p, unix, `server {
	listen @LISTEN@;
	location ~ ^(?<app>/dl)(?<rest>/.*)$ { ` + strings.ReplaceAll(map[bool]string{false: params}[p == appserver.HTTP], "P ", param+" ") + pass + " " + to + `; }
	location /protected/ { internal; alias @MEDIA@/; }
}`, i > 0})
			}
		}
	}
	// A front controller: every download is one script's.
	return append(list, spoken{"nginx-front", nginx.Kind, appserver.FastCGI, true, `server {
	listen @LISTEN@;
	root @PAGES@;
	location / { try_files $uri /index.php$is_args$args; }
	location ~ \.php$ {
		fastcgi_split_path_info ^(.+\.php)(/.+)$;
		` + strings.ReplaceAll(whole, "P ", "fastcgi_param ") + `
		fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
		fastcgi_param SCRIPT_NAME $fastcgi_script_name;
		fastcgi_keep_conn on;
		fastcgi_pass @APP@;
	}
	location /protected/ { internal; alias @MEDIA@/; }
}`, false})
}

func spokenApache() []spoken {
	var list []spoken
	for p, scheme := range map[appserver.Protocol]string{appserver.HTTP: "http", appserver.FastCGI: "fcgi", appserver.UWSGI: "uwsgi", appserver.SCGI: "scgi"} {
		load := "LoadModule proxy_" + scheme + "_module modules/mod_proxy_" + scheme + ".so\n"
		if p == appserver.HTTP {
			load = ""
		}
		for unix, to := range map[bool]string{false: scheme + "://@APP@/dl/", true: "@APP@|" + scheme + "://localhost/dl/"} {
			list = append(list, spoken{"apache", apache.Kind, p, unix, load + `Listen @LISTEN@
<VirtualHost @LISTEN@>
	ProxyPass /dl/ "` + to + `"
	XSendFile On
	XSendFilePath @MEDIA@
</VirtualHost>`, false})
		}
	}
	return list
}

func spokenLighttpd() []spoken {
	var list []spoken
	for p, way := range map[appserver.Protocol][3]string{
		appserver.HTTP: {"mod_proxy", "proxy.server"}, appserver.FastCGI: {"mod_fastcgi", "fastcgi.server"},
		appserver.SCGI: {"mod_scgi", "scgi.server"}, appserver.UWSGI: {"mod_scgi", "scgi.server", `scgi.protocol = "uwsgi"`},
	} {
		for unix, to := range map[bool]string{false: `"host" => "@HOST@", "port" => @PORT@,`, true: `"socket" => "@PATH@",`} {
			if unix && p == appserver.HTTP {
				to = `"host" => "@PATH@",`
			}
			list = append(list, spoken{"lighttpd", lighttpd.Kind, p, unix, `server.modules += ( "` + way[0] + `" )
$SERVER["socket"] == "@LISTEN@" {
	$HTTP["url"] =~ "^/dl/" {
		` + way[2] + `
		` + way[1] + ` = ( "" => (( ` + to + ` "check-local" => "disable", "x-sendfile" => "enable", "x-sendfile-docroot" => ( "@MEDIA@/" ) )) )
	}
}`, false})
		}
	}
	return list
}

func spokenCaddy() []spoken {
	const handoff = `
			@accel header X-Accel-Redirect *
			handle_response @accel {
				root * @MEDIA@
				rewrite * {rp.header.X-Accel-Redirect}
				uri strip_prefix /protected
				file_server
			}
		}
	}
}`
	var list []spoken
	for unix, to := range map[bool]string{false: "@APP@", true: "unix/@PATH@"} {
		list = append(list,
			spoken{"caddy", caddy.Kind, appserver.FastCGI, unix, "http://@LISTEN@ {\n\thandle /dl/* {\n\t\treverse_proxy " + to + " {\n\t\t\ttransport fastcgi" + handoff, false},
			spoken{"caddy-front", caddy.Kind, appserver.FastCGI, unix, "http://@LISTEN@ {\n\troot * @PAGES@\n\thandle /dl/* {\n\t\tphp_fastcgi " + to + " {" + handoff, false},
			spoken{"caddy", caddy.Kind, appserver.HTTP, unix, "http://@LISTEN@ {\n\thandle /dl/* {\n\t\treverse_proxy " + to + " {" + handoff, false})
	}
	return list
}

// TestProtocols: whatever a proxy speaks with the companion, the handoff works, and
// the companion sees what it would see by HTTP.
func TestProtocols(t *testing.T) {
	for _, s := range spokens() {
		over := "tcp"
		if s.unix {
			over = "unix"
		}
		t.Run(fmt.Sprint(s.name, "/", s.protocol, "/", over), func(t *testing.T) {
			t.Parallel()
			s.try(t)
		})
	}
}

func (s spoken) try(t *testing.T) {
	binary := need.Server(t, s.kind.Program)
	media := storage(t)
	dir := filepath.Dir(media)
	folder(t, filepath.Join(dir, "pages"))
	write(t, filepath.Join(dir, "pages", "index.php"), "")
	address := "127.0.0.1:0"
	if s.unix {
		address = "unix:" + filepath.Join(dir, "app.sock")
	}
	l, err := appserver.Listen(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := sendfile.ParseSpec(map[string]string{"nginx": "nginx:/protected/", "caddy": "caddy:/protected/"}[s.kind.Name], "")
	if err != nil {
		if spec, err = sendfile.ParseSpec(s.kind.Name+":"+media, ""); err != nil {
			t.Fatal(err)
		}
	}
	companion := &sendfile.Handler{Spec: spec, Base: "/dl/"}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- appserver.Serve(ctx, l, s.protocol, companion) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if left, err := filepath.Glob(filepath.Join(dir, "*.sock")); err != nil || len(left) > 0 {
			t.Errorf("left: %q", left)
		}
	}()
	host, port, _ := strings.Cut(l.Addr().String(), ":")
	app := l.Addr().String()
	if s.unix {
		if app = address; s.protocol == appserver.HTTP && s.kind.Name == "nginx" {
			app += ":"
		}
	}
	proxy, err := s.kind.Launch(t.Context(), server.LaunchOptions{Binary: binary, Site: func(addr string) string {
		return strings.NewReplacer("@LISTEN@", addr, "@APP@", app, "@HOST@", host, "@PORT@", port, "@PATH@", strings.TrimPrefix(address, "unix:"),
			"@MEDIA@", media, "@PAGES@", filepath.Join(dir, "pages")).Replace(s.site)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if t.Failed() {
			log, _ := os.ReadFile(proxy.ErrorLog())
			t.Logf("error log: %s", log)
		}
		if err := proxy.Stop(); err != nil {
			t.Error(err)
		}
	}()
	for _, name := range []string{"plain.txt", "a b.txt", "100% é & #1.txt", "q?a=b.txt", "plus+%2B;.txt"} {
		if s.kind.Name == "caddy" && strings.Contains(name, "?") {
			continue // it cannot be handed off
		}
		s.download(t, proxy.Addr(), companion, media, name)
	}
}

// download asks for a file in several ways.
func (s spoken) download(t *testing.T, addr string, companion *sendfile.Handler, media, name string) {
	t.Helper()
	content := strings.Repeat("The content of "+name+"\n", 1000)
	write(t, filepath.Join(media, name), content)
	companion.Add(name, sendfile.File{})
	path := "/dl/" + url.PathEscape(name)
	for _, ask := range []struct {
		method, field string
		body          string
		want          string
	}{{"GET", "", "", content}, {"HEAD", "", "", ""}, {"GET", "bytes=4-10", "", content[4:11]}, {"POST", "", strings.Repeat("x", 100_000), content}} {
		if ask.method == "POST" && s.kind.Name == "caddy" {
			continue // its file server answers GET and HEAD
		}
		r, err := http.NewRequestWithContext(t.Context(), ask.method, "http://"+addr+path+"?x=1", strings.NewReader(ask.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(sendfile.ProbeHeader, "7")
		if ask.field != "" {
			r.Header.Set("Range", ask.field)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			return
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || string(body) != ask.want || res.StatusCode/100 != 2 || res.Header.Get("Content-Disposition") == "" && s.kind.Name != "caddy" {
			t.Errorf("%s %q: %d %q, %v: %.60q", ask.method, name, res.StatusCode, res.Header, err, body)
		}
		seen := companion.Seen()
		if len(seen) == 0 {
			t.Fatal("the companion saw nothing")
		}
		got := seen[len(seen)-1]
		unescaped, err := url.PathUnescape(got.Path)
		if err != nil || unescaped != "/dl/"+name || got.Probe != "7" || got.Host == "" || got.Status != 200 {
			t.Errorf("%s %q: seen as %+v", ask.method, name, got)
		}
		if !s.rebuilt && (got.Method != ask.method || got.Query != "x=1" || s.protocol != appserver.HTTP && got.Path != path) {
			t.Errorf("%s %s: seen as %+v", ask.method, path, got)
		}
	}
}
