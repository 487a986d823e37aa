package diag

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Mute marks the findings for which why gives a reason: they are told, after
// the others, and count neither for the verdict nor for an exit status. A check
// that fails by such a finding alone is skipped.
func (r *Report) Mute(why func(Finding) string) {
	var loud, muted []Finding
	for _, f := range r.Findings {
		if f.Muted == "" {
			f.Muted = why(f)
		}
		if f.Muted == "" {
			loud = append(loud, f)
		} else {
			muted = append(muted, f)
		}
	}
	if muted == nil {
		return
	}
	r.Findings = append(loud, muted...)
	r.Checks = slices.Clone(r.Checks)
	for i := range r.Checks {
		c := &r.Checks[i]
		if c.Status != Fail || slices.ContainsFunc(loud, func(f Finding) bool { return f.concerns(c.ID) }) {
			continue
		}
		if at := slices.IndexFunc(muted, func(f Finding) bool {
			return f.concerns(c.ID) || strings.Contains(c.Reason, "follows from "+f.Code+")")
		}); at >= 0 {
			c.Status, c.Reason = Skip, muted[at].Code+" is muted: "+muted[at].Muted
		}
	}
	r.Pairs = slices.Clone(r.Pairs)
	for i := range r.Pairs {
		r.Pairs[i].mute(loud, muted)
	}
	judged := r.Status == Misconfigured && !r.Interrupted
	r.conclude()
	if judged && r.Status == Inconclusive {
		r.Status = Healthy // what was not judged follows from what is muted
	}
}

// mute takes out of a pair what is muted. Where nothing is left that counts, the
// pair is healthy if its download arrived.
func (p *Pair) mute(loud, muted []Finding) {
	among := func(list []Finding, s Shown) int {
		return slices.IndexFunc(list, func(f Finding) bool {
			return f.Code == s.Code && (f.Location == nil) == (s.Location == nil) && (s.Location == nil || *f.Location == *s.Location)
		})
	}
	reason, counts := "", false
	left := []Shown{}
	for _, s := range p.Findings {
		if at := among(muted, s); at >= 0 && among(loud, s) < 0 {
			reason = muted[at].Code + " is muted: " + muted[at].Muted
			continue
		}
		left, counts = append(left, s), counts || s.Severity.AtLeast(Warning)
	}
	if p.Findings = left; reason == "" || counts || p.Status != Misconfigured {
		return
	}
	p.Status, p.Culprit, p.Reason = Inconclusive, PartNone, reason
	if p.Delivered {
		p.Status = Healthy
	}
}

// Drop takes out the findings that another report tells already.
func (r *Report) Drop(told func(Finding) bool) {
	left := slices.DeleteFunc(slices.Clone(r.Findings), told)
	if len(left) == len(r.Findings) {
		return
	}
	r.Findings = left
	r.conclude()
}

// Keep leaves out the findings for which keep is false, as if nobody had looked
// for them: a check that fails by such findings alone is skipped, for the
// reason given.
func (r *Report) Keep(keep func(Finding) bool, reason string) {
	kept := slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return !keep(f) })
	r.Checks = slices.Clone(r.Checks)
	for i := range r.Checks {
		c := &r.Checks[i]
		follows := func(f Finding) bool {
			return f.concerns(c.ID) || strings.Contains(c.Reason, "follows from "+f.Code+")")
		}
		if c.Status == Fail && !slices.ContainsFunc(kept, follows) {
			c.Status, c.Reason = Skip, reason
		}
	}
	r.Findings = kept
	r.conclude()
}

// concerns says that a check fails with the finding.
func (f Finding) concerns(check string) bool { return f.Check == check && f.Severity.AtLeast(Warning) }

// conclude gives the verdict that follows from checks and findings.
func (r *Report) conclude() {
	r.Status, r.Culprit = Healthy, PartNone
	for _, c := range r.Checks {
		if c.Status == Unknown || c.Status == Fail {
			r.Status = Inconclusive
		}
	}
	if r.Interrupted {
		r.Status = Inconclusive
	}
	for _, f := range r.Findings {
		if f.Counts(Warning) {
			r.Status, r.Culprit = Misconfigured, f.Culprit
			break
		}
	}
}

// Counts says that a finding has a severity or a higher one, and is not muted.
func (f Finding) Counts(s Severity) bool { return f.Muted == "" && f.Severity.AtLeast(s) }

// Fingerprint tells a finding from others of other runs: by its code, and the
// directive and the file that it is about. name gives the name that a file has
// there. Where in the file the directive stands does not count, so that it
// stays the same when lines are added above it.
func (f Finding) Fingerprint(name func(file string) string) string {
	parts := []string{f.Code}
	if f.Location != nil {
		parts = append(parts, name(f.Location.File), strings.Join(strings.Fields(f.Location.Text), " "))
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}
