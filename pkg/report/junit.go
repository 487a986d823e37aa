package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// writeJUnit writes reports as JUnit XML: a test suite a stack, a test case a check. What is at or
// above FailOn is a failure; further findings of a check, and those of no
// check, are test cases of their own. A check that could not be judged is
// skipped, and an error where the whole run is inconclusive.
func writeJUnit(w io.Writer, reps []diag.Report, o Options) error {
	suites := junit.Testsuites{Name: "proxydiag"}
	longest := 0.0 // they ran at the same time
	for i, rep := range reps {
		suite := junitSuite(neutral(rep), o)
		suite.ID = i
		suites.AddSuite(suite)
		longest = max(longest, rep.DurationMS)
	}
	suites.Time = seconds(longest)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	return suites.WriteXML(w)
}

func junitSuite(rep diag.Report, o Options) junit.Testsuite {
	name := cmp.Or(rep.Stack.Name, string(rep.Stack.Proxy), "proxydiag")
	suite := junit.Testsuite{Name: name, Time: seconds(rep.DurationMS)}
	if !rep.Started.IsZero() {
		suite.SetTimestamp(rep.Started)
	}
	left := slices.DeleteFunc(slices.Clone(rep.Findings), func(f diag.Finding) bool { return !f.Counts(o.failOn()) })
	for _, t := range junitPairs(rep, o) {
		suite.AddTestcase(t)
		left = slices.DeleteFunc(left, func(f diag.Finding) bool { return t.Failure != nil && t.Failure.Type == f.Code })
	}
	for _, c := range rep.Checks {
		if len(rep.Pairs) > 0 {
			break // they are of all pairs together
		}
		t := junit.Testcase{Name: c.ID + ": " + c.Title, Classname: "proxydiag." + c.ID, Time: seconds(c.DurationMS)}
		i := slices.IndexFunc(left, func(f diag.Finding) bool { return f.Check == c.ID })
		switch {
		case i >= 0:
			t.Failure = failure(left[i])
			left = slices.Delete(left, i, i+1)
		case c.Status == diag.Skip, c.Status == diag.Unknown && rep.Status != diag.Inconclusive:
			t.Skipped = &junit.Result{Message: c.Reason}
		case c.Status == diag.Unknown, c.Status == diag.Fail && rep.Status == diag.Inconclusive:
			t.Error = &junit.Result{Message: "not judged: " + c.Reason, Type: string(diag.Inconclusive)}
		}
		suite.AddTestcase(t)
	}
	for _, f := range left {
		suite.AddTestcase(junit.Testcase{Name: f.Code + ": " + f.Title, Classname: "proxydiag." + cmp.Or(f.Check, "configuration"), Failure: failure(f)})
	}
	if suite.Tests == 0 {
		suite.AddTestcase(junit.Testcase{Name: "nothing found", Classname: "proxydiag"})
	}
	return suite
}

// failure is a finding as the reason of a failed test: all that the text format
// says about it.
func failure(f diag.Finding) *junit.Result {
	p := newPage(io.Discard, Options{Width: 100})
	p.finding(f)
	return &junit.Result{Message: f.Title, Type: f.Code, Data: p.String()}
}

func seconds(ms float64) string { return fmt.Sprintf("%.3f", ms/1000) }
