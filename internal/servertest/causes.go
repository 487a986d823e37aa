package servertest

import (
	"testing"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// Scene is a run that shows a cause, or nearly does.
type Scene struct {
	Code string
	Near bool   // the cause is not to be found
	At   string // the directive that is to be found; "" for none
	Run  *diag.Record
}

// Causes are the rules of a kind and the scenes that they are tried with.
type Causes struct {
	Rules  []diag.Rule
	Scenes []Scene
	// Healthy makes the run of a download that arrives.
	Healthy func() *diag.Record
}

// Try judges every scene, and what shows no cause at all: a download that
// arrives, and the configuration of another server. Each rule is to be
// documented, shown and nearly shown.
func (c Causes) Try(t *testing.T) {
	t.Run("scenes", c.scenes)
	t.Run("healthy", c.healthy)
	t.Run("whole", c.whole)
}

func (c Causes) judge(t *testing.T, code string, rec *diag.Record) []diag.Finding {
	t.Helper()
	for _, r := range c.Rules {
		if r.Code == code {
			return r.Judge(diag.NewView(rec.Stack, rec))
		}
	}
	t.Fatalf("no rule has the code %s", code)
	return nil
}

func (c Causes) scenes(t *testing.T) {
	for _, s := range c.Scenes {
		name := s.Code
		if s.Near {
			name += "/near"
		}
		t.Run(name, func(t *testing.T) {
			found := c.judge(t, s.Code, s.Run)
			if s.Near {
				for _, f := range found {
					t.Errorf("found: %s", f.Detail)
				}
				return
			}
			if len(found) != 1 {
				t.Fatalf("%d findings", len(found))
			}
			got := ""
			if found[0].Location != nil {
				got = found[0].Location.Text
			}
			if got != s.At || found[0].Detail == "" || len(found[0].Evidence) == 0 {
				t.Errorf("at %q, want %q: %+v", got, s.At, found[0])
			}
		})
	}
}

func (c Causes) healthy(t *testing.T) {
	for _, r := range c.Rules {
		rec := c.Healthy()
		for _, f := range c.judge(t, r.Code, rec) {
			t.Errorf("%s: %s", r.Code, f.Detail)
		}
		rec = c.Healthy()
		rec.Config.Kind = "other"
		if found := c.judge(t, r.Code, rec); found != nil {
			t.Errorf("%s is found without a configuration of this kind", r.Code)
		}
	}
}

func (c Causes) whole(t *testing.T) {
	shown, near := map[string]bool{}, map[string]bool{}
	for _, s := range c.Scenes {
		if s.Near {
			near[s.Code] = true
		} else {
			shown[s.Code] = true
		}
	}
	for _, r := range c.Rules {
		if !shown[r.Code] || !near[r.Code] {
			t.Errorf("%s: shown: %v, nearly shown: %v", r.Code, shown[r.Code], near[r.Code])
		}
		for _, text := range []string{r.Title, r.Text, r.Fix, r.Before, r.After, r.Source, r.Check} {
			if text == "" {
				t.Errorf("%s is not documented wholly", r.Code)
			}
		}
	}
}
