package diag

import (
	"slices"
	"testing"
)

func TestProfile(t *testing.T) {
	for _, p := range Profiles() {
		if got, err := ParseProfile(string(p)); got != p || err != nil {
			t.Errorf("%s: %q, %v", p, got, err)
		}
	}
	for _, s := range []string{"", "fast", "Quick"} {
		if p, err := ParseProfile(s); err == nil {
			t.Errorf("%q: no error, %q", s, p)
		}
	}
}

func TestNextByProfile(t *testing.T) {
	family := func(p Profile) Family {
		return Family{Name: string(p), Profile: p, Plan: func(*View) Step { return Step{Probes: []Probe{{ID: "of " + string(p)}}} }}
	}
	families := []Family{family(""), family(Quick), family(Standard), family(Thorough)}
	for p, want := range map[Profile][]string{
		Quick:    {"of quick"},
		"":       {"of ", "of quick", "of standard"},
		Standard: {"of ", "of quick", "of standard"},
		Thorough: {"of ", "of quick", "of standard", "of thorough"},
	} {
		var got []string
		for _, probe := range Next(Stack{Profile: p}, &Record{}, families).Probes {
			got = append(got, probe.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", p, got, want)
		}
	}
}
