package diag

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNextLeavesOutWhatIsThere(t *testing.T) {
	put := Put{Role: RoleMain, Size: 1}
	first := Family{Plan: func(v *View) Step {
		s := Step{Put: []Put{put}}
		if v.Stored() {
			s.Probes = []Probe{{ID: "a"}, {ID: "b"}}
		}
		return s
	}}
	second := Family{Plan: func(v *View) Step {
		if v.Exchange("a") == nil {
			return Step{}
		}
		return Step{Pause: time.Second, Probes: []Probe{{ID: "b"}, {ID: "c"}}}
	}}
	families := []Family{first, second}

	rec := &Record{}
	if diff := cmp.Diff(Step{Put: []Put{put}}, Next(Stack{}, rec, families)); diff != "" {
		t.Errorf("first step: %s", diff)
	}
	rec.Fixtures = []FixtureRecord{{Put: put, FirstWrong: -1}}
	if diff := cmp.Diff(Step{Probes: []Probe{{ID: "a"}, {ID: "b"}}}, Next(Stack{}, rec, families)); diff != "" {
		t.Errorf("second step: %s", diff)
	}
	rec.Exchanges = []Exchange{{Probe: Probe{ID: "a"}}}
	if diff := cmp.Diff(Step{Pause: time.Second, Probes: []Probe{{ID: "b"}, {ID: "c"}}}, Next(Stack{}, rec, families)); diff != "" {
		t.Errorf("what two families want is sent once, after the longest pause: %s", diff)
	}
	rec.Exchanges = append(rec.Exchanges, Exchange{Probe: Probe{ID: "b"}}, Exchange{Probe: Probe{ID: "c"}})
	if step := Next(Stack{}, rec, families); !step.Empty() || step.Pause != 0 {
		t.Errorf("a run that has all ends: got %+v", step)
	}
}
