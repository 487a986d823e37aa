package nginx

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

func TestParseEvent(t *testing.T) {
	const at = "2026/11/21 03:04:05 "
	for _, c := range []struct {
		name, line string
		want       cause.Event
	}{
		{"a file", `[error] 31#31: *2 open() "/srv/a b.bin" failed (2: No such file or directory), client: 127.0.0.1, server: _, request: "GET /dl/a%20b.bin HTTP/1.1", upstream: "http://127.0.0.1:8000/dl/a%20b.bin", host: "127.0.0.1:8080"`,
			cause.Event{Level: "error", Message: `open() "/srv/a b.bin" failed (2: No such file or directory)`, Opened: "/srv/a b.bin", Errno: 2,
				Client: "127.0.0.1", Server: "_", Request: "GET /dl/a%20b.bin HTTP/1.1", Upstream: "http://127.0.0.1:8000/dl/a%20b.bin", Host: "127.0.0.1:8080"}},
		{"a connection", `[error] 31#31: *4 connect() failed (111: Connection refused) while connecting to upstream, client: ::1, server: a.example, request: "GET / HTTP/2.0", upstream: "http://[::1]:8001/", host: "a.example", referrer: "http://b/"`,
			cause.Event{Level: "error", Message: "connect() failed (111: Connection refused) while connecting to upstream", Errno: 111,
				Client: "::1", Server: "a.example", Request: "GET / HTTP/2.0", Upstream: "http://[::1]:8001/", Host: "a.example"}},
		{"a path with a quote and a comma", `[crit] 1#1: *9 open() "/srv/a", client: x" failed (13: Permission denied), client: 10.0.0.1, server: `,
			cause.Event{Level: "crit", Message: `open() "/srv/a", client: x" failed (13: Permission denied)`, Opened: `/srv/a", client: x`, Errno: 13, Client: "10.0.0.1"}},
		{"a link", `[error] 1#1: *1 openat() "/srv/l/a" failed (40: Too many levels of symbolic links), client: unix:, server: _`,
			cause.Event{Level: "error", Message: `openat() "/srv/l/a" failed (40: Too many levels of symbolic links)`, Opened: "/srv/l/a", Errno: 40, Client: "unix:", Server: "_"}},
		{"no request", `[notice] 1#1: signal process started`, cause.Event{Level: "notice", Message: "signal process started"}},
		{"rate limiting", `[error] 1#1: *1 limiting requests, excess: 1.0 by zone "one", client: 127.0.0.1, server: _`,
			cause.Event{Level: "error", Message: `limiting requests, excess: 1.0 by zone "one"`, Client: "127.0.0.1", Server: "_"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.Text = at + c.line
			got, ok := parseEvent(at + c.line)
			if d := cmp.Diff(c.want, got); d != "" || !ok {
				t.Errorf("ok %v (-want +got):\n%s", ok, d)
			}
		})
	}
	for _, line := range []string{"", "[error] x", "2026-11-21 03:04:05 [error] 1#1: x", at, "PHP message: 2026/11/21 03:04:05 [error] 1#1: x"} {
		if e, ok := parseEvent(line); ok {
			t.Errorf("%q is taken for %+v", line, e)
		}
	}
}

// TestLogged: only lines about the file count, and the last one of them.
func TestLogged(t *testing.T) {
	line := func(file, message string) string {
		return "2026/11/21 03:04:05 [error] 1#1: *1 " + message + `, client: 127.0.0.1, server: _, request: "GET /dl/` + file + ` HTTP/1.1"`
	}
	asked := func(id, role, url string) diag.Exchange {
		x := diag.Exchange{Probe: diag.Probe{ID: id, Port: diag.Proxy, Role: role}}
		x.Request.URL = url
		return x
	}
	rec := &diag.Record{Exchanges: []diag.Exchange{
		asked(diag.ProxyGet, diag.RoleMain, "http://p/dl/a.bin"), asked(diag.ProxyInternal, "", "http://p/dl/../PROTECTED/a.bin"),
	}}
	rec.Fixtures = []diag.FixtureRecord{{Put: diag.Put{Role: diag.RoleMain}, Name: "a.bin"}}
	rec.Log = &diag.Log{Lines: []string{
		line("a.bin", "first"), "no line of nginx's", line("a.bin", "second"), line("b.bin", "third"), line("../PROTECTED/a.bin", "fourth"),
	}}
	s := &site{Site: cause.New[*Route](viewOf(rec), written, parseEvent)}
	e, ok := s.Logged(cause.Any)
	if !ok || e.Message != "second" || e.Line != 3 {
		t.Errorf("got %+v", e)
	}
	if s.Logs(cause.Says("third")) {
		t.Error("a line about another file counts")
	}
	if s.Logs(cause.Says("fourth")) {
		t.Error("a line about another probe for the same file counts")
	}
	if cause.Events(nil, parseEvent) != nil {
		t.Error("events without a log")
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add(`2026/11/21 03:04:05 [error] 31#31: *2 open() "/srv/a" failed (2: No such file or directory), client: 127.0.0.1, request: "GET / HTTP/1.1"`)
	f.Add(`2026/11/21 03:04:05 [crit] 1#1: x, client: "\`)
	f.Fuzz(func(t *testing.T, line string) {
		e, ok := parseEvent(line)
		if ok && (e.Text != line || !strings.Contains(line, e.Message) || !strings.Contains(line, e.Opened) || !strings.Contains(line, e.Upstream)) {
			t.Errorf("%q: %+v", line, e)
		}
		if again, ok2 := parseEvent(line); ok != ok2 || again != e {
			t.Errorf("%q is read in two ways", line)
		}
	})
}
