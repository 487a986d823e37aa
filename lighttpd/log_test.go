package lighttpd

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

func TestEvents(t *testing.T) {
	const syslog = "Nov 21 16:02:00 host lighttpd[123]: (gw_backend.c.960) all handlers for /x? on  are down."
	for line, want := range map[string]cause.Event{
		"2026-11-21 15:32:02: (gw_backend.c.274) establishing connection failed: socket: tcp:127.0.0.1:1: Connection refused": {Module: "gw_backend.c", Message: "establishing connection failed: socket: tcp:127.0.0.1:1: Connection refused"},
		"2026-11-21 16:02:00.123: (http-header-glue.c.326) not a regular file: /x -> /srv/(a.c.1) b":                          {Module: "http-header-glue.c", Message: "not a regular file: /x -> /srv/(a.c.1) b"},
		syslog: {Module: "gw_backend.c", Message: "all handlers for /x? on  are down."},
		"":     {}, "PHP Warning: x": {},
	} {
		if want.Message != "" {
			want.Text = line
		}
		got, ok := parseEvent(line)
		if d := cmp.Diff(want, got); d != "" || ok != (want.Message != "") {
			t.Errorf("%q: %v %s", line, ok, d)
		}
	}
}
