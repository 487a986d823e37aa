package report

import (
	"io"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// home is where the tool is at home.
const home = "https://github.com/proxydiag/proxydiag"

// stackFile is the file that stacks are described in.
const stackFile = "proxydiag.yaml"

// writeSARIF writes the findings as SARIF 2.1.0 (OASIS Standard): a result a
// finding, at its place in the user's files, and the documentation of each
// code found as a rule. All stacks are one run: code scanning refuses files
// with several runs of one tool
// (https://github.blog/changelog/2025-07-21-code-scanning-will-stop-combining-multiple-sarif-runs-uploaded-in-the-same-sarif-file/).
func writeSARIF(w io.Writer, reps []diag.Report, o Options) error {
	log, run := sarif.NewReport(), sarif.NewRunWithInformationURI("proxydiag", home).WithColumnKind("unicodeCodePoints")
	run.WithResults([]*sarif.Result{})
	for i := range reps {
		rep := neutral(reps[i])
		run.Tool.Driver.WithVersion(rep.Tool.Version)
		o.sarifResults(run, rep, len(reps) > 1)
	}
	o.sarifNotices(run, reps)
	log.AddRun(run)
	return JSON(w, log)
}

// sarifResults adds the findings about one stack, which has a name where
// several are told.
func (o Options) sarifResults(run *sarif.Run, rep diag.Report, several bool) {
	asked := rep.Stack.Proxy != "" && rep.Pairs == nil
	for _, f := range rep.Findings {
		o.sarifRule(run, f)
		title, fingerprint := f.Title+".", f.Fingerprint(o.Named)
		if several && asked {
			title = oneLine(rep.Stack.Name) + ": " + title
		}
		if asked && f.Location == nil && rep.Stack.Name != "" { // the same fault of another stack is another one
			fingerprint += "-" + oneLine(rep.Stack.Name)
		}
		result := run.CreateResultForRule(f.Code).WithLevel(sarifLevel(f.Severity)).
			WithMessage(sarif.NewTextMessage(sentences(title, f.Detail, "Fix: "+f.Fix))).
			AddLocation(o.sarifLocation(rep, f))
		result.PartialFingerprints = map[string]string{"proxydiag/v1": fingerprint}
		if f.Muted != "" {
			result.AddSuppression(sarif.NewSuppression().WithKind("external").WithJustification(f.Muted))
		}
		for _, e := range f.Evidence {
			for _, l := range e.Lines {
				if e.Kind == diag.EvidenceConfig && (f.Location == nil || l != *f.Location) {
					result.AddRelatedLocation(o.physical(rep, l).WithMessage(sarif.NewTextMessage(e.Text)))
				}
			}
		}
	}
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

// sarifLocation is where a finding is. Where no file is known it is the
// configuration that was read or, after a run, the guilty part of the stack and
// the file that describes stacks: code scanning refuses results without a file.
func (o Options) sarifLocation(rep diag.Report, f diag.Finding) *sarif.Location {
	switch {
	case f.Location != nil:
		return o.physical(rep, *f.Location)
	case (rep.Stack.Proxy == "" || rep.Pairs != nil) && rep.Source != nil && len(rep.Source.Roots) > 0:
		return o.physical(rep, diag.Location{File: Visible(rep.Source.Roots[0])})
	}
	part := sarif.NewLogicalLocation().WithName(string(f.Culprit)).WithKind("module")
	if rep.Stack.Name != "" {
		part.WithFullyQualifiedName(oneLine(rep.Stack.Name) + "/" + string(f.Culprit))
	}
	return o.physical(rep, diag.Location{File: stackFile}).AddLogicalLocation(part)
}

func (o Options) physical(rep diag.Report, l diag.Location) *sarif.Location {
	at := spanOf(rep, l)
	region := sarif.NewRegion().WithStartLine(at.line)
	if at.column > 0 {
		region.WithStartColumn(at.column)
	}
	if at.endColumn > 0 {
		region.WithEndLine(at.endLine).WithEndColumn(at.endColumn)
	}
	return sarif.NewLocationWithPhysicalLocation(sarif.NewPhysicalLocation().
		WithArtifactLocation(sarif.NewSimpleArtifactLocation(o.uri(l.File))).WithRegion(region))
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
