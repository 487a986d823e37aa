package report

import (
	"io"
	"unicode/utf8"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// home is where the tool is at home.
const home = "https://github.com/proxydiag/proxydiag"

// writeSARIF writes the findings as SARIF 2.1.0 (OASIS Standard): a run a
// stack, a result a finding, at its place in the user's files, and the
// documentation of each code found as a rule.
func writeSARIF(w io.Writer, reps []diag.Report, o Options) error {
	log := sarif.NewReport()
	for _, rep := range reps {
		log.AddRun(o.sarifRun(neutral(rep)))
	}
	return JSON(w, log)
}

func (o Options) sarifRun(rep diag.Report) *sarif.Run {
	run := sarif.NewRunWithInformationURI("proxydiag", home).WithColumnKind("unicodeCodePoints")
	run.Tool.Driver.WithVersion(rep.Tool.Version)
	run.WithResults([]*sarif.Result{})
	if rep.Stack.Name != "" { // tells the runs of several stacks apart
		run.WithAutomationDetails(sarif.NewRunAutomationDetails().WithID("proxydiag/" + oneLine(rep.Stack.Name)))
	}
	for _, f := range rep.Findings {
		o.sarifRule(run, f)
		result := run.CreateResultForRule(f.Code).WithLevel(sarifLevel(f.Severity)).
			WithMessage(sarif.NewTextMessage(sentences(f.Title+".", f.Detail, "Fix: "+f.Fix))).
			AddLocation(o.sarifLocation(f))
		result.PartialFingerprints = map[string]string{"proxydiag/v1": f.Fingerprint(o.Named)}
		if f.Muted != "" {
			result.AddSuppression(sarif.NewSuppression().WithKind("external").WithJustification(f.Muted))
		}
		for _, e := range f.Evidence {
			for _, l := range e.Lines {
				if e.Kind == diag.EvidenceConfig && (f.Location == nil || l != *f.Location) {
					result.AddRelatedLocation(o.physical(l).WithMessage(sarif.NewTextMessage(e.Text)))
				}
			}
		}
	}
	o.sarifNotices(run, rep)
	return run
}

// sarifRule adds a code's documentation to a run.
func (o Options) sarifRule(run *sarif.Run, f diag.Finding) {
	rule := run.AddRule(f.Code)
	if rule.ShortDescription != nil {
		return
	}
	rule.WithDescription(f.Title)
	doc, ok := o.doc(f.Code)
	if !ok {
		return
	}
	help := sentences(doc.Text, "Fix: "+doc.Fix)
	rule.WithDescription(doc.Title).
		WithFullDescription(sarif.NewMultiformatMessageString().WithText(doc.Text)).
		WithHelp(sarif.NewMultiformatMessageString().WithText(help).WithMarkdown(Doc(doc))).
		WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(sarifLevel(doc.Severity)))
}

// sarifLocation is where a finding is: in a file, or, where no file is known, in
// a part of the stack.
func (o Options) sarifLocation(f diag.Finding) *sarif.Location {
	if f.Location != nil {
		return o.physical(*f.Location)
	}
	return sarif.NewLocation().AddLogicalLocation(sarif.NewLogicalLocation().WithIndex(-1).WithParentIndex(-1).
		WithName(string(f.Culprit)).WithKind("module"))
}

func (o Options) physical(l diag.Location) *sarif.Location {
	region := sarif.NewRegion().WithStartLine(max(l.Line, 1)).WithStartColumn(max(l.Column, 1)).
		WithEndColumn(max(l.Column, 1) + utf8.RuneCountInString(l.Text))
	return sarif.NewLocationWithPhysicalLocation(sarif.NewPhysicalLocation().
		WithArtifactLocation(sarif.NewSimpleArtifactLocation(uri(o.Root, l.File))).WithRegion(region))
}

func sarifLevel(s diag.Severity) string {
	switch s {
	case diag.Error:
		return sarif.LevelError
	case diag.Warning:
		return sarif.LevelWarning
	}
	return sarif.LevelNote
}
