package report

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// checks lists the checks with their outcomes.
func (p *page) checks(rep diag.Report) {
	if len(rep.Checks) == 0 {
		return
	}
	title := "Checks"
	if d := duration(rep.DurationMS); d != "" {
		title += ", " + d
	}
	p.heading(title)
	ids, times := 0, 0
	for _, c := range rep.Checks {
		ids = max(ids, lipgloss.Width(c.ID))
		times = max(times, lipgloss.Width(duration(c.DurationMS)))
	}
	for i, c := range rep.Checks {
		if i > 0 && c.Reason != "" && c.Reason == rep.Checks[i-1].Reason && c.Status == rep.Checks[i-1].Status {
			c.Reason = "as above"
		}
		p.check(c, ids, times)
	}
}

// check writes one check: outcome, id, the question, how long it took, and
// the reason where it did not pass.
func (p *page) check(c diag.CheckResult, ids, times int) {
	m := markOf(c.Status)
	head := "  " + p.style(m).Render(pad(m.Symbol+" "+m.Word, len("? unknown"))) + " "
	id, style := pad(c.ID, ids), p.plain
	if c.Status == diag.Skip {
		style = p.faint
	}
	hang := lipgloss.Width(head)
	if p.width >= sideBySide {
		head += style.Render(id) + "  "
		hang += ids + 2
		lines := wrap(c.Title, p.width-hang-times-1)
		for i, l := range lines {
			time := ""
			if i == 0 {
				time = fmt.Sprintf("%*s", times, duration(c.DurationMS))
			}
			p.line(head + style.Render(pad(l, p.width-hang-times-1)) + " " + p.faint.Render(time))
			head = strings.Repeat(" ", hang)
		}
	} else {
		p.narrowCheck(c, head, style.Render(id)+"  "+p.faint.Render(duration(c.DurationMS)))
	}
	if c.Reason != "" {
		p.item(hang, p.style(m).UnsetBold().Render("→")+" ", p.faint, c.Reason)
	}
}

// narrowCheck writes the id and the duration behind head, and on the narrowest
// pages the id alone, below it where it has to be.
func (p *page) narrowCheck(c diag.CheckResult, head, whole string) {
	switch {
	case lipgloss.Width(strings.TrimRight(head+whole, " ")) <= p.width:
		p.line(head + whole)
	case lipgloss.Width(head+c.ID) <= p.width:
		p.line(head + c.ID)
	default:
		p.line(head)
		p.para(4, p.plain, c.ID)
	}
}

// duration writes milliseconds for people, "" for none.
func duration(ms float64) string {
	switch {
	case ms <= 0:
		return ""
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f s", ms/1000)
}
