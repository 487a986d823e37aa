package apache

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

func TestParseEvent(t *testing.T) {
	const at = "[Sat Nov 21 03:04:05.123456 2026] "
	for _, c := range []struct {
		name, line string
		want       cause.Event
	}{
		{"xsendfile", `[:error] [pid 1:tid 2] (20023)The given path was above the root path: [client 127.0.0.1:4] xsendfile: unable to find file: /srv/a: b.bin`,
			cause.Event{Level: "error", Errno: errAbove, Client: "127.0.0.1:4", Message: "xsendfile: unable to find file: /srv/a: b.bin"}},
		{"access", `[authz_core:error] [pid 1:tid 2] [client [::1]:4] AH01630: client denied by server configuration: proxy:http://b/`,
			cause.Event{Module: "authz_core", Level: "error", Client: "[::1]:4", Code: codeRefused, Message: "client denied by server configuration: proxy:http://b/"}},
		{"connection", `[proxy:error] [pid 12] (111)Connection refused: AH00957: HTTP: attempt to connect to 127.0.0.1:8001 (127.0.0.1) failed`,
			cause.Event{Module: "proxy", Level: "error", Errno: 111, Code: codeConnect, Message: "HTTP: attempt to connect to 127.0.0.1:8001 (127.0.0.1) failed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.Text = at + c.line
			got, ok := parseEvent(at + c.line)
			if d := cmp.Diff(c.want, got); d != "" || !ok {
				t.Errorf("ok %v (-want +got):\n%s", ok, d)
			}
		})
	}
	for _, line := range []string{"", "[error] x", at, "2026/11/21 03:04:05 [error] 1#1: x"} {
		if e, ok := parseEvent(line); ok {
			t.Errorf("%q is taken for %+v", line, e)
		}
	}
}

// FuzzParseEvent: whatever a line is, what is read of it stands in it.
func FuzzParseEvent(f *testing.F) {
	f.Add("[Sat Nov 21 03:04:05.1 2026] [:error] [pid 1:tid 2] (13)Permission denied: [client 127.0.0.1:4] xsendfile: cannot open file: /srv/a")
	f.Add("[Sat Nov 21 03:04:05.1 2026] [proxy:error] [pid 1] [remote [::1]:4] AH01114: x")
	f.Fuzz(func(t *testing.T, line string) {
		e, ok := parseEvent(line)
		if !ok {
			return
		}
		for _, part := range []string{e.Module, e.Level, e.Client, e.Code, e.Message} {
			if !strings.Contains(line, part) {
				t.Errorf("%q is not in %q", part, line)
			}
		}
	})
}
