package diag

import (
	"testing"

	"github.com/proxydiag/proxydiag/pkg/compare"
)

// TestWay: the configuration decides where the answers do not, and never
// against what the companion saw.
func TestWay(t *testing.T) {
	answered := func(id string, status int) Exchange {
		return Exchange{Probe: Probe{ID: id}, Exchange: compare.Exchange{Status: status}}
	}
	says := func(reached Tri) Trace {
		return func(*View, *Exchange) Way { return Way{Reached: reached, Path: "/a", Why: "it says so"} }
	}
	for _, c := range []struct {
		name      string
		companion bool
		traces    []Trace
		want      Tri
	}{
		{"nothing is known", false, nil, Undecided},
		{"answered by the proxy", false, []Trace{says(No)}, No},
		{"not decided by it", false, []Trace{says(Undecided)}, Undecided},
		{"the first that knows", false, []Trace{func(*View, *Exchange) Way { return Way{} }, says(No)}, No},
		{"seen", true, []Trace{says(Undecided)}, No},
	} {
		v := NewView(Stack{Companion: c.companion}, &Record{Exchanges: []Exchange{answered(BackendGet, 200), answered(ProxyGet, 404)}})
		v.traces = c.traces
		if got, why := v.Reached(ProxyGet); got != c.want || why == "" {
			t.Errorf("%s: %v, %q", c.name, got, why)
		}
	}
	if w := NewView(Stack{}, &Record{}).Way(ProxyGet); w != (Way{}) {
		t.Errorf("a way of what was not asked: %+v", w)
	}
}
