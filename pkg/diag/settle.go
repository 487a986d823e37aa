package diag

import (
	"path"
	"slices"
)

// settle keeps one finding a fault. A cause absorbs its symptom; of two causes
// of one symptom the more certain leads and names the other as possible; what a
// finding explains becomes its consequence. The most important come first.
func settle(found []candidate) []Finding {
	s := settlement{found: found, owner: make([]int, len(found))}
	for i := range found {
		s.owner[i] = i
	}
	for i := range found {
		s.causes(i)
	}
	for i := range found {
		s.consequences(i)
	}
	var leaders []candidate
	for i := range found {
		if s.owner[i] == i {
			leaders = append(leaders, s.leader(i))
		}
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

// settlement assigns each finding to the one that it belongs to.
type settlement struct {
	found []candidate
	owner []int // the index of the finding that it belongs to, its own where it stands alone
}

// take assigns j, and all that belongs to it, to i.
func (s *settlement) take(i, j int) {
	for k := range s.owner {
		if s.owner[k] == j {
			s.owner[k] = i
		}
	}
}

// causes gives a symptom to the most certain of its causes, and that one the
// other causes.
func (s *settlement) causes(symptom int) {
	best := -1
	for i, c := range s.found {
		if i != symptom && matches(c.rule.Symptoms, s.found[symptom].Code) &&
			(best < 0 || c.Certainty > s.found[best].Certainty) {
			best = i
		}
	}
	if best < 0 || s.owner[symptom] != symptom || s.owner[best] != best {
		return
	}
	s.found[best].Symptom = s.found[symptom].Code
	s.take(best, symptom)
	for i, c := range s.found {
		if i != best && s.owner[i] == i && matches(c.rule.Symptoms, s.found[symptom].Code) {
			s.take(best, i)
		}
	}
}

// consequences assigns to i what it, or what it absorbed, explains.
func (s *settlement) consequences(i int) {
	lead := s.owner[i]
	for j, b := range s.found {
		if s.owner[j] == j && j != lead && matches(s.found[i].rule.Explains, b.Code) {
			s.take(lead, j)
		}
	}
}

// leader is a finding with what belongs to it.
func (s *settlement) leader(i int) candidate {
	a := s.found[i]
	for j, b := range s.found {
		c := Consequence{Code: b.Code, Title: b.Title}
		switch {
		case j == i || s.owner[j] != i || b.Code == a.Symptom || b.Code == a.Code:
		case a.Symptom != "" && matches(b.rule.Symptoms, a.Symptom):
			if !slices.Contains(a.Possible, c) {
				a.Possible = append(a.Possible, c)
			}
		case !slices.Contains(a.Consequences, c):
			a.Consequences = append(a.Consequences, c)
		}
	}
	return a
}

// matches says that one of the patterns, those of path.Match, fits a code.
func matches(patterns []string, code string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, code)
		return err == nil && ok
	})
}
