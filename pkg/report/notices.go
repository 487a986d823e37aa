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
func (o Options) sarifNotices(run *sarif.Run, reps []diag.Report) {
	told := sarif.NewInvocation().WithExecutionSuccessful(true)
	for i := range reps {
		rep := neutral(reps[i])
		if len(rep.Notices) > 0 && rep.Status == diag.Inconclusive {
			told.WithExecutionSuccessful(false)
		}
		for _, p := range rep.Notices {
			level := sarif.LevelWarning
			if grave(p) {
				level = sarif.LevelError
			}
			n := sarif.NewNotification().WithLevel(level).WithMessage(sarif.NewTextMessage(p.Message))
			if !p.Pos.IsZero() {
				n.AddLocation(o.physical(rep, diag.Location{File: p.Pos.File, Line: p.Pos.Line, Column: p.Pos.Column}))
			}
			told.AddToolExecutionNotification(n)
		}
	}
	if len(told.ToolExecutionNotifications) > 0 {
		run.AddInvocation(told)
	}
}

// githubNotices are the notices as workflow commands.
func (o Options) githubNotices(rep diag.Report) string {
	var b strings.Builder
	for _, p := range rep.Notices {
		command := "warning"
		if grave(p) {
			command = "error"
		}
		at := ""
		if !p.Pos.IsZero() {
			at = o.githubPlace(rep, diag.Location{File: p.Pos.File, Line: p.Pos.Line, Column: p.Pos.Column})
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
