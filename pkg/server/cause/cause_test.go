package cause_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// A kind as small as it can be: its configuration is one line, "pass ADDRESS",
// and its log has lines "METHOD TARGET: message".
type (
	ownRoute struct{ route.Route }
	site     struct {
		cause.Site[*ownRoute]
		pass *conf.Directive
	}
)

func parse(s conf.Source) (*conf.Directive, error) {
	name, arg, _ := strings.Cut(s.Files[0].Text, " ")
	return &conf.Directive{Pos: conf.Pos{File: "f", Line: 1, Column: 1}, Name: name, Args: []conf.Arg{{Raw: arg, Text: arg}}}, nil
}

func event(line string) (cause.Event, bool) {
	request, message, ok := strings.Cut(line, ": ")
	return cause.Event{Text: line, Request: request, Message: message}, ok
}

func siteOf(v *diag.View) *site {
	return cause.Of(v, "kind", func(v *diag.View) *site {
		s := &site{Site: cause.New[*ownRoute](v, func(d *conf.Directive) string { return "[" + d.String() + "]" }, event)}
		s.pass = cause.Parsed(v, parse)
		if x := v.Exchange(diag.ProxyGet); x != nil && s.File != nil {
			s.Download = s.follow(x)
		}
		if h, ok := s.HandedOver("Handoff"); ok {
			s.Value = h.Value
			s.Handoff = &ownRoute{s.Download.On()}
			s.Handoff.File = h.Value
			s.Handoff.End(route.File, 200, "")
		}
		return s
	})
}

func (s *site) follow(x *diag.Exchange) *ownRoute {
	t := &ownRoute{}
	t.URI = cause.Request(x).URI
	t.Note(route.StepProxy, s.pass, "hands it over")
	t.Upstream = &route.Upstream{Pass: s.pass, Host: s.pass.Arg(0), URI: t.URI, Peers: []route.Peer{{Addr: s.pass.Arg(0), Directive: s.pass}}}
	t.End(route.Proxied, 0, "")
	return t
}

// run is a run in which the proxy answers with a status.
func run(config string, status int, log ...string) *diag.Record {
	rec := &diag.Record{Stack: diag.Stack{Backend: "http://127.0.0.1:8000/dl/", Proxy: "http://127.0.0.1:8080/dl/"}}
	rec.Config = &diag.Config{Kind: "kind", Source: conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: config}}}}
	rec.Fixtures = []diag.FixtureRecord{{Put: diag.Put{Role: diag.RoleMain}, Name: "a.bin", Path: "/srv/a.bin", FirstWrong: -1}}
	exchange := func(id string, port diag.Port, role, target string) diag.Exchange {
		x := diag.Exchange{Probe: diag.Probe{ID: id, Port: port, Role: role}}
		x.Request = compare.Sent{Method: "GET", URL: "http://127.0.0.1:1" + target}
		x.Remote, x.Status = "127.0.0.1:1", 200
		return x
	}
	b := exchange(diag.BackendGet, diag.Backend, diag.RoleMain, "/dl/a.bin")
	b.Header = compare.Header{{Name: "Handoff", Value: "/srv/a.bin"}, {Name: "X-A", Value: "b"}}
	p := exchange(diag.ProxyGet, diag.Proxy, diag.RoleMain, "/dl/a.bin")
	p.Status = status
	rec.Exchanges = []diag.Exchange{b, p, exchange("other", diag.Proxy, "", "/DL/a.bin")}
	if log != nil {
		rec.Log = &diag.Log{Path: "log", Lines: log}
	}
	return rec
}

func view(rec *diag.Record) *diag.View { return diag.NewView(rec.Stack, rec) }

func TestJudge(t *testing.T) {
	judge := cause.Judge(siteOf, func(s *site) *diag.Finding {
		if s.ToBackend(s.Download) {
			return nil
		}
		return s.With(s.Found(s.pass, "%s leads elsewhere", s.pass), s.Download, s.Last(cause.Says("refused"))...)
	})
	got := judge(view(run("pass 127.0.0.1:8001", 502, "GET /dl/a.bin: refused", "GET /dl/a.bin: else", "GET /DL/a.bin: refused", "nothing")))
	want := []diag.Finding{{
		Detail: "pass 127.0.0.1:8001 leads elsewhere", Certainty: cause.Proven,
		Location: &diag.Location{File: "f", Line: 1, Column: 1, Text: "[pass 127.0.0.1:8001]"},
		Evidence: []diag.Evidence{
			{Kind: diag.EvidenceConfig, Text: "the directive", Lines: []diag.Location{{File: "f", Line: 1, Column: 1, Text: "[pass 127.0.0.1:8001]"}}},
			{Kind: diag.EvidenceConfig, Text: "the way through the configuration: hands it over (line 1)"},
			{Kind: diag.EvidenceLog, Text: "the error log says so", Lines: []diag.Location{{File: "log", Line: 1, Column: 1, Text: "GET /dl/a.bin: refused"}}},
		},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := judge(view(run("pass 127.0.0.1:8000", 502))); got != nil {
		t.Errorf("the backend itself: %+v", got)
	}
}

// TestNothingToJudge: no configuration of the kind, no run, no handoff.
func TestNothingToJudge(t *testing.T) {
	judge := cause.Judge(siteOf, func(*site) *diag.Finding { return &diag.Finding{} })
	lint := cause.JudgeConfig(siteOf, func(*site) []diag.Finding { return []diag.Finding{{}} })
	rec := run("pass x", 200)
	rec.Config.Kind = "other"
	if judge(view(rec)) != nil || lint(view(rec)) != nil || cause.Way(siteOf, (*site).follow)(view(rec), &rec.Exchanges[1]) != (diag.Way{}) {
		t.Error("another kind's configuration is judged")
	}
	rec = run("pass x", 200)
	rec.Exchanges, rec.Fixtures = nil, nil
	if judge(view(rec)) != nil || lint(view(rec)) == nil {
		t.Error("without a run")
	}
	if cause.Upstream[*ownRoute](nil) != nil || cause.Pass[*ownRoute](nil) != nil || siteOf(view(rec)).ToBackend(nil) {
		t.Error("no route has an upstream")
	}
	rec = run("pass x", 200)
	rec.Exchanges[0].Header = nil
	if s := siteOf(view(rec)); s.Handoff != nil || s.PassedOn() {
		t.Error("a handoff that nobody sent")
	}
}

func TestIsBackend(t *testing.T) {
	s := siteOf(view(run("pass x", 200)))
	for addr, want := range map[string]diag.Tri{
		"127.0.0.1:8000": diag.Yes, "localhost:8000": diag.Yes, "[::1]:8000": diag.Undecided, "[::1]:8001": diag.No, "127.0.0.1:8001": diag.No,
		"app:8000": diag.Undecided, "unix:/run/x": diag.Undecided, "10.0.0.1:8000": diag.Undecided,
	} {
		if got := s.IsBackend(route.Peer{Addr: addr}); got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
}

func TestWay(t *testing.T) {
	way := cause.Way(siteOf, (*site).follow)
	for _, c := range []struct {
		config  string
		status  int
		reached diag.Tri
		path    string
	}{
		{"pass 127.0.0.1:8000", 200, diag.Undecided, "/dl/a.bin"},
		{"pass 127.0.0.1:9", 404, diag.No, ""},
		{"pass 127.0.0.1:9", 502, diag.Undecided, ""},
	} {
		rec := run(c.config, c.status)
		if got := way(view(rec), &rec.Exchanges[1]); got.Reached != c.reached || got.Path != c.path {
			t.Errorf("%s, %d: %+v", c.config, c.status, got)
		}
	}
}

func TestEnrich(t *testing.T) {
	enrich := cause.Enrich(siteOf, func(s *site, code string) *conf.Directive {
		if code == "known" {
			return s.pass
		}
		return nil
	})
	v := view(run("pass x", 502, "GET /dl/a.bin: refused"))
	f := diag.Finding{Code: "known"}
	enrich(v, &f)
	if f.Location == nil || f.Location.Text != "[pass x]" || len(f.Evidence) != 2 {
		t.Errorf("%+v", f)
	}
	f = diag.Finding{Code: "else"}
	if enrich(v, &f); f.Location != nil || len(f.Evidence) != 1 {
		t.Errorf("%+v", f)
	}
}

func TestChanged(t *testing.T) {
	s := siteOf(view(run("pass x", 200)))
	got := s.Changed(func(field string) *conf.Directive { return &conf.Directive{Name: field} })
	if got == nil || got.Name != "Handoff" {
		t.Errorf("%v", got)
	}
}

// TestTwins: a twin is asked for, and one that is not served is no finding.
func TestTwins(t *testing.T) {
	twins := func(s *site) []cause.Twin[*ownRoute] {
		return []cause.Twin[*ownRoute]{{By: s.pass, URI: "/other", Route: s.Download}, {By: s.pass, URI: "/a b", Route: s.Download, Asked: true}}
	}
	rec := run("pass x", 200)
	step := cause.TwinAsked(siteOf, twins).Plan(view(rec))
	if len(step.Probes) != 1 || step.Probes[0].Target != "/a%20b" || step.Probes[0].ID != cause.TwinProbe {
		t.Fatalf("%+v", step)
	}
	asked := func(status int) int {
		x := diag.Exchange{Probe: step.Probes[0]}
		x.Status, x.Body.Match = status, compare.Equal
		rec := run("pass x", 200)
		rec.Exchanges = append(rec.Exchanges, x)
		s := siteOf(view(rec))
		return len(s.Public(twins(s)[1:], "what guards", func(cause.Twin[*ownRoute]) string { return "served" }))
	}
	if asked(200) != 1 || asked(404) != 0 {
		t.Error("a twin that was asked for")
	}
}

// TestFollow ends where servers hand over to each other in a circle.
func TestFollow(t *testing.T) {
	n := 0
	front, last := cause.Follow(route.Request{URI: "/a"}, func(q route.Request) *ownRoute {
		n++
		return &ownRoute{route.Route{URI: q.URI}}
	}, func(r *ownRoute) (route.Request, bool) { return route.Request{URI: r.URI + "a"}, true })
	if len(front) != 5 || n != 6 || last.URI != "/aaaaaa" {
		t.Errorf("%d routes, %d asked, %s", len(front), n, last.URI)
	}
}

func TestDenied(t *testing.T) {
	s := siteOf(view(run("pass 127.0.0.1:8000", 404)))
	if s.Handoff == nil {
		t.Fatal("no handoff")
	}
	f := s.Denied("The server", "www", &diag.Path{Path: "/srv", Mode: 0o700, UID: 1, GID: 2})
	if want := "The server runs as www, and /srv (-rwx------, owner 1:2) refuses it."; f.Detail != want || !strings.Contains(f.Fix, "Let www enter /srv") {
		t.Errorf("%q %q", f.Detail, f.Fix)
	}
	if f := s.Denied("The server", "www", nil); f.Detail != "The server may not read /srv/a.bin." || f.Fix != "" {
		t.Errorf("%q %q", f.Detail, f.Fix)
	}
}
