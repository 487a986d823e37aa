package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/caddy"
	"github.com/proxydiag/proxydiag/lighttpd"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/gate"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// TestGateRunsNoCommand tries configurations that name programs in every place
// where the server would start them; FILE would be made by each.
func TestGateRunsNoCommand(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind server.Kind
		text string
	}{
		"lighttpd": {lighttpd.Kind, `server.document-root = "/srv/www"
server.modules = ("mod_accesslog", "mod_proxy", "mod_cgi", "mod_rrdtool", "mod_ssi", "mod_magnet")
server.errorlog = "|/usr/bin/touch FILE"
server.breakagelog = "|/usr/bin/touch FILE"
accesslog.filename = "|/usr/bin/touch FILE"
rrdtool.binary = "/usr/bin/touch"
rrdtool.db-name = "FILE"
cgi.assign = ("" => "/usr/bin/touch")
magnet.attract-raw-url-to = ("FILE.lua")
proxy.server = ("/" => (("bin-path" => "/usr/bin/touch FILE", "host" => "127.0.0.1", "port" => 8000,
  "x-sendfile" => "enable", "x-sendfile-docroot" => ("/srv/media/"))))
`},
		"caddy": {caddy.Kind, `{
  "apps": {
    "exec": {"commands": [{"command": "touch", "args": ["FILE"], "at": ["startup"]}]},
    "supervisor": {"supervise": [{"command": ["touch", "FILE"]}]},
    "http": {"servers": {"s": {"listen": [":8080"], "routes": [{"handle": [
      {"handler": "exec", "command": "touch", "args": ["FILE"]},
      {"handler": "reverse_proxy", "upstreams": [{"dial": "app:8000"}], "handle_response": [
        {"match": {"headers": {"X-Accel-Redirect": ["*"]}}, "routes": [{"handle": [
          {"handler": "cgi", "mappings": [{"executable": "/usr/bin/touch", "args": ["FILE"]}]},
          {"handler": "rewrite", "uri": "{http.reverse_proxy.header.X-Accel-Redirect}"},
          {"handler": "file_server", "root": "/srv/media"}]}]}]}]}]}}}
  }
}
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := storage(t)
			made := filepath.Join(folder, "made")
			rep := tryGate(t, c.kind, strings.ReplaceAll(c.text, "FILE", made), gate.Intent{})
			if rep.Status != diag.Healthy {
				t.Errorf("%s: %s", rep.Status, marshal(t, rep))
			}
			if len(rep.Changes) == 0 {
				t.Error("nothing is told of what is left out")
			}
			if _, err := os.Stat(made); err == nil {
				t.Error("a program of the configuration was run")
			}
		})
	}
}
