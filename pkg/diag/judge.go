package diag

import (
	"fmt"
	"path"
	"slices"
)

// Judge is the verdict on a record. It is pure: the same record, rules and
// checks give the same report. The order of the rules is the order in which
// findings of the same weight are listed, and in which blocking ones lead.
func Judge(rec *Record, rules []Rule, checks []Check) Report {
	v := NewView(rec.Stack, rec)
	found := judgeRules(v, rules)
	findings := settleFindings(found)
	rep := Report{
		Version: ReportVersion, Tool: rec.Tool, Started: rec.Started, DurationMS: rec.DurationMS, Stack: rec.Stack,
		Findings: findings, Checks: judgeChecks(v, checks, found, findings), Culprit: PartNone,
	}
	rep.Status = Healthy
	for _, c := range rep.Checks {
		if c.Status == Unknown || c.Status == Fail {
			rep.Status = Inconclusive
		}
	}
	if rec.Interrupted {
		rep.Status = Inconclusive
	}
	for _, f := range findings {
		if f.Severity.AtLeast(Warning) {
			rep.Status, rep.Culprit = Misconfigured, f.Culprit
			break
		}
	}
	return rep
}

// candidate is a finding together with the rule that made it.
type candidate struct {
	Finding
	rule Rule
}

func judgeRules(v *View, rules []Rule) []candidate {
	var found []candidate
	for _, r := range rules {
		for _, f := range r.Judge(v) {
			f.Code, f.Culprit, f.Check, f.Title = r.Code, r.Part, r.Check, r.Title
			if f.Severity == "" {
				f.Severity = r.Severity
			}
			if f.Fix == "" {
				f.Fix = r.Fix
			}
			found = append(found, candidate{f, r})
		}
	}
	return found
}

// settleFindings keeps one finding a fault: what follows from another one is
// listed as its consequence. The most important come first.
func settleFindings(found []candidate) []Finding {
	owner := make([]int, len(found)) // the finding that i follows from, i itself where it stands alone
	for i := range found {
		owner[i] = i
	}
	for i, a := range found {
		if owner[i] != i {
			continue
		}
		for j, b := range found {
			if i != j && owner[j] == j && explains(a.rule, b.Code) {
				for k := range owner {
					if owner[k] == j {
						owner[k] = i
					}
				}
			}
		}
	}
	var leaders []candidate
	for i, a := range found {
		if owner[i] != i {
			continue
		}
		for j, b := range found {
			c := Consequence{Code: b.Code, Title: b.Title}
			if owner[j] == i && j != i && !slices.Contains(a.Consequences, c) {
				a.Consequences = append(a.Consequences, c)
			}
		}
		leaders = append(leaders, a)
	}
	slices.SortStableFunc(leaders, func(a, b candidate) int {
		if a.rule.Blocks != b.rule.Blocks {
			if a.rule.Blocks {
				return -1
			}
			return 1
		}
		return b.Severity.rank() - a.Severity.rank()
	})
	findings := make([]Finding, len(leaders))
	for i := range leaders {
		findings[i] = leaders[i].Finding
	}
	return findings
}

// explains says that a rule explains a code; its patterns are those of path.Match.
func explains(r Rule, code string) bool {
	return slices.ContainsFunc(r.Explains, func(pattern string) bool {
		ok, err := path.Match(pattern, code)
		return err == nil && ok
	})
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
		for _, c := range f.Consequences {
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
