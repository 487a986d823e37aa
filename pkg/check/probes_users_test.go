package check

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// played plays a family: each probe is answered by answer, in the order of the steps.
func played(f diag.Family, r *recorded, answer func(diag.Probe) diag.Exchange) (steps [][]string) {
	for range 20 {
		var ids []string
		for _, p := range f.Plan(r.view()).Probes {
			if !r.view().Asked(p.ID) {
				x := answer(p)
				x.Probe = p
				ids = append(ids, p.ID)
				r.Exchanges = append(r.Exchanges, x)
			}
		}
		if ids == nil {
			break
		}
		steps = append(steps, ids)
	}
	return steps
}

// TestUsers: a further user is asked for alone, right after the first, and
// again where both ports refuse.
func TestUsers(t *testing.T) {
	bob := diag.As{Name: "bob", Field: compare.Field{Name: "Cookie", Value: "b"}}
	refusal, once := got("", 403, 3), [][]string{{"backend-as-bob", "proxy-before-bob"}, {"proxy-as-bob"}}
	thrice := append(slices.Clone(once), [][]string{{"proxy-before-bob-2"}, {"proxy-as-bob-2"}, {"proxy-before-bob-3"}, {"proxy-as-bob-3"}}...)
	handsOff := got("", 200, 0, "X-Accel-Redirect", "/protected/main.bin")
	for _, c := range []struct {
		name     string
		backend  diag.Exchange
		delivers []string // to bob, through the proxy
		steps    [][]string
		leak     bool
	}{
		{"refused by both", refusal, nil, thrice, false},
		{"refused by the backend alone", refusal, []string{"proxy-as-bob"}, once, true},
		{"by chance", refusal, []string{"proxy-as-bob-3"}, thrice, true},
		{"let in by both", handsOff, []string{"proxy-as-bob"}, once, false},
		{"a page to log in", got("", 200, 50), []string{"proxy-as-bob"}, once, true},
		{"a failure of the backend's", got("", 500, 3), []string{"proxy-as-bob"}, once, false},
	} {
		r := record()
		r.Stack.As, r.Stack.Companion = []diag.As{bob}, false
		steps := played(users, &r, func(p diag.Probe) diag.Exchange {
			switch {
			case p.Port == diag.Backend:
				return c.backend
			case p.As == "" || slices.Contains(c.delivers, p.ID):
				return plain("")
			}
			return refusal
		})
		if d := cmp.Diff(c.steps, steps); d != "" {
			t.Errorf("%s: steps (-want +got):\n%s", c.name, d)
		}
		if leak := judgeCachedHandoff(r.view()) != nil; leak != c.leak {
			t.Errorf("%s: found %v, want %v", c.name, leak, c.leak)
		}
	}
}

// TestMarked: an answer that says it comes from a cache, of a download that
// none may store.
func TestMarked(t *testing.T) {
	for _, c := range []struct {
		name, rule string
		again      []string
		want       bool
	}{
		{"private, with an age", "private, max-age=0", []string{"Age", "0"}, true},
		{"not to be stored, a hit", "no-store", []string{"X-Cache-Status", "HIT"}, true},
		{"private, a miss", "private", []string{"X-Cache-Status", "MISS"}, false},
		{"private, no mark", "private", nil, false},
		{"public, with an age", "public, max-age=60", []string{"Age", "3"}, false},
		{"a word with hit in it", "private", []string{"X-Cache", "whitelist"}, false},
	} {
		r := record(plain(diag.ProxyAgain, c.again...))
		r.Stack.Companion = false
		r.Exchanges[0].Header = append(r.Exchanges[0].Header, compare.Field{Name: "Cache-Control", Value: c.rule})
		if got := Replayed(r.view()); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
