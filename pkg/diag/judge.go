package diag

import (
	"fmt"
	"slices"
)

// Expert is what a kind of server adds to the neutral rules. Either may be nil.
type Expert struct {
	Enrich Enrich
	Way    Trace
}

// Enrich adds to a finding what a kind of server knows about it: the place in
// the configuration that is responsible, the lines of the log that prove it.
type Enrich func(v *View, f *Finding)

// Judge is the verdict on a record. It is pure: the same record, rules and
// checks give the same report. The order of the rules is the order in which
// findings of the same weight are listed, and in which blocking ones lead.
func Judge(rec *Record, rules []Rule, checks []Check, experts ...Expert) Report {
	v := NewView(rec.Stack, rec)
	for _, e := range experts {
		if e.Way != nil {
			v.traces = append(v.traces, e.Way)
		}
	}
	found := judgeRules(v, rules)
	findings := settle(found)
	for i := range findings {
		for _, e := range experts {
			if e.Enrich != nil {
				e.Enrich(v, &findings[i])
			}
		}
		noteRetries(v, &findings[i])
	}
	rep := Report{
		Version: ReportVersion, Tool: rec.Tool, Started: rec.Started, DurationMS: rec.DurationMS, Stack: rec.Stack,
		Findings: findings, Checks: judgeChecks(v, checks, found, findings), Interrupted: rec.Interrupted,
	}
	if rec.Config != nil {
		rep.Source = &rec.Config.Source
	}
	rep.conclude()
	return rep
}

// candidate is a finding together with the rule that made it.
type candidate struct {
	Finding
	rule Rule
}

// judgeRules runs the rules, those that need a symptom last.
func judgeRules(v *View, rules []Rule) []candidate {
	found := make([][]candidate, len(rules)) // by rule, so that their order is kept
	var codes []string
	for _, needs := range []bool{false, true} {
		for i, r := range rules {
			if r.Needs != needs || needs && !(r.Static && v.Alone()) && !slices.ContainsFunc(codes, func(code string) bool { return matches(r.Symptoms, code) }) {
				continue
			}
			found[i] = r.judge(v)
		}
		for _, list := range found {
			for _, c := range list {
				codes = append(codes, c.Code)
			}
		}
	}
	return slices.Concat(found...)
}

// judge gives a rule's findings with what the documentation says about them.
func (r Rule) judge(v *View) []candidate {
	var found []candidate
	for _, f := range r.Judge(v) {
		f.Code, f.Culprit, f.Title = r.Code, r.Part, r.Title
		if f.Check == "" {
			f.Check = r.Check
		}
		if f.Severity == "" {
			f.Severity = r.Severity
		}
		if f.Fix == "" {
			f.Fix = r.Fix
		}
		found = append(found, candidate{f, r})
	}
	return found
}

func judgeChecks(v *View, checks []Check, found []candidate, leaders []Finding) []CheckResult {
	var results []CheckResult
	for _, c := range checks {
		r := CheckResult{ID: c.ID, Title: c.Title, DurationMS: duration(v, c)}
		if f := failing(c.ID, found); f != nil {
			r.Status, r.Reason = Fail, f.Title
			if lead := leaderOf(f.Code, leaders); lead != "" {
				r.Reason = fmt.Sprintf("%s (follows from %s)", f.Title, lead)
			}
		} else {
			r.Status, r.Reason = c.Judge(v)
			if r.Status == Unknown && v.Record.Interrupted {
				r.Reason = "the run was interrupted before this was known"
			}
			if again := v.retried(c.Probes); r.Reason == "" && len(again) > 0 {
				r.Reason = again[0].Text
			}
		}
		results = append(results, r)
	}
	return results
}

// failing is the first finding at warning or above that belongs to a check.
func failing(check string, found []candidate) *candidate {
	for i := range found {
		if found[i].Check == check && found[i].Severity.AtLeast(Warning) {
			return &found[i]
		}
	}
	return nil
}

// leaderOf is the code of the finding that code is a consequence of, "" where it leads itself.
func leaderOf(code string, leaders []Finding) string {
	for _, f := range leaders {
		if f.Code == code {
			return ""
		}
	}
	for _, f := range leaders {
		if f.Symptom == code {
			return f.Code
		}
		for _, c := range append(slices.Clone(f.Consequences), f.Possible...) {
			if c.Code == code {
				return f.Code
			}
		}
	}
	return ""
}

func duration(v *View, c Check) float64 {
	var total float64
	for _, role := range c.Roles {
		if f := v.Fixture(role); f != nil {
			total += f.DurationMS
		}
	}
	for _, id := range c.Probes {
		if x := v.Exchange(id); x != nil {
			total += x.Timing.Total
		}
	}
	return total
}
