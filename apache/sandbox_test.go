package apache

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// fragment is a source of one file, as of sites-available.
func fragment(text string) conf.Source {
	return conf.Source{Roots: []string{"/etc/apache2/sites-available/x.conf"}, Files: []conf.File{{Path: "/etc/apache2/sites-available/x.conf", Text: text}}}
}

// told is what a configuration offers, one line each.
func told(o server.Offers) string {
	var b strings.Builder
	for _, w := range o.Ways {
		fmt.Fprintf(&b, "in %s %s %s:%d", w.Name, w.App.Protocol, w.App.Address, w.Location.Line)
		if w.Untried != "" {
			b.WriteString(" untried")
		}
		b.WriteString("\n")
	}
	for _, w := range o.Outs {
		fmt.Fprintf(&b, "out %s %s:%d", w.Sendfile, w.Storage, w.Location.Line)
		if w.Untried != "" {
			b.WriteString(" untried")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestOffers(t *testing.T) {
	for _, c := range []struct{ name, config, want string }{
		{"proxied", `<VirtualHost *:80>
ServerName files.example.com
ProxyPass /static !
ProxyPass / http://localhost:3000/
XSendFile on
XSendFilePath /srv/media
</VirtualHost>`, "in files.example.com / http localhost:3000:4\nout apache:/srv/media/ /srv/media:6\n"},
		{"in one Location", `<VirtualHost *:80>
ServerName files.example.com
ProxyPass / http://localhost:3000/
<Location /download>
XSendFile on
XSendFilePath /srv/media
</Location>
</VirtualHost>`, "in files.example.com / http localhost:3000:3 untried\nin files.example.com /download/ http localhost:3000:3\nout apache:/srv/media/ /srv/media:6\n"},
		{"for scripts, beside a proxied interface", `<VirtualHost *:80>
DocumentRoot /var/www/shop
<Directory /var/www/shop>
XSendFile on
</Directory>
XSendFilePath /srv/shop
ProxyPass /api http://localhost:3000/
</VirtualHost>`, "in 127.0.0.1 /api/ http localhost:3000:7 untried\nin 127.0.0.1 /index.php?file={name} fastcgi a script that Apache runs:2\nout apache:/srv/shop/ /srv/shop:6\n"},
		{"on nowhere, behind a proxy for everything", `<VirtualHost *:8080>
ProxyPass / unix:/run/app.sock|http://localhost/
<Directory /srv/shop>
XSendFile on
</Directory>
XSendFilePath /srv/shop
</VirtualHost>`, "in 127.0.0.1:8080 / http unix:/run/app.sock:2\nout apache:/srv/shop/ /srv/shop:6\n"},
		{"a part that may be refused", `<VirtualHost *:80>
<Location /admin>
Require claim groups:admin
</Location>
ProxyPass / http://127.0.0.1:3000/
XSendFile on
XSendFilePath /srv/media
</VirtualHost>`, "in 127.0.0.1 /admin/ http 127.0.0.1:3000:5 untried\nin 127.0.0.1 / http 127.0.0.1:3000:5\nout apache:/srv/media/ /srv/media:7\n"},
		{"a folder for all, on in one", `XSendFilePath /srv/media
<VirtualHost *:80>
ServerName a.example
ProxyPass / http://127.0.0.1:3000/
XSendFile on
</VirtualHost>
<VirtualHost *:80>
ServerName b.example
ProxyPass / http://127.0.0.1:4000/
</VirtualHost>`, "in a.example / http 127.0.0.1:3000:4\nin b.example / http 127.0.0.1:4000:9 untried\nout apache:/srv/media/ /srv/media:1\nout apache:/srv/media/ /srv/media:1\n"},
		{"refused to everybody", `<VirtualHost *:80>
<Proxy *>
Require all denied
</Proxy>
ProxyPass / http://127.0.0.1:3000/
XSendFile on
XSendFilePath /srv/media
</VirtualHost>`, "in 127.0.0.1 / http 127.0.0.1:3000:5\nout apache:/srv/media/ /srv/media:7\n"},
		{"a mapping that is never looked at", `<VirtualHost *:80>
ProxyPass / http://127.0.0.1:3000/
ProxyPass /dl/ http://127.0.0.1:4000/dl/
XSendFile on
XSendFilePath /srv/media
</VirtualHost>`, "in 127.0.0.1 / http 127.0.0.1:3000:2\nin 127.0.0.1 /dl/ http 127.0.0.1:3000:2\nout apache:/srv/media/ /srv/media:5\n"},
		{"no folder", `<VirtualHost *:80>
ProxyPass / ajp://localhost/
XSendFile on
</VirtualHost>`, "in 127.0.0.1 / http localhost:8009:2\nout apache:/srv/proxydiag/ /srv/proxydiag:3\n"},
		{"mod_wsgi", `WSGIPythonPath /srv/app
<VirtualHost *:80>
WSGIScriptAlias / /srv/app/app.wsgi
XSendFile on
XSendFilePath /srv/media
</VirtualHost>`, "in 127.0.0.1 / fastcgi mod_wsgi:3\nout apache:/srv/media/ /srv/media:5\n"},
		{"PHP by a socket, TLS, two virtual hosts", `<VirtualHost *:80>
ServerName a.example
Redirect / https://a.example/
</VirtualHost>
<VirtualHost *:443>
ServerName a.example
SSLEngine on
DocumentRoot /var/www/a
<FilesMatch \.php$>
SetHandler "proxy:unix:/run/php/fpm.sock|fcgi://localhost"
</FilesMatch>
XSendFile on
XSendFilePath /srv/media
</VirtualHost>`, "in a.example /index.php?file={name} fastcgi unix:/run/php/fpm.sock:10\nout apache:/srv/media/ /srv/media:13\n"},
	} {
		if diff := cmp.Diff(c.want, told(trials{}.Offers(fragment(c.config)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestSandbox runs a configuration that names nearly everything that cannot be
// had: what it says of addresses, paths and files is kept apart from this machine.
func TestSandbox(t *testing.T) {
	need.Server(t, program)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "%s %s", r.Host, r.URL.Path) }))
	defer app.Close()
	at, _ := url.Parse(app.URL)
	mark := filepath.Join(t.TempDir(), "run")
	config := `PidFile /run/none/apache2.pid
User nobody-of-that-name
CustomLog "|/usr/bin/touch ` + mark + `" combined
<VirtualHost 203.0.113.7:80>
ServerName one.example
ErrorLog /nowhere/error.log
RewriteEngine on
RewriteMap users prg:/usr/bin/` + mark + `
DocumentRoot /srv/one
<Directory /srv/one>
Require all denied
</Directory>
ProxyPass /app/ http://app.invalid:3000/in/
ProxyPreserveHost on
ProxyPass /bal/ balancer://pool/
<Proxy balancer://pool>
BalancerMember http://member.invalid hcmethod=GET
</Proxy>
SecRuleEngine on
SessionCryptoPassphrase "exec:/usr/bin/touch ` + mark + `"
RemoteIPInternalProxy proxy.invalid 10.0.0.1
</VirtualHost>
<VirtualHost *:80>
ServerName two.example
DocumentRoot /srv/two
</VirtualHost>
`
	dir, err := proc.Scratch("test") // Apache's children come in
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	root := filepath.Join(dir, "root")
	b, err := trials{}.Start(t.Context(), fragment(config), server.SandboxOptions{
		Dir: dir, Root: root,
		StandIn: func(server.App) (string, error) { return at.Host, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Stop()
	for _, c := range []struct{ listen, host, path, want string }{
		{"203.0.113.7:80", "one.example", "/app/x", "200 one.example /in/x"},
		{"203.0.113.7:80", "one.example", "/bal/x", "200 one.example /x"},
		{"203.0.113.7:80", "two.example", "/x", "403"},
		{"*:80", "two.example", "/x", "404"},
		{"*:80", "one.example", "/app/x", "404"},
	} {
		q, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+b.Listens[c.listen]+c.path, nil)
		q.Host = c.host
		r, err := http.DefaultTransport.RoundTrip(q)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		got := fmt.Sprint(r.StatusCode)
		if r.StatusCode == http.StatusOK {
			got += " " + string(body)
		}
		if got != c.want {
			t.Errorf("%s %s%s: %q, want %q", c.listen, c.host, c.path, got, c.want)
		}
	}
	if got := b.Original(b.Listens["203.0.113.7:80"] + " " + root + "/srv/one"); got != "203.0.113.7:80 /srv/one" {
		t.Errorf("in the user's words: %s", got)
	}
	if exists(mark) {
		t.Error("a command of the configuration was run")
	}
	var changes []string
	for _, c := range b.Changes {
		changes = append(changes, fmt.Sprintf("%d %s", c.Pos.Line, c.Message))
	}
	if diff := cmp.Diff([]string{
		"8 no programs are run and no database is asked: the map users is empty",
		"19 security2_module is not on this machine: its directives are left out",
		"20 no programs are run: SessionCryptoPassphrase is left out",
		"21 no names are looked up: those of RemoteIPInternalProxy are left out",
	}, changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

// TestComplete: what certbot writes need not be there.
func TestComplete(t *testing.T) {
	source, told := trials{}.Complete(fragment("<VirtualHost *:443>\nInclude /etc/letsencrypt/none/options-ssl-apache.conf\n</VirtualHost>\nInclude /srv/none.conf\n"))
	_, err := Parse(source)
	left, ok := missing(err)
	if len(told) != 1 || told[0].Pos.Line != 2 || !ok || len(left) != 1 || left[0].Pos.Line != 4 {
		t.Errorf("%v, %v", told, err)
	}
}

// TestRefused: what Apache refuses comes with the user's place.
func TestRefused(t *testing.T) {
	need.Server(t, program)
	for config, want := range map[string]string{
		"<VirtualHost *:80>\nProxyPas / http://a/\n</VirtualHost>\n":                         "x.conf:2:1: Apache refuses the configuration: Invalid command 'ProxyPas'",
		"<Directory /srv>\nOptions -Indexes FollowSymLinks\n</Directory>\n":                  "x.conf:2:1: Apache refuses the configuration: Either all Options",
		"<Macro m $a>\nAlias $a\n</Macro>\nUse m /x\n":                                       "x.conf:2:1: Apache refuses the configuration: ",
		"<VirtualHost *:443>\nSSLEngine on\nSSLProtocol none-such\n</VirtualHost>\n":         "x.conf:3:1: Apache refuses the configuration: SSLProtocol: Illegal protocol",
		"<Location /x>\nRequire none-such\n</Location>\nRewriteEngine on\nRewriteRule ( x\n": "x.conf:5:1: Apache refuses the configuration: RewriteRule: cannot compile",
	} {
		_, err := trials{}.Start(t.Context(), fragment(config), server.SandboxOptions{
			Dir: t.TempDir(), Root: t.TempDir(), StandIn: func(server.App) (string, error) { return "127.0.0.1:1", nil },
			Certificate: func() (string, string, error) { return "", "", nil },
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", config, err)
		}
	}
}
