package e2e

import (
	"testing"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/lighttpd"
	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/gate"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// TestGateScripts: a stated download that is a script of the application comes
// to it though the script is not on this machine, and one that the configuration
// has no way for does not.
func TestGateScripts(t *testing.T) {
	t.Parallel()
	const php = `server.modules = ( "mod_fastcgi" )
server.document-root = "/srv/www"
fastcgi.server = ( ".php" => (( "host" => "127.0.0.1", "port" => 9000, "x-sendfile" => "enable", "x-sendfile-docroot" => ( "/srv/media/" ) )) )`
	const tried = `server { listen 80; root /srv/www;
location ~ \.php$ { try_files $uri =404; include fastcgi_params; fastcgi_pass unix:/run/php.sock; }
location /protected/ { internal; alias /srv/media/; } }`
	for name, c := range map[string]struct {
		kind             server.Kind
		text, path, code string
	}{
		"lighttpd looks for it":    {lighttpd.Kind, php, "/get.php?f={name}", ""},
		"nginx looks for it":       {nginx.Kind, tried, "/get.php?f={name}", ""},
		"nginx has no way for it":  {nginx.Kind, tried, "/get?f={name}", "proxy-not-routed"},
		"lighttpd has none either": {lighttpd.Kind, php, "/get.pl?f={name}", "proxy-not-routed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			need.Server(t, c.kind.Program)
			file := t.TempDir() + "/site.conf"
			write(t, file, c.text)
			source, err := c.kind.Load(file, nil)
			if err != nil {
				t.Fatal(err)
			}
			var added []conf.Problem
			if completer, ok := c.kind.Sandbox.(server.Completer); ok {
				source, added = completer.Complete(source)
			}
			rep, err := gate.Run(t.Context(), gate.Options{
				Kind: c.kind, Config: &diag.Config{Kind: c.kind.Name, Source: source}, Completed: added,
				Intent: gate.Intent{Storage: "/srv/media", Sendfile: map[string]string{"nginx": "nginx:/protected/", "lighttpd": "lighttpd:/srv/media/"}[c.kind.Name], Path: c.path},
			})
			if err != nil {
				t.Fatal(err)
			}
			first := ""
			if len(rep.Findings) > 0 && rep.Status != diag.Healthy {
				first = rep.Findings[0].Code
			}
			if first != c.code {
				t.Errorf("%s: %q, want %q", rep.Status, first, c.code)
			}
		})
	}
}
