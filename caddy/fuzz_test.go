package caddy

import (
	"errors"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/servertest"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// within says that a place lies in a text, its end included.
func within(p conf.Pos, lines []string) bool {
	return p.Line >= 1 && p.Line <= len(lines) && p.Column >= 1 && p.Column <= len(lines[p.Line-1])+1
}

func FuzzParse(f *testing.F) {
	for _, c := range corpus(f) {
		f.Add(c.Files[mainFile])
	}
	for _, s := range Kind.Samples {
		f.Add(s.Text)
	}
	f.Add(`{"apps":{"http":{"servers":{"s":{"listen":[":80"],"routes":[{"handle":[{"handler":"vars","root":"/x"}]}]}}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: text}}})
		lines := strings.Split(text, "\n")
		var e *conf.Error
		if errors.As(err, &e) {
			for _, p := range e.Problems {
				if p.Pos.File != "f" || p.Pos.Line > 0 && !within(p.Pos, lines) {
					t.Errorf("%s is outside of the file", p)
				}
			}
		}
		c.Top.Walk(func(d *conf.Directive) bool {
			if d != c.Top && !within(d.Pos, lines) {
				t.Errorf("%s %s is outside of the file", d.Pos, d)
			}
			for _, a := range d.Args {
				if !within(a.Pos, lines) {
					t.Errorf("%s %q is outside of the file", a.Pos, a.Raw)
				} else if rest := strings.Join(lines[a.Pos.Line-1:], "\n")[a.Pos.Column-1:]; !strings.HasPrefix(rest, a.Raw) {
					t.Errorf("at %s stands no %q", a.Pos, a.Raw)
				}
			}
			return true
		})
		detect(text)
		withoutSecrets(c.Source, c.Top)
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
		p := r.Route(route.Request{Host: host, URI: uri})
		for n := 0; n < 3 && p.Outcome == route.Proxied; n++ {
			p = r.Handoff(p, route.Handoff{Value: handoff, Header: map[string][]string{handoffFields[0]: {handoff}}})
		}
		if p.Outcome == "" {
			t.Error("no outcome")
		}
		if len(p.Steps) == 0 {
			t.Error("no steps")
		}
	})
}

func FuzzLog(f *testing.F) {
	f.Add(`{"level":"error","logger":"http.log.error","msg":"dial tcp 127.0.0.1:1: connect: connection refused","request":{"method":"GET","uri":"/"},"status":502}`)
	f.Add("2026/11/21 15:51:52.123\tERROR\thttp.log.error\topen /x: permission denied\t{}")
	f.Fuzz(func(t *testing.T, line string) {
		if e, ok := parseEvent(line); ok && e.Text != line {
			t.Errorf("%q became %q", line, e.Text)
		}
	})
}
