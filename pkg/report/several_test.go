package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/joshdk/go-junit"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// TestSeveralStacks writes the reports on several stacks as one.
func TestSeveralStacks(t *testing.T) {
	staging, spare := handoffCulprit(), inconclusive()
	staging.Stack.Name, spare.Stack.Name = "staging", "spare"
	reps := []diag.Report{healthy(), staging, spare}
	all := map[string]string{}
	for _, f := range Formats() {
		var b bytes.Buffer
		if err := f.WriteAll(&b, reps, Options{}); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		all[f.Name] = b.String()
		golden(t, "testdata/stacks/all."+f.Name, b.String())
	}

	var list struct {
		Status  diag.Verdict
		Reports []diag.Report
	}
	if err := json.Unmarshal([]byte(all["json"]), &list); err != nil || list.Status != diag.Misconfigured || len(list.Reports) != 3 {
		t.Errorf("json: %v, %s, %d reports", err, list.Status, len(list.Reports))
	}
	suites, err := junit.IngestReader(strings.NewReader(all["junit"]))
	if err != nil || len(suites) != 3 || suites[1].Name != "staging" || suites[1].Totals.Failed == 0 {
		t.Errorf("junit: %v, %+v", err, suites)
	}
	if log := validSARIF(t, "all", all["sarif"]); len(log.Runs) != 1 {
		t.Errorf("sarif: %d runs", len(log.Runs))
	}
	for _, id := range []string{"stack-1", "stack-2", "stack-3"} {
		if strings.Count(all["html"], `id="`+id+`"`) != 1 || !strings.Contains(all["html"], `href="#`+id+`"`) {
			t.Errorf("html: %s is not there, or not linked", id)
		}
	}
}

func TestWorst(t *testing.T) {
	for _, c := range []struct {
		want diag.Verdict
		reps []diag.Report
	}{
		{diag.Healthy, nil},
		{diag.Healthy, []diag.Report{healthy()}},
		{diag.Inconclusive, []diag.Report{inconclusive(), healthy()}},
		{diag.Misconfigured, []diag.Report{inconclusive(), handoffCulprit(), healthy()}},
	} {
		if got := Worst(c.reps); got != c.want {
			t.Errorf("of %d reports: %s, want %s", len(c.reps), got, c.want)
		}
	}
}
