package nginx

import (
	"slices"
	"strings"
	"testing"
)

// causeCase is a scene in which a cause is found, or one in which it is not
// though it looks alike.
type causeCase struct {
	code, name string
	near       bool
	scene      scene
}

func causeCases() []causeCase {
	return slices.Concat(routingCases(), takenCases(), mappingCases(), refusalCases(), answerCases(), objectCases(), exposureCases())
}

func TestCauses(t *testing.T) {
	for _, c := range causeCases() {
		name := c.code + "/" + c.name
		if c.near {
			name = c.code + "/near/" + c.name
		}
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			found := c.scene.judged(t, c.code)
			if c.near {
				for _, f := range found {
					t.Errorf("found: %s", f.Detail)
				}
				return
			}
			if len(found) != 1 {
				t.Fatalf("%d findings", len(found))
			}
			f := found[0]
			if f.Detail == "" || len(f.Evidence) == 0 {
				t.Errorf("detail or evidence is missing: %+v", f)
			}
			want, got := here(c.scene.record()), 0
			if f.Location != nil {
				got = f.Location.Line
			}
			if want != got {
				t.Errorf("line %d, want %d", got, want)
			}
		})
	}
}

// TestEveryCauseHasCases: each cause has a scene that shows it and one that
// nearly does.
func TestEveryCauseHasCases(t *testing.T) {
	shown, near := map[string]bool{}, map[string]bool{}
	for _, c := range causeCases() {
		if c.near {
			near[c.code] = true
		} else {
			shown[c.code] = true
		}
	}
	for _, r := range rules() {
		if !shown[r.Code] {
			t.Errorf("no case shows %s", r.Code)
		}
		if !near[r.Code] {
			t.Errorf("no case is a near miss of %s", r.Code)
		}
		for _, text := range []string{r.Title, r.Text, r.Fix, r.Before, r.After, r.Source, r.Check} {
			if text == "" {
				t.Errorf("%s is not documented wholly", r.Code)
			}
		}
	}
}

// TestNoConfiguration: without a configuration, or with one of another server,
// no cause is found and nothing is added.
func TestNoConfiguration(t *testing.T) {
	for _, c := range causeCases() {
		rec := c.scene.record()
		rec.Config.Kind = "other"
		for _, r := range rules() {
			if r.Code == "nginx-error-keeps-headers" {
				continue // it is told by the wire alone
			}
			for _, f := range r.Judge(viewOf(rec)) {
				t.Errorf("%s: %s: %s", c.name, r.Code, f.Detail)
			}
		}
	}
}
