package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// writeGitHub writes the findings as workflow commands, which GitHub shows at
// the lines of the files
// (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).
func writeGitHub(w io.Writer, rep diag.Report, o Options) error {
	rep = neutral(rep)
	var b strings.Builder
	for _, f := range rep.Findings {
		if f.Muted != "" {
			continue
		}
		at := ""
		if l := f.Location; l != nil {
			at = o.githubPlace(rep, *l)
		}
		fmt.Fprintf(&b, "::%s %stitle=%s::%s\n", githubCommand(f.Severity), at, githubProperty(f.Title+" ("+f.Code+")"),
			githubText(sentences(f.Detail, "Fix: "+f.Fix)))
	}
	b.WriteString(o.githubNotices(rep))
	switch rep.Status {
	case diag.Healthy:
		b.WriteString("::notice title=proxydiag::healthy\n")
	case diag.Inconclusive:
		fmt.Fprintf(&b, "::warning title=proxydiag could not judge::%s\n", githubText(undecidedBecause(rep)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// githubPlace are the properties that name a place. A file that lies outside of
// the repository is named as it is.
func (o Options) githubPlace(rep diag.Report, l diag.Location) string {
	text := fmt.Sprintf("file=%s,", githubProperty(o.fromTop(l.File)))
	if l.Line > 0 {
		at := spanOf(rep, l)
		text += fmt.Sprintf("line=%d,", at.line)
		if at.column > 0 {
			text += fmt.Sprintf("col=%d,", at.column)
		}
	}
	return text
}

func githubCommand(s diag.Severity) string {
	switch s {
	case diag.Error:
		return "error"
	case diag.Warning:
		return "warning"
	}
	return "notice"
}

var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubArgument = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// githubText escapes the text of a workflow command.
func githubText(s string) string { return githubData.Replace(s) }

// githubProperty escapes a property of a workflow command.
func githubProperty(s string) string { return githubArgument.Replace(s) }
