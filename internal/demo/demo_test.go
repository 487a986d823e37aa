package demo

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// judged diagnoses the embedded stack with a fault, and checks that nothing is
// left of it.
func judged(t *testing.T, fault Fault) diag.Report {
	t.Helper()
	dir := t.TempDir()
	rec, err := Run(t.Context(), Options{Fault: fault, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.Left) > 0 {
		t.Errorf("left in the storage: %v", rec.Left)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v %v", entries, err)
	}
	return diag.Judge(rec, all.Rules(), check.Checks())
}

// codes are the findings, in their order.
func codes(rep diag.Report) []string {
	var list []string
	for _, f := range rep.Findings {
		list = append(list, f.Code)
	}
	return list
}

func rule(t *testing.T, code string) diag.Rule {
	t.Helper()
	rules := check.Rules()
	i := slices.IndexFunc(rules, func(r diag.Rule) bool { return r.Code == code })
	if i < 0 {
		t.Fatalf("%s is no code", code)
	}
	return rules[i]
}

func explain(t *testing.T, rep diag.Report) {
	t.Helper()
	for _, c := range rep.Checks {
		t.Logf("%s: %s %s", c.ID, c.Status, c.Reason)
	}
	for _, f := range rep.Findings {
		t.Logf("%s (%s): %s %v", f.Code, f.Severity, f.Detail, f.Evidence)
	}
}

func TestHealthy(t *testing.T) {
	t.Parallel()
	rep := judged(t, Fault{})
	if rep.Status != diag.Healthy || rep.Culprit != diag.PartNone || len(rep.Findings) > 0 {
		t.Errorf("status %s, culprit %s, findings %v", rep.Status, rep.Culprit, codes(rep))
	}
	for _, c := range rep.Checks {
		if c.Status != diag.Pass && c.ID != "large" && c.ID != "post" { // which are not asked for
			t.Errorf("check %s: %s %s", c.ID, c.Status, c.Reason)
		}
	}
}

// one checks that a report names a fault, and nothing beside it.
func one(t *testing.T, rep diag.Report, code string) {
	t.Helper()
	if diff := cmp.Diff([]string{code}, codes(rep)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
		explain(t, rep)
		return
	}
	want, f := rule(t, code), rep.Findings[0]
	if f.Culprit != want.Part || f.Severity != want.Severity {
		t.Errorf("culprit %s, severity %s; want %s, %s", f.Culprit, f.Severity, want.Part, want.Severity)
	}
	if f.Detail == "" || f.Fix == "" || len(f.Evidence) == 0 {
		t.Errorf("not whole: %+v", f)
	}
	for _, e := range f.Evidence {
		if e.Text == "" {
			t.Errorf("evidence without a text: %+v", e)
		}
	}
	status, culprit := diag.Misconfigured, want.Part
	if want.Severity == diag.Info {
		status, culprit = diag.Healthy, diag.PartNone
	}
	if rep.Status != status || rep.Culprit != culprit {
		t.Errorf("status %s, culprit %s; want %s, %s", rep.Status, rep.Culprit, status, culprit)
	}
	for _, c := range rep.Checks {
		if c.ID == f.Check && c.Status != diag.Fail && want.Severity != diag.Info {
			t.Errorf("check %s: %s", c.ID, c.Status)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, fault := range Faults() {
		t.Run(fault.Code, func(t *testing.T) {
			t.Parallel()
			one(t, judged(t, fault), fault.Code)
		})
	}
}

// TestEveryRuleHasItsCases: each neutral finding has a fault that leads to it
// and a near miss that must not, and each fault is told in one sentence.
func TestEveryRuleHasItsCases(t *testing.T) {
	t.Parallel()
	var rules, faults, misses []string
	for _, r := range check.Rules() {
		rules = append(rules, r.Code)
	}
	for _, f := range Faults() {
		faults = append(faults, f.Code)
		if !strings.HasSuffix(f.What, ".") || strings.Contains(f.What, "\n") {
			t.Errorf("%s: no sentence: %q", f.Code, f.What)
		}
	}
	for _, f := range nearMisses() {
		misses = append(misses, f.Code)
	}
	for _, list := range [][]string{rules, faults, misses} {
		slices.Sort(list)
	}
	if diff := cmp.Diff(rules, faults); diff != "" {
		t.Errorf("rules and faults:\n%s", diff)
	}
	if diff := cmp.Diff(rules, slices.Compact(misses)); diff != "" {
		t.Errorf("rules and near misses:\n%s", diff)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	if f, ok := Lookup("handoff-ignored"); !ok || f.Code != "handoff-ignored" {
		t.Errorf("got %v %v", f, ok)
	}
	if f, ok := Lookup("handoff"); ok {
		t.Errorf("got %v", f)
	}
}

func TestRunCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	dir := t.TempDir()
	stop := Fault{inject: func(s *setup) {
		s.backend = instead(isDownload, func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done() // no answer comes that could be judged
		})
	}}
	rec, err := Run(ctx, Options{Fault: stop, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	rep := diag.Judge(rec, all.Rules(), check.Checks())
	if rep.Status != diag.Inconclusive || len(rep.Findings) > 0 || !rec.Interrupted {
		t.Errorf("status %s, findings %v, interrupted %v", rep.Status, codes(rep), rec.Interrupted)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}

func TestRunWithoutAFolder(t *testing.T) {
	t.Parallel()
	if _, err := Run(t.Context(), Options{Dir: t.TempDir() + "/absent"}); err == nil {
		t.Error("no error")
	}
}
