package report

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// finding writes a finding with all that is known about it.
func (p *page) finding(f diag.Finding) {
	p.line("")
	p.title(f)
	if f.Detail != "" {
		p.line("")
		p.para(2, p.plain, f.Detail)
	}
	if text := of(f); text != "" {
		p.para(2, p.faint, text)
	}
	p.location(f.Location)
	for _, e := range f.Evidence {
		p.table(e)
	}
	if hasMore(f.Evidence) {
		p.subheading("Evidence")
		for _, e := range f.Evidence {
			p.evidence(e)
		}
	}
	if f.Fix != "" {
		p.subheading("Fix")
		p.para(4, p.plain, f.Fix)
	}
	p.related("What follows from it", f.Consequences)
	p.related("If it is not that, it may be", f.Possible)
}

// related lists findings that belong to another one.
func (p *page) related(heading string, list []diag.Consequence) {
	if len(list) == 0 {
		return
	}
	p.subheading(heading)
	for _, c := range list {
		p.item(4, "· ", p.plain, oneLine(c.Title)+" ("+c.Code+")")
	}
}

// furtherFinding writes a finding that is not the root cause: evidence other
// than comparisons is left to the other formats.
func (p *page) furtherFinding(f diag.Finding) {
	p.line("")
	p.title(f)
	p.para(2, p.plain, f.Detail)
	if text := of(f); text != "" {
		p.para(2, p.faint, text)
	}
	p.location(f.Location)
	for _, e := range f.Evidence {
		p.table(e)
	}
	if f.Location != nil || hasTable(f.Evidence) {
		p.line("")
	}
	p.item(2, p.bold.Render("Fix:")+" ", p.plain, f.Fix)
	for _, c := range f.Consequences {
		p.item(2, p.bold.Render("So:")+"  ", p.plain, oneLine(c.Title)+" ("+c.Code+")")
	}
	for _, c := range f.Possible {
		p.item(2, p.bold.Render("Or:")+"  ", p.plain, oneLine(c.Title)+" ("+c.Code+")")
	}
}

// noteFinding writes a finding that is only worth knowing.
func (p *page) noteFinding(f diag.Finding) {
	title := oneLine(f.Title) + " (" + f.Code + ")"
	if f.Muted != "" {
		title += ": muted, " + oneLine(f.Muted)
	}
	p.item(2, p.note.Render("i")+" ", p.plain, title)
	p.para(4, p.faint, f.Detail)
}

// title writes severity, code and title.
func (p *page) title(f diag.Finding) {
	style := p.severity(f.Severity)
	code := f.Code
	if f.Symptom != "" {
		code += ", seen as " + f.Symptom
	}
	p.item(2, style.Render(string(f.Severity))+"  ", p.plain, code)
	p.para(2, p.bold, oneLine(f.Title))
}

func (p *page) severity(s diag.Severity) lipgloss.Style {
	switch s {
	case diag.Error:
		return p.bad
	case diag.Warning:
		return p.warning
	}
	return p.note
}

func (p *page) subheading(text string) {
	p.line("")
	p.para(2, p.bold, text)
}

// location writes the place of a fault: its line with a caret under the word
// that stands at the column. The location's text is the line as it is in the
// file, or what stands in it from the column on.
func (p *page) location(l *diag.Location) {
	if l == nil {
		return
	}
	p.line("")
	p.para(2, p.bold, place(*l))
	text := strings.TrimLeft(l.Text, " \t")
	at := 0
	if indent := len(l.Text) - len(text); indent > 0 {
		at = min(max(l.Column-1-indent, 0), len(text))
	}
	if text == "" {
		return
	}
	number := ""
	if l.Line > 0 {
		number = fmt.Sprint(l.Line)
	}
	before, marked, after := cut(text, at, p.width-len(number)-7)
	gutter := p.faint.Render(fmt.Sprintf("%s │", number))
	caret := strings.Repeat("^", max(1, lipgloss.Width(marked)))
	p.line("    " + gutter + " " + before + p.bad.Render(marked) + after)
	gutter = p.faint.Render(fmt.Sprintf("%*s │", len(number), ""))
	p.line("    " + gutter + " " + strings.Repeat(" ", lipgloss.Width(before)) + p.bad.Render(caret))
}

// cut parts a line into what stands before the marked word, the word, and what
// follows it, as much of them as goes into width columns.
func cut(line string, at, width int) (before, marked, after string) {
	line = strings.ToValidUTF8(line[:at], "") + "\x00" + strings.ToValidUTF8(line[at:], "")
	before, rest, _ := strings.Cut(strings.NewReplacer("\t", " ", "\n", " ").Replace(line), "\x00")
	if lipgloss.Width(before) > width/2 {
		before = "… "
	}
	marked, after, spaced := strings.Cut(rest, " ")
	if spaced {
		after = " " + after
	}
	marked = shorten(marked, width-lipgloss.Width(before))
	return before, marked, shorten(after, width-lipgloss.Width(before+marked))
}

// shorten cuts a text to width columns, with an ellipsis in place of the rest.
func shorten(text string, width int) string {
	if lipgloss.Width(text) <= width {
		return text
	}
	if width < 2 {
		return ""
	}
	columns := 0
	for i, r := range text {
		if columns += lipgloss.Width(string(r)); columns > width-1 {
			return text[:i] + "…"
		}
	}
	return text
}

// place is file, line and column as editors understand it.
func place(l diag.Location) string {
	text := oneLine(l.File)
	if l.Line > 0 {
		text += fmt.Sprintf(":%d", l.Line)
		if l.Column > 0 {
			text += fmt.Sprintf(":%d", l.Column)
		}
	}
	return text
}

// hasTable says that a comparison is among the evidence.
func hasTable(list []diag.Evidence) bool {
	for _, e := range list {
		if len(e.Rows) > 0 {
			return true
		}
	}
	return false
}

// hasMore says that there is evidence besides comparisons.
func hasMore(list []diag.Evidence) bool {
	for _, e := range list {
		if len(e.Rows) == 0 || len(e.Lines) > 0 {
			return true
		}
	}
	return false
}

// evidence writes what is not a comparison: a sentence and quoted lines.
func (p *page) evidence(e diag.Evidence) {
	if len(e.Rows) == 0 {
		p.item(4, "· ", p.plain, e.Text)
	}
	p.quote(e.Lines)
}

// quote writes lines of files, with their indentation against each other.
func (p *page) quote(lines []diag.Location) {
	indent, digits := -1, 0
	texts := make([]string, len(lines))
	for i, l := range lines {
		texts[i] = strings.ReplaceAll(l.Text, "\t", "    ")
		if own := leading(texts[i]); indent < 0 || own < indent {
			indent = own
		}
		digits = max(digits, len(fmt.Sprint(l.Line)))
	}
	file := ""
	for i, l := range lines {
		if l.File != "" && l.File != file {
			file = l.File
			p.para(6, p.faint, file)
		}
		gutter := "│ "
		if l.Line > 0 {
			gutter = fmt.Sprintf("%*d │ ", digits, l.Line)
		}
		own := min(leading(texts[i])-indent, p.width/4)
		p.item(6, p.faint.Render(gutter)+strings.Repeat(" ", own), p.plain, texts[i])
	}
}

// leading is the number of spaces that a text begins with.
func leading(text string) int { return len(text) - len(strings.TrimLeft(text, " ")) }
