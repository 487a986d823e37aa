package caddy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

func TestParseEvent(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		want cause.Event
		ok   bool
	}{
		"a refused connection": {
			`{"level":"error","ts":1795275281.9,"logger":"http.log.error","msg":"dial tcp 127.0.0.1:1: connect: connection refused","request":{"remote_ip":"127.0.0.1","remote_port":"4711","proto":"HTTP/1.1","method":"GET","host":"example.org","uri":"/dl/a%20b?x=1","headers":{}},"duration":0.0003,"status":502,"err_id":"x","err_trace":"y"}`,
			cause.Event{Level: "error", Module: "http.log.error", Message: "dial tcp 127.0.0.1:1: connect: connection refused",
				Client: "127.0.0.1", Request: "GET /dl/a%20b?x=1 HTTP/1.1", Host: "example.org"}, true,
		},
		"a file that may not be read, logged with debug": {
			`{"level":"debug","ts":1,"logger":"http.log.error","msg":"{id=x} fileserver.go: HTTP 403: open /srv/media/a.bin: permission denied","request":{"method":"GET","host":"h","uri":"/dl/a.bin"},"status":403}`,
			cause.Event{Level: "debug", Module: "http.log.error", Message: "{id=x} fileserver.go: HTTP 403: open /srv/media/a.bin: permission denied",
				Request: "GET /dl/a.bin", Host: "h", Opened: "/srv/media/a.bin", Errno: 13}, true,
		},
		"an error of an upstream": {
			`{"level":"error","ts":1,"logger":"http.handlers.reverse_proxy","msg":"aborting with incomplete response","upstream":"127.0.0.1:9","error":"unexpected EOF"}`,
			cause.Event{Level: "error", Module: "http.handlers.reverse_proxy", Message: "aborting with incomplete response: unexpected EOF", Upstream: "127.0.0.1:9"}, true,
		},
		"for a terminal": {
			"2026/11/21 15:51:52.123\tERROR\thttp.log.error\tdial tcp 127.0.0.1:1: connect: connection refused\t" + `{"request": {"method": "GET", "host": "h", "uri": "/dl/x"}, "status": 502}`,
			cause.Event{Level: "error", Module: "http.log.error", Message: "dial tcp 127.0.0.1:1: connect: connection refused", Request: "GET /dl/x", Host: "h"}, true,
		},
		"a request":                {`{"level":"info","ts":1,"logger":"http.log.access.log0","msg":"handled request","request":{"uri":"/dl/x"},"status":404}`, cause.Event{}, false},
		"a request that failed":    {`{"level":"error","ts":1,"logger":"http.log.access.log0","msg":"handled request","request":{"uri":"/dl/x"},"status":502}`, cause.Event{}, false},
		"a start":                  {`{"level":"info","ts":1,"msg":"serving initial configuration"}`, cause.Event{}, false},
		"broken off":               {`{"level":"error","ts":1,"logger":"http.lo`, cause.Event{}, false},
		"another program's":        {`2026/11/21 15:51:52 [error] 4711#0: *1 open() "/x" failed`, cause.Event{}, false},
		"JSON of something else":   {`{"a":1}`, cause.Event{}, false},
		"nothing":                  {"", cause.Event{}, false},
		"fields that are not JSON": {"2026/11/21 15:51:52.123\tWARN\tadmin\tdisabled\t{...}", cause.Event{Level: "warn", Module: "admin", Message: "disabled"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := parseEvent(c.line)
			if c.ok {
				c.want.Text = c.line
			}
			if d := cmp.Diff(c.want, got); d != "" || ok != c.ok {
				t.Errorf("%v (-want +got)\n%s", ok, d)
			}
		})
	}
}
