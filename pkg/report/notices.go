package report

import (
	"fmt"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// grave says that a notice is why there is no verdict.
func grave(p conf.Problem) bool {
	switch p.Kind {
	case conf.Missing, conf.Unreadable, conf.Doubtful:
		return false
	}
	return true
}

// sarifNotices adds what is to be told besides the findings: a tool's
// notifications about its own run (SARIF 2.1.0 section 3.20.21).
func (o Options) sarifNotices(run *sarif.Run, rep diag.Report) {
	if len(rep.Notices) == 0 {
		return
	}
	told := sarif.NewInvocation().WithExecutionSuccessful(rep.Status != diag.Inconclusive)
	for _, p := range rep.Notices {
		level := sarif.LevelWarning
		if grave(p) {
			level = sarif.LevelError
		}
		n := sarif.NewNotification().WithLevel(level).WithMessage(sarif.NewTextMessage(p.Message))
		if !p.Pos.IsZero() {
			n.AddLocation(o.physical(diag.Location{File: p.Pos.File, Line: p.Pos.Line, Column: p.Pos.Column}))
		}
		told.AddToolExecutionNotification(n)
	}
	run.AddInvocation(told)
}

// githubNotices are the notices as workflow commands.
func (o Options) githubNotices(list []conf.Problem) string {
	var b strings.Builder
	for _, p := range list {
		command, at := "warning", ""
		if grave(p) {
			command = "error"
		}
		if p.Pos.Line > 0 {
			at = fmt.Sprintf("file=%s,line=%d,col=%d,", githubProperty(o.Named(p.Pos.File)), p.Pos.Line, max(p.Pos.Column, 1))
		} else if !p.Pos.IsZero() {
			at = fmt.Sprintf("file=%s,", githubProperty(o.Named(p.Pos.File)))
		}
		fmt.Fprintf(&b, "::%s %stitle=proxydiag::%s\n", command, at, githubText(p.Message))
	}
	return b.String()
}

// notices are a list of them in Markdown.
func (m *markdown) notices(list []conf.Problem) {
	if len(list) == 0 {
		return
	}
	m.WriteString("\n### About the configuration\n\n")
	for _, p := range list {
		p.Pos.File = relative(m.root, p.Pos.File)
		if !p.Pos.IsZero() && p.Pos.File != "." {
			fmt.Fprintf(m, "- %s: ", markdownCode(p.Pos.String()))
		} else {
			m.WriteString("- ")
		}
		fmt.Fprintf(m, "%s\n", markdownText(oneLine(p.Message)))
	}
}
