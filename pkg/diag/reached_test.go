package diag

import (
	"testing"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// got makes an exchange with a status, a body's digest and header fields.
func got(id string, status int, digest string, fields ...string) Exchange {
	x := Exchange{Probe: Probe{ID: id}, Exchange: answerOf(status, "", fields...)}
	x.Body.SHA256, x.Body.Length = digest, int64(len(digest))
	return x
}

func TestReached(t *testing.T) {
	app := got(BackendGet, 200, "", "X-Accel-Redirect", "/p/a", "Content-Disposition", "attachment")
	for _, c := range []struct {
		name      string
		companion bool
		exchanges []Exchange
		seen      int
		stray     bool
		want      Tri
	}{
		{"seen", true, []Exchange{got(ProxyGet, 404, "page")}, 1, false, Yes},
		{"not seen", true, []Exchange{got(ProxyGet, 404, "page")}, 0, false, No},
		{"a proxy that drops the id", true, []Exchange{got(ProxyGet, 404, "page")}, 0, true, Undecided},
		{"no answer", true, []Exchange{{Probe: Probe{ID: ProxyGet}}}, 0, false, Undecided},
		{"a field of the backend shows", false, []Exchange{app, got(ProxyGet, 404, "page", "content-disposition", "attachment")}, 0, false, Yes},
		{"a field that anyone sends", false, []Exchange{got(BackendGet, 200, "", "X-Frame-Options", "DENY"), got(ProxyGet, 404, "page", "X-Frame-Options", "DENY")}, 0, false, Undecided},
		{"the backend's own page", false, []Exchange{got(BackendGet, 500, "boom"), got(ProxyGet, 500, "boom")}, 0, false, Yes},
		{"both empty", false, []Exchange{got(BackendGet, 500, ""), got(ProxyGet, 500, "")}, 0, false, Undecided},
		{"a missing file is the application's", false, []Exchange{app, got(ProxyGet, 404, "page"), got(BackendMissing, 404, "app"), got(ProxyMissing, 404, "app")}, 0, false, Yes},
		{"every 404 is the same page", false, []Exchange{app, got(ProxyGet, 404, "page"), got(BackendMissing, 404, "page"), got(ProxyMissing, 404, "page")}, 0, false, Undecided},
		{"nothing tells", false, []Exchange{app, got(ProxyGet, 404, "page")}, 0, false, Undecided},
	} {
		rec := Record{Exchanges: c.exchanges}
		for range c.seen {
			x := &rec.Exchanges[len(rec.Exchanges)-1]
			x.Seen = append(x.Seen, sendfile.Seen{})
		}
		if c.stray {
			rec.Stray = []sendfile.Seen{{}}
		}
		if tri, why := NewView(Stack{Companion: c.companion}, &rec).Reached(ProxyGet); tri != c.want || why == "" {
			t.Errorf("%s: got %v (%s), want %v", c.name, tri, why, c.want)
		}
	}
}

func TestHandoffs(t *testing.T) {
	x := got("a", 200, "", "x-accel-redirect", "/p", "X-Other", "1", "X-SENDFILE", "/f")
	want := []compare.Field{{Name: "x-accel-redirect", Value: "/p"}, {Name: "X-SENDFILE", Value: "/f"}}
	list := x.Handoffs()
	if len(list) != 2 || list[0] != want[0] || list[1] != want[1] {
		t.Errorf("got %v", list)
	}
}
