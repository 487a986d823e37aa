package diag

import "testing"

// TestMutePairs: a pair whose findings are all muted is healthy if its download
// arrived, and undecided if it did not.
func TestMutePairs(t *testing.T) {
	a, b := Finding{Code: "a", Severity: Error}, Finding{Code: "b", Severity: Error, Location: &Location{File: "f", Line: 2}}
	shown := func(f Finding) []Shown { return []Shown{{Code: f.Code, Severity: f.Severity, Location: f.Location}} }
	rep := Report{Status: Misconfigured, Findings: []Finding{a, b}, Pairs: []Pair{
		{Status: Misconfigured, Delivered: true, Findings: shown(a)},
		{Status: Misconfigured, Findings: shown(a)},
		{Status: Misconfigured, Delivered: true, Findings: shown(b)},
	}}
	rep.Mute(func(f Finding) string {
		if f.Code == "a" {
			return "known"
		}
		return ""
	})
	for i, want := range []Verdict{Healthy, Inconclusive, Misconfigured} {
		if p := rep.Pairs[i]; p.Status != want || (want != Misconfigured) != (p.Reason == "a is muted: known" && len(p.Findings) == 0) {
			t.Errorf("pair %d: %+v, want %s", i, p, want)
		}
	}
}
