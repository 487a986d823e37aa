package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// writeText writes the report for people at a terminal: the verdict, the path
// of a download with the broken link marked, the root cause with its evidence
// and its fix, what else was found, the checks.
func writeText(w io.Writer, rep diag.Report, o Options) error {
	p := newPage(w, o)
	p.report(neutral(rep))
	_, err := io.WriteString(w, p.String())
	return err
}

// writeTexts writes several reports, and at the end, where it is seen on a
// terminal, the verdict on each.
func writeTexts(w io.Writer, reps []diag.Report, o Options) error {
	if err := eachOf(writeText)(w, reps, o); err != nil || len(reps) < 2 {
		return err
	}
	p := newPage(w, o)
	p.heading(fmt.Sprintf("%d stacks: %s", len(reps), tally(reps)))
	for _, rep := range reps {
		p.verdict(neutral(rep))
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// narrowest is the least width that a page is written for.
const narrowest = 24

// page collects lines of text.
type page struct {
	width int
	out   strings.Builder

	plain, bold, faint            lipgloss.Style
	good, bad, warning, undecided lipgloss.Style
	note                          lipgloss.Style
}

// newPage prepares an empty page. The colours are the terminal's own sixteen,
// so that they suit its background.
func newPage(w io.Writer, o Options) *page {
	profile := termenv.Ascii
	if o.Color {
		profile = termenv.ANSI
	}
	r := lipgloss.NewRenderer(w, termenv.WithProfile(profile))
	r.SetColorProfile(profile)
	color := func(c string) lipgloss.Style { return r.NewStyle().Bold(true).Foreground(lipgloss.Color(c)) }
	return &page{
		width: min(max(cmp.Or(o.Width, 80), narrowest), 120),
		plain: r.NewStyle(), bold: r.NewStyle().Bold(true), faint: r.NewStyle().Faint(true),
		good: color("2"), bad: color("1"), warning: color("3"), undecided: color("3"), note: color("6"),
	}
}

func (p *page) String() string { return p.out.String() }

// line writes one line.
func (p *page) line(text string) {
	p.out.WriteString(strings.TrimRight(text, " "))
	p.out.WriteByte('\n')
}

// para writes a text, wrapped, each line indented and in a style.
func (p *page) para(indent int, style lipgloss.Style, text string) {
	p.item(indent, "", style, text)
}

// item writes a text, wrapped, behind a mark that its further lines are
// indented by.
func (p *page) item(indent int, mark string, style lipgloss.Style, text string) {
	margin := strings.Repeat(" ", indent)
	hang := lipgloss.Width(mark)
	for _, l := range wrap(text, p.width-indent-hang) {
		p.line(margin + mark + style.Render(l))
		mark = strings.Repeat(" ", hang)
	}
}

// heading starts a section.
func (p *page) heading(title string) {
	rule := strings.Repeat("─", max(2, p.width-4-lipgloss.Width(title)))
	p.line("")
	p.line(p.faint.Render("──") + " " + p.bold.Render(title) + " " + p.faint.Render(rule))
}

func (p *page) report(rep diag.Report) {
	p.verdict(rep)
	if rep.Pairs == nil {
		p.line("")
		p.picture(rep)
	}
	p.pairs(rep)

	var faults, notes []diag.Finding
	for _, f := range rep.Findings {
		if f.Counts(diag.Warning) {
			faults = append(faults, f)
		} else {
			notes = append(notes, f)
		}
	}
	if len(faults) > 0 {
		p.heading("Root cause")
		p.finding(faults[0])
		faults = faults[1:]
	}
	if len(faults) > 0 {
		p.heading("Also found")
		for _, f := range faults {
			p.furtherFinding(f)
		}
	}
	if len(notes) > 0 {
		p.heading("Worth knowing")
		for _, f := range notes {
			p.noteFinding(f)
		}
	}
	p.changes(rep)
	if len(rep.Pairs) <= 1 {
		p.checks(rep)
	}
	p.line("")
	p.learnMore(rep)
}

// verdict writes the verdict in one line.
func (p *page) verdict(rep diag.Report) {
	name := ""
	if rep.Stack.Name != "" {
		name = oneLine(rep.Stack.Name) + ": "
	}
	switch rep.Status {
	case diag.Healthy:
		p.item(0, p.good.Render("✓")+" ", p.good, name+healthyBecause(rep))
	case diag.Misconfigured:
		text, style := name+string(rep.Culprit)+" misconfigured", p.bad
		if len(rep.Findings) > 0 {
			text += ": " + oneLine(rep.Findings[0].Title)
			style = p.severity(rep.Findings[0].Severity)
		}
		p.item(0, style.Render("✗")+" ", style, text)
	default:
		p.item(0, p.undecided.Render("?")+" ", p.undecided, name+string(rep.Status)+": "+undecidedBecause(rep))
	}
}

// undecidedBecause says in a few words why there is no verdict.
func undecidedBecause(rep diag.Report) string {
	if rep.Interrupted {
		return "the run was interrupted"
	}
	if len(rep.Pairs) > 0 {
		return fmt.Sprintf("%d of %s could not be judged, the reasons stand below", count(rep.Pairs, diag.Inconclusive), ways(len(rep.Pairs)))
	}
	unknown := 0
	for _, c := range rep.Checks {
		switch {
		case c.ID == legEndToEnd && c.Status == diag.Fail:
			return "the download does not arrive, and what was observed does not tell why"
		case c.Status == diag.Unknown, c.Status == diag.Fail:
			unknown++
		}
	}
	if unknown == 0 {
		return "the run did not come to its end"
	}
	return fmt.Sprintf("%d of %d checks could not be judged, the reasons stand below", unknown, len(rep.Checks))
}

// learnMore writes the last line. The command stays whole, so that it can be
// copied.
func (p *page) learnMore(rep diag.Report) {
	what, command := "All that is looked for:", "proxydiag explain"
	if len(rep.Findings) > 0 {
		what, command = "Learn more:", command+" "+oneLine(rep.Findings[0].Code)
	}
	if lipgloss.Width(what+" "+command) > p.width {
		p.line(what)
		p.line(p.bold.Render(command))
		return
	}
	p.line(what + " " + p.bold.Render(command))
}
