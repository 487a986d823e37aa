package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// writeMarkdown writes the report for job summaries, issues and merge requests:
// GitHub Flavored Markdown.
func writeMarkdown(w io.Writer, rep diag.Report, o Options) error {
	rep = neutral(rep)
	m := &markdown{root: o.Root}
	m.head(rep)
	m.pairs(rep)
	for i, f := range rep.Findings {
		m.finding(f, i == 0)
	}
	m.notices(rep.Notices)
	m.changes(rep.Changes)
	if len(rep.Pairs) <= 1 {
		m.checks(rep)
	}
	_, err := io.WriteString(w, m.String())
	return err
}

// markdown collects a page.
type markdown struct {
	strings.Builder
	root string
}

func (m *markdown) head(rep diag.Report) {
	mark, text := "❔", "inconclusive: "+undecidedBecause(rep)
	switch rep.Status {
	case diag.Healthy:
		mark, text = "✅", "healthy"
	case diag.Misconfigured:
		mark, text = "❌", string(rep.Culprit)+" misconfigured"
		if len(rep.Findings) > 0 {
			text += ": " + oneLine(rep.Findings[0].Title)
		}
	}
	name := "proxydiag"
	if rep.Stack.Name != "" {
		name = oneLine(rep.Stack.Name)
	}
	fmt.Fprintf(m, "## %s %s: %s\n", mark, markdownText(name), markdownText(text))
	if rep.Stack.Proxy != "" {
		fmt.Fprintf(m, "\nProxy %s · backend %s · storage %s\n",
			markdownCode(string(rep.Stack.Proxy)), markdownCode(string(rep.Stack.Backend)), markdownCode(rep.Stack.Storage))
	}
}

// finding writes one finding; only the first one shows all its evidence.
func (m *markdown) finding(f diag.Finding, first bool) {
	fmt.Fprintf(m, "\n### %s: %s\n\n%s, %s", f.Severity, markdownText(oneLine(f.Title)), markdownCode(f.Code), f.Culprit)
	if f.Symptom != "" {
		fmt.Fprintf(m, ", seen as %s", markdownCode(f.Symptom))
	}
	if f.Muted != "" {
		fmt.Fprintf(m, ", muted: %s", markdownText(oneLine(f.Muted)))
	}
	fmt.Fprintf(m, "\n\n%s\n", markdownProse(sentences(f.Detail, of(f))))
	if l := f.Location; l != nil {
		fmt.Fprintf(m, "\n%s:\n\n%s", markdownCode(fmt.Sprintf("%s:%d", relative(m.root, l.File), l.Line)), markdownBlock(l.Text))
	}
	for _, e := range f.Evidence {
		m.rows(e.Rows)
	}
	if first {
		m.evidence(f.Evidence)
	}
	if f.Fix != "" {
		fmt.Fprintf(m, "\n**Fix:** %s\n", markdownProse(f.Fix))
	}
	m.related("What follows from it", f.Consequences)
	m.related("If it is not that, it may be", f.Possible)
}

func (m *markdown) rows(rows []diag.Row) {
	if len(rows) == 0 {
		return
	}
	m.WriteString("\n| | backend | proxy | expected | meaning |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(m, "| %s | %s | %s | %s | %s |\n", markdownCell(r.Field), markdownCell(r.Backend), markdownCell(r.Proxy),
			markdownCell(r.Expected), markdownCell(r.Meaning))
	}
}

func (m *markdown) evidence(list []diag.Evidence) {
	if !hasMore(list) {
		return
	}
	m.WriteString("\n<details><summary>Evidence</summary>\n\n")
	for _, e := range list {
		if len(e.Rows) > 0 {
			continue
		}
		fmt.Fprintf(m, "- %s: %s\n", e.Kind, markdownText(oneLine(e.Text)))
		for _, l := range e.Lines {
			fmt.Fprintf(m, "  - %s %s\n", markdownCode(fmt.Sprintf("%s:%d", relative(m.root, l.File), l.Line)), markdownCode(oneLine(l.Text)))
		}
	}
	m.WriteString("\n</details>\n")
}

func (m *markdown) related(heading string, list []diag.Consequence) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(m, "\n%s:\n\n", heading)
	for _, c := range list {
		fmt.Fprintf(m, "- %s (%s)\n", markdownText(oneLine(c.Title)), markdownCode(c.Code))
	}
}

func (m *markdown) checks(rep diag.Report) {
	if len(rep.Checks) == 0 {
		return
	}
	m.WriteString("\n### Checks\n\n| | check | question | reason |\n|---|---|---|---|\n")
	for _, c := range rep.Checks {
		fmt.Fprintf(m, "| %s | %s | %s | %s |\n", markdownMarks[string(c.Status)], markdownCell(c.ID), markdownCell(c.Title), markdownCell(c.Reason))
	}
}

var markdownMarks = map[string]string{"pass": "✅ pass", "fail": "❌ fail", "skip": "➖ skip", "unknown": "❔ unknown"}

// Doc is the documentation of a code in Markdown: what it means, the fix,
// before and after, the source of its facts.
func Doc(d diag.Doc) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n**Fix:** %s\n", markdownProse(d.Text), markdownProse(d.Fix))
	for _, part := range []struct{ title, text string }{{"Before", d.Before}, {"After", d.After}} {
		if part.text != "" {
			fmt.Fprintf(&b, "\n%s:\n\n%s", part.title, markdownBlock(part.text))
		}
	}
	if d.Source != "" {
		fmt.Fprintf(&b, "\nSource: %s\n", markdownText(d.Source))
	}
	return b.String()
}

var markdownEscapes = func() *strings.Replacer {
	var pairs []string
	for _, c := range "\\`*_{}[]<>#|~&" {
		pairs = append(pairs, string(c), "\\"+string(c))
	}
	return strings.NewReplacer(pairs...)
}()

// markdownText escapes what Markdown would take for marks (GitHub Flavored
// Markdown section 6.1).
func markdownText(s string) string { return markdownEscapes.Replace(s) }

// markdownProse is markdownText for a text of ours, with its code as code spans.
func markdownProse(s string) string {
	var b strings.Builder
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, p := range pieces(line) {
			if p.Code {
				b.WriteString(markdownCode(p.Text))
			} else {
				b.WriteString(markdownText(p.Text))
			}
		}
	}
	return b.String()
}

// markdownCell is markdownText for a cell of a table.
func markdownCell(s string) string { return markdownText(oneLine(s)) }

// markdownCode is a code span: its fence is longer than any run of backticks in it.
func markdownCode(s string) string {
	s = oneLine(s)
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || s == "" {
		s = " " + s + " "
	}
	return fence + s + fence
}

// markdownBlock is a fenced code block.
func markdownBlock(s string) string {
	fence := strings.Repeat("`", max(3, longestRun(s, '`')+1))
	return fence + "\n" + strings.TrimRight(s, "\n") + "\n" + fence + "\n"
}

func longestRun(s string, c rune) int {
	longest, run := 0, 0
	for _, r := range s {
		if r == c {
			run++
		} else {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}
