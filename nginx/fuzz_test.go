package nginx

import (
	"errors"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/servertest"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// lines are the lengths of a text's lines.
func lines(text string) []int {
	var n []int
	for l := range strings.SplitSeq(text, "\n") {
		n = append(n, len(l))
	}
	return n
}

// within says that a place lies in a text, its end included.
func within(p conf.Pos, lengths []int) bool {
	return p.Line >= 1 && p.Line <= len(lengths) && p.Column >= 1 && p.Column <= lengths[p.Line-1]+1
}

func FuzzParse(f *testing.F) {
	for _, c := range corpus(f) {
		f.Add(c.Files["nginx.conf"])
	}
	for _, s := range Kind.Samples {
		f.Add(s.Text)
	}
	f.Add("content_by_lua_block { --[[ } ]] '}' }")
	f.Add(dump)
	f.Fuzz(func(t *testing.T, text string) {
		s := conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: text}}}
		if isDump(text) {
			splitDump(text)
		}
		c, err := Parse(s)
		lengths := lines(text)
		at := strings.SplitAfter(text, "\n")
		var e *conf.Error
		if errors.As(err, &e) {
			for _, p := range e.Problems {
				if p.Pos.File != "f" || !within(p.Pos, lengths) {
					t.Errorf("%s is outside of the file", p)
				}
			}
		}
		c.Top.Walk(func(d *conf.Directive) bool {
			if d == c.Top {
				return true
			}
			if !within(d.Pos, lengths) {
				t.Errorf("%s %s is outside of the file", d.Pos, d)
			}
			for _, a := range d.Args {
				if !within(a.Pos, lengths) {
					t.Errorf("%s %q is outside of the file", a.Pos, a.Raw)
				} else if rest := strings.Join(at[a.Pos.Line-1:], "")[a.Pos.Column-1:]; !strings.HasPrefix(rest, a.Raw) {
					t.Errorf("at %s stands no %q", a.Pos, a.Raw)
				}
			}
			return true
		})
	})
}

func FuzzRoute(f *testing.F) {
	for _, c := range servertest.AskedCorpus(f, "testdata/route.txtar") {
		for _, line := range c.Lines {
			a := parseAsk(line)
			f.Add(c.Config, a.host, a.uri, a.handoff)
		}
	}
	f.Fuzz(func(t *testing.T, site, host, uri, handoff string) {
		c, _ := Parse(conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: site}}})
		r := NewRouter(c, RouterOptions{Files: func(path string) route.FileKind { return route.FileKind(len(path) % 4) }})
		routed := r.Route(route.Request{Host: host, URI: uri})
		for n := 0; n < 3 && routed.Outcome == route.Proxied; n++ {
			routed = r.Handoff(routed, route.Handoff{Value: handoff})
		}
		if routed.Outcome == "" {
			t.Error("no outcome")
		}
		if len(routed.Steps) == 0 {
			t.Error("no steps")
		}
		r.Error(routed, 404)
		routed.Eval("$uri$document_root$request_filename$host$proxy_host$1")
		routed.Effective("add_header", "root")
	})
}

func FuzzNormalise(f *testing.F) {
	for _, u := range genURIs {
		f.Add(u, true)
	}
	f.Add("/a/%2e%2E/../..", false)
	f.Fuzz(func(t *testing.T, target string, merge bool) {
		target = "/" + target
		uri, _, ok := normalise(target, merge)
		if !ok {
			return
		}
		if !strings.HasPrefix(uri, "/") {
			t.Errorf("%q becomes %q", target, uri)
		}
		if climbs(strings.ReplaceAll(uri, "?", "_")) {
			t.Errorf("%q becomes %q, which climbs", target, uri)
		}
		again, _, ok := normalise(escapeURI(uri), merge)
		if !ok || again != uri {
			t.Errorf("%q becomes %q and then %q", target, uri, again)
		}
	})
}
