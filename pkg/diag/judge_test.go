package diag

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// says makes a rule that always finds something.
func says(code string, part Part, severity Severity, blocks bool, explains ...string) Rule {
	return Rule{
		Doc:   Doc{Code: code, Part: part, Severity: severity, Title: "title of " + code, Fix: "fix of " + code},
		Check: "c-" + code, Blocks: blocks, Explains: explains,
		Judge: func(*View) []Finding { return []Finding{{Detail: "detail"}} },
	}
}

func passing(id string) Check {
	return Check{ID: id, Judge: func(*View) (Status, string) { return Pass, "" }}
}

func TestJudgeOrdersAndExplains(t *testing.T) {
	rules := []Rule{
		says("note", PartHandoff, Info, false),
		says("warning", PartProxy, Warning, false),
		says("leak", PartHandoff, Warning, false),
		says("symptom", PartHandoff, Error, true, "leak"),
		says("cause", PartBackend, Error, true, "symp*"),
		says("error", PartProxy, Error, false),
	}
	rep := Judge(&Record{}, rules, []Check{passing("c-leak"), passing("c-cause"), passing("c-note"), passing("other")})
	var codes []string
	for _, f := range rep.Findings {
		codes = append(codes, f.Code)
	}
	if diff := cmp.Diff([]string{"cause", "error", "warning", "note"}, codes); diff != "" {
		t.Errorf("what blocks comes first, then by severity: %s", diff)
	}
	want := []Consequence{{"leak", "title of leak"}, {"symptom", "title of symptom"}}
	if diff := cmp.Diff(want, rep.Findings[0].Consequences); diff != "" {
		t.Errorf("consequences of consequences belong to the cause: %s", diff)
	}
	if rep.Status != Misconfigured || rep.Culprit != PartBackend {
		t.Errorf("got %s, %s", rep.Status, rep.Culprit)
	}
	if rep.Findings[0].Fix != "fix of cause" || rep.Findings[0].Title != "title of cause" {
		t.Errorf("the documentation fills in what the rule leaves out: %+v", rep.Findings[0])
	}
	statuses := []Status{}
	for _, c := range rep.Checks {
		statuses = append(statuses, c.Status)
	}
	if diff := cmp.Diff([]Status{Fail, Fail, Pass, Pass}, statuses); diff != "" {
		t.Errorf("a check fails with its findings at warning and above: %s", diff)
	}
	if got := rep.Checks[0].Reason; got != "title of leak (follows from cause)" {
		t.Errorf("reason: %s", got)
	}
}

func TestJudgeVerdicts(t *testing.T) {
	unknown := Check{ID: "u", Judge: func(*View) (Status, string) { return Unknown, "why" }}
	failing := Check{ID: "f", Judge: func(*View) (Status, string) { return Fail, "why" }}
	skipped := Check{ID: "s", Judge: func(*View) (Status, string) { return Skip, "why" }}
	for _, c := range []struct {
		name   string
		rec    Record
		rules  []Rule
		checks []Check
		want   Verdict
	}{
		{"all passes", Record{}, nil, []Check{passing("p"), skipped}, Healthy},
		{"info is no fault", Record{}, []Rule{says("note", PartProxy, Info, false)}, []Check{passing("p")}, Healthy},
		{"unknown", Record{}, nil, []Check{passing("p"), unknown}, Inconclusive},
		{"a failure that nothing explains", Record{}, nil, []Check{failing}, Inconclusive},
		{"interrupted", Record{Interrupted: true}, nil, []Check{passing("p")}, Inconclusive},
		{"a finding beats unknown", Record{}, []Rule{says("w", PartProxy, Warning, false)}, []Check{unknown}, Misconfigured},
	} {
		rep := Judge(&c.rec, c.rules, c.checks)
		if rep.Status != c.want || (rep.Culprit == PartNone) != (c.want != Misconfigured) {
			t.Errorf("%s: got %s, %s", c.name, rep.Status, rep.Culprit)
		}
	}
}

func TestJudgeIsPure(t *testing.T) {
	rec := &Record{Stack: Stack{Storage: "/srv"}}
	before := string(mustJSON(t, rec))
	rules := []Rule{says("a", PartProxy, Error, true, "b"), says("b", PartProxy, Error, true, "a")}
	first := string(mustJSON(t, Judge(rec, rules, nil)))
	if again := string(mustJSON(t, Judge(rec, rules, nil))); again != first {
		t.Errorf("the same record gave two reports: %s and %s", first, again)
	}
	if after := string(mustJSON(t, rec)); after != before {
		t.Errorf("judging changed the record: %s", after)
	}
	if got := len(Judge(rec, rules, nil).Findings); got != 1 {
		t.Errorf("two findings that explain each other are one fault: got %d", got)
	}
}

func TestCausesAbsorbSymptoms(t *testing.T) {
	cause := func(code string, certainty int) Rule {
		r := says(code, PartHandoff, Error, true)
		r.Symptoms = []string{"symptom"}
		r.Judge = func(*View) []Finding { return []Finding{{Detail: "detail", Certainty: certainty}} }
		return r
	}
	rules := []Rule{
		says("symptom", PartHandoff, Error, true, "leak"), says("leak", PartProxy, Warning, false),
		cause("weak", 1), cause("strong", 2),
	}
	rep := Judge(&Record{}, rules, []Check{passing("c-symptom")})
	if len(rep.Findings) != 1 {
		t.Fatalf("one fault, one finding: got %+v", rep.Findings)
	}
	f := rep.Findings[0]
	if f.Code != "strong" || f.Symptom != "symptom" {
		t.Errorf("the more certain cause leads: got %s of %s", f.Code, f.Symptom)
	}
	if diff := cmp.Diff([]Consequence{{"leak", "title of leak"}}, f.Consequences); diff != "" {
		t.Errorf("what follows from the symptom follows from the cause: %s", diff)
	}
	if diff := cmp.Diff([]Consequence{{"weak", "title of weak"}}, f.Possible); diff != "" {
		t.Errorf("the other cause is possible: %s", diff)
	}
	if got := rep.Checks[0].Reason; got != "title of symptom (follows from strong)" {
		t.Errorf("reason: %s", got)
	}
	if rep := Judge(&Record{}, rules[2:], nil); len(rep.Findings) != 2 {
		t.Errorf("causes without their symptom stand alone: got %+v", rep.Findings)
	}
}

func TestARuleThatNeedsItsSymptom(t *testing.T) {
	r := says("cause", PartProxy, Warning, false)
	r.Symptoms, r.Needs = []string{"symptom"}, true
	if rep := Judge(&Record{}, []Rule{r}, nil); len(rep.Findings) != 0 {
		t.Errorf("without its symptom there is no cause: got %+v", rep.Findings)
	}
	rep := Judge(&Record{}, []Rule{r, says("symptom", PartProxy, Warning, false)}, nil)
	if len(rep.Findings) != 1 || rep.Findings[0].Code != "cause" {
		t.Errorf("got %+v", rep.Findings)
	}
}

func TestEnrich(t *testing.T) {
	here := &Location{File: "a.conf", Line: 3}
	add := func(_ *View, f *Finding) {
		if f.Code == "a" {
			f.Location = here
		}
	}
	rep := Judge(&Record{}, []Rule{says("a", PartProxy, Error, true), says("b", PartProxy, Warning, false)}, nil, Expert{Enrich: add})
	if rep.Findings[0].Location != here || rep.Findings[1].Location != nil {
		t.Errorf("got %+v", rep.Findings)
	}
}
