package gate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// merge makes one report of what the pairs showed. Equal causes are one
// finding, and a check has the worst of its outcomes.
func (o Options) merge(list []tried) diag.Report {
	rep := diag.Report{Version: diag.ReportVersion, Tool: o.Tool, Pairs: []diag.Pair{}, Status: diag.Inconclusive, Culprit: diag.PartNone}
	if o.Config != nil {
		rep.Source = &o.Config.Source
	}
	healthy, judged := 0, 0
	for _, t := range list {
		pair := diag.Pair{Via: t.Via.Name, To: t.To.Name, Status: diag.Inconclusive, Culprit: diag.PartNone, Findings: []diag.Shown{}, Reason: t.Untried}
		if t.record != nil {
			judged++
			one, reason := o.judge(t)
			pair.Status, pair.Culprit = one.Status, one.Culprit
			pair.Delivered = diag.NewView(t.record.Stack, t.record).Delivered() && !one.Interrupted
			for _, f := range one.Findings {
				pair.Findings = append(pair.Findings, diag.Shown{Code: f.Code, Severity: f.Severity, Location: f.Location})
			}
			if one.Status == diag.Inconclusive {
				pair.Reason = reason
			}
			if one.Status == diag.Healthy {
				healthy++
			}
			add(&rep, one, t.String())
		}
		rep.Pairs = append(rep.Pairs, pair)
	}
	for i := range rep.Findings {
		if len(rep.Findings[i].Pairs) == judged {
			rep.Findings[i].Pairs = nil // all of them
		}
	}
	madeUp := len(list) > 0 && list[0].MadeUp
	if healthy > 0 && (madeUp || healthy == len(list)) && !rep.Interrupted {
		rep.Status = diag.Healthy
	}
	conclude(&rep)
	return rep
}

// conclude puts the most severe findings first, which give the verdict.
func conclude(rep *diag.Report) {
	slices.SortStableFunc(rep.Findings, func(a, b diag.Finding) int {
		return cmp.Compare(weight(b.Severity), weight(a.Severity))
	})
	if i := slices.IndexFunc(rep.Findings, func(f diag.Finding) bool { return f.Counts(diag.Warning) }); i >= 0 {
		rep.Status, rep.Culprit = diag.Misconfigured, rep.Findings[i].Culprit
	}
}

// dependsOnIntent is why a check is not judged where the handoff is made up.
const dependsOnIntent = "whether it is a fault depends on what is meant: say it with --storage, --sendfile and --path"

// judge is the verdict on one pair, and why there is none. Where its handoff is
// made up only what is wrong whatever is meant counts, and a download that does
// not arrive for another reason decides nothing.
func (o Options) judge(t tried) (rep diag.Report, reason string) {
	rep = all.Judge(t.record)
	reason = undecided(rep)
	if !t.MadeUp {
		return rep, reason
	}
	broken := slices.IndexFunc(rep.Findings, func(f diag.Finding) bool {
		some := f.Check == "names" // only of them: the application may write those otherwise
		return f.Severity == diag.Error && f.Culprit == diag.PartHandoff && !some && !o.counts(f)
	})
	if first := max(broken, 0); len(rep.Findings) > 0 && !o.counts(rep.Findings[first]) {
		reason = rep.Findings[first].Title + " (" + rep.Findings[first].Code + "): " + dependsOnIntent
	}
	rep.Keep(o.counts, dependsOnIntent)
	if rep.Status != diag.Misconfigured {
		rep.Status = diag.Inconclusive
		if broken < 0 && diag.NewView(t.record.Stack, t.record).Delivered() && !rep.Interrupted {
			rep.Status = diag.Healthy
		}
	}
	return rep, reason
}

// counts says that a finding holds whatever the user means. Where the folders
// are the real ones, so is what they and their modes show.
func (o Options) counts(f diag.Finding) bool {
	if o.RealStorage && (f.Culprit == diag.PartStorage || strings.HasSuffix(f.Code, "-permission-denied") || strings.HasSuffix(f.Code, "-symlink-refused")) {
		return true
	}
	return !f.Depends && slices.ContainsFunc(all.Rules(), func(r diag.Rule) bool { return r.Code == f.Code && r.Anyway })
}

// read adds what the configuration alone shows and is wrong whatever is meant:
// also of the ways that could not be tried.
func (o Options) read(rep *diag.Report) {
	record := &diag.Record{Version: diag.RecordVersion, Tool: o.Tool, Config: o.Config}
	rules := slices.DeleteFunc(slices.Clone(o.Kind.Rules), func(r diag.Rule) bool { return !r.Static || !r.Anyway })
	for _, f := range diag.Judge(record, rules, nil).Findings {
		if o.counts(f) && !slices.ContainsFunc(rep.Findings, func(known diag.Finding) bool { return same(known, f) }) {
			rep.Findings = append(rep.Findings, f)
		}
	}
	conclude(rep)
}

// undecided says why a pair that was tried is not judged.
func undecided(rep diag.Report) string {
	for _, c := range rep.Checks {
		if c.Reason != "" && (c.Status == diag.Fail || c.Status == diag.Unknown) {
			return c.Title + ": " + c.Reason
		}
	}
	return "not enough could be observed"
}

// add adds what one pair showed to the report on all.
func add(rep *diag.Report, one diag.Report, pair string) {
	for _, f := range one.Findings {
		i := slices.IndexFunc(rep.Findings, func(known diag.Finding) bool { return same(known, f) })
		if i < 0 {
			rep.Findings, i = append(rep.Findings, f), len(rep.Findings)
		} else if known := &rep.Findings[i]; !strings.Contains(known.Fix, f.Fix) {
			known.Fix += "\n" + f.Fix // it has other victims there
		}
		rep.Findings[i].Pairs = append(rep.Findings[i].Pairs, pair)
	}
	for _, c := range one.Checks {
		i := slices.IndexFunc(rep.Checks, func(d diag.CheckResult) bool { return d.ID == c.ID })
		if i < 0 {
			rep.Checks = append(rep.Checks, c)
			continue
		}
		known := &rep.Checks[i]
		known.DurationMS += c.DurationMS
		if rank(c.Status) > rank(known.Status) {
			known.Status, known.Reason = c.Status, c.Reason
		}
	}
	if rep.Started.IsZero() || one.Started.Before(rep.Started) {
		rep.Started = one.Started
	}
	rep.DurationMS = max(rep.DurationMS, one.DurationMS)
	rep.Interrupted = rep.Interrupted || one.Interrupted
}

// same says that two findings are one fault: of one code, at one place.
func same(a, b diag.Finding) bool {
	if a.Code != b.Code || (a.Location == nil) != (b.Location == nil) {
		return false
	}
	return a.Location == nil || *a.Location == *b.Location
}

// rank orders outcomes of a check, the worst last.
func rank(s diag.Status) int {
	return slices.Index([]diag.Status{diag.Skip, diag.Pass, diag.Unknown, diag.Fail}, s)
}

// weight orders severities, the most severe last.
func weight(s diag.Severity) int {
	return slices.Index([]diag.Severity{diag.Info, diag.Warning, diag.Error}, s)
}
