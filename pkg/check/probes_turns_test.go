package check

import (
	"strconv"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// TestUnsteady: answers 502 that come again and again among others are those of
// one upstream of several; one alone, or all at one time, are not.
func TestUnsteady(t *testing.T) {
	for statuses, want := range map[string]int{
		"ooooxoxoxooooooooooo": 3, "xoxoxoxoxoxoxoxoxoxo": 10, "oooooooooooooooooooo": 0, "ooooxooooooooooooooo": 0, "ooxxxxoooooooooooooo": 0,
		"xxxxxxxxxxxxxxxxxxxx": 0, "xoooooooooooooooooox": 2, "xoxo": 0,
	} {
		r := &diag.Record{}
		for i, c := range statuses {
			x := diag.Exchange{Probe: diag.Probe{ID: diag.ProxySteady + strconv.Itoa(i+1), Port: diag.Proxy}}
			if x.Status = 200; c == 'x' {
				x.Status = 502
			}
			r.Exchanges = append(r.Exchanges, x)
		}
		if got := len(Unsteady(diag.NewView(diag.Stack{}, r))); got != want {
			t.Errorf("%s: %d, want %d", statuses, got, want)
		}
	}
}
