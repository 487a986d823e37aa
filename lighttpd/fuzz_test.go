package lighttpd

import (
	"net/netip"
	"testing"

	"github.com/proxydiag/proxydiag/internal/servertest"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// FuzzParse: any text is read, and what was read stands where it says.
func FuzzParse(f *testing.F) {
	for _, c := range readCorpus(f) {
		f.Add(c.Files["main.conf"])
	}
	f.Fuzz(func(t *testing.T, text string) {
		source := conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: text}}}
		c, err := Parse(source)
		if c == nil {
			t.Fatalf("nothing, %v", err)
		}
		c.Top.Walk(func(d *conf.Directive) bool {
			if d != c.Top && (d.Pos.Line < 1 || d.Pos.Column < 1 || source.Excerpt(d.Pos, 1) == "") {
				t.Fatalf("%s stands nowhere: %v", d, d.Pos)
			}
			return true
		})
		for _, b := range c.Blocks {
			for _, name := range b.Names() {
				_ = b.Get(name).Value.unknown()
			}
		}
	})
}

// FuzzRoute: any request through any configuration has an outcome.
func FuzzRoute(f *testing.F) {
	servertest.RouteCorpus(f, "testdata/route.txtar", func(config, path, host, handoff, _ string) { f.Add(config, path, host, handoff) })
	f.Fuzz(func(t *testing.T, config, uri, host, value string) {
		c, _ := Parse(conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: config}}})
		r := NewRouter(c, RouterOptions{})
		way := r.Route(route.Request{URI: uri, Host: host, Client: netip.MustParseAddr("127.0.0.1")})
		if way.Outcome == "" || way.Outcome == route.Proxied && way.Upstream == nil || way.Outcome == route.Undecided && way.Undecided == "" {
			t.Fatalf("no outcome: %+v", way)
		}
		if got := r.Handoff(way, route.Handoff{Value: value}); got.Outcome == "" {
			t.Fatalf("no outcome: %+v", got)
		}
		r.allHosts()
	})
}

// FuzzEvent: any line of a log is read.
func FuzzEvent(f *testing.F) {
	f.Add("2026-11-21 15:32:02: (gw_backend.c.960) all handlers for /dl/x? on  are down.")
	f.Fuzz(func(t *testing.T, line string) {
		if e, ok := parseEvent(line); ok && e.Text != line {
			t.Fatal(e)
		}
	})
}
