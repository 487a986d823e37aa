package report

import (
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// sideBySide is the narrowest page on which a comparison has columns.
const sideBySide = 60

// table writes a comparison: what both ports say, what is expected, and below
// what the differences mean.
func (p *page) table(e diag.Evidence) {
	if len(e.Rows) == 0 {
		return
	}
	p.line("")
	if e.Text != "" {
		p.para(2, p.plain, strings.TrimSuffix(e.Text, ":")+":")
	}
	if p.width < sideBySide {
		p.stacked(e.Rows)
	} else {
		p.columns(e.Rows)
	}
	for _, r := range e.Rows {
		if r.Meaning != "" {
			p.item(4, "· ", p.plain, r.Field+": "+r.Meaning)
		}
	}
}

// cells are the columns of a comparison, without ports that say nothing.
func cells(rows []diag.Row) (header []string, body [][]string) {
	all := [][]string{{"", "backend port", "proxy port", "expected"}}
	for _, r := range rows {
		all = append(all, []string{r.Field, r.Backend, r.Proxy, r.Expected})
	}
	body = make([][]string, len(rows))
	for column := range all[0] {
		said := column == 0
		for _, row := range all[1:] {
			said = said || row[column] != ""
		}
		if !said {
			continue
		}
		header = append(header, all[0][column])
		for i, row := range all[1:] {
			cell := row[column]
			if cell == "" {
				cell = "—"
			}
			body[i] = append(body[i], cell)
		}
	}
	return header, body
}

func (p *page) columns(rows []diag.Row) {
	header, body := cells(rows)
	widths := columnWidths(append([][]string{header}, body...), p.width-4-3*(len(header)-1))
	p.row(header, widths, p.faint)
	var rules []string
	for _, w := range widths {
		rules = append(rules, strings.Repeat("─", w))
	}
	p.line("    " + p.faint.Render(strings.Join(rules, "─┼─")))
	for _, r := range body {
		p.row(r, widths, p.plain)
	}
}

// row writes one row, as many lines high as its highest cell.
func (p *page) row(row []string, widths []int, style lipgloss.Style) {
	var wrapped [][]string
	height := 0
	for i, cell := range row {
		wrapped = append(wrapped, wrap(cell, widths[i]))
		height = max(height, len(wrapped[i]))
	}
	for n := range height {
		var line []string
		for i, cell := range wrapped {
			text := ""
			if n < len(cell) {
				text = cell[n]
			}
			s := style
			if i == 0 {
				s = p.bold
			}
			line = append(line, s.Render(pad(text, widths[i])))
		}
		p.line("    " + strings.Join(line, p.faint.Render(" │ ")))
	}
}

// columnWidths shares the columns of a page: each column gets what it needs as
// long as that is no more than its share, the others share what is left.
func columnWidths(rows [][]string, width int) []int {
	need := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			for line := range strings.Lines(cell) {
				need[i] = max(need[i], lipgloss.Width(strings.TrimRight(line, "\n")))
			}
		}
	}
	widths := make([]int, len(need))
	for open := len(need); open > 0; {
		share, settled := width/open, false
		for i, n := range need {
			if widths[i] == 0 && n <= share {
				widths[i], settled = max(n, 1), true
				width -= widths[i]
				open--
			}
		}
		if settled {
			continue
		}
		for i := range widths {
			if widths[i] == 0 {
				widths[i] = share
			}
		}
		break
	}
	return widths
}

// stacked writes a comparison for narrow pages: one below the other.
func (p *page) stacked(rows []diag.Row) {
	header, body := cells(rows)
	for _, r := range body {
		p.para(4, p.bold, r[0])
		for i, cell := range r[1:] {
			p.item(6, p.faint.Render(pad(header[i+1], len("backend port")))+"  ", p.plain, cell)
		}
	}
}
