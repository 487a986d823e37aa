package route_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// TestMaking: a route is made step by step, and one that goes on from it leaves
// it as it is.
func TestMaking(t *testing.T) {
	pass, ask := &conf.Directive{Name: "pass"}, &conf.Directive{Name: "ask"}
	r := route.Route{URI: "/a"}
	r.Provide(ask, "asks for a password")
	r.URI = "/b"
	r.Note(route.StepProxy, pass, "hands %s over", r.URI)
	r.End(route.Proxied, 0, "")

	on := r.On()
	on.Note(route.StepHandoff, nil, "acts on it")
	on.Undecide(nil, "whether %s is there", "/x")

	if len(r.Steps) != 2 || len(r.Provided) != 1 || r.Outcome != route.Proxied {
		t.Errorf("the first route: %+v", r)
	}
	want := []route.Step{
		{Kind: route.StepProvided, Directive: ask, Text: "asks for a password", URI: "/a"},
		{Kind: route.StepProxy, Directive: pass, Text: "hands /b over", URI: "/b"},
		{Kind: route.StepHandoff, Text: "acts on it"},
		{Kind: route.StepUnknown, Text: "whether /x is there"},
	}
	same := cmp.Comparer(func(a, b *conf.Directive) bool { return a == b })
	if d := cmp.Diff(want, on.Steps, same); d != "" {
		t.Error(d)
	}
	if on.Outcome != route.Undecided || on.Undecided != "whether /x is there" {
		t.Errorf("%s: %q", on.Outcome, on.Undecided)
	}
	if on.Deciding(route.StepHandoff, route.StepProxy) != pass || on.Deciding(route.StepFile) != nil || on.Refuser() != ask {
		t.Error("what decides")
	}
}
