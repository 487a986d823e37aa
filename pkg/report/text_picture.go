package report

import (
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// style is how a mark is written.
func (p *page) style(m mark) lipgloss.Style {
	switch m.Tone {
	case good:
		return p.good
	case bad:
		return p.bad
	case doubtful:
		return p.warning
	case undecided:
		return p.undecided
	case unasked:
		return p.faint
	}
	return p.plain
}

// Columns of the picture.
const (
	clientBox = len("client") + 4
	link      = 14
	margin    = 2
	abreast   = 72 // the narrowest page on which the parts stand side by side
)

// picture draws the way of a download: client, proxy, backend, and the storage
// below, each with its address and its mark.
func (p *page) picture(rep diag.Report) {
	m := legsOf(rep)
	proxy, backend := address(rep.Stack.Proxy), address(rep.Stack.Backend)
	if p.width < abreast {
		p.tree(m, proxy, backend, oneLine(rep.Stack.Storage))
		return
	}
	room := (p.width-margin-clientBox-2*link)/2 - 4
	left := p.contents("proxy", proxy, m.Proxy, room)
	right := p.contents("backend", backend, m.Backend, room)
	height := max(len(left), len(right), 3)
	inner := max(widest(left), len("backend"))
	top := lipgloss.JoinHorizontal(lipgloss.Top,
		p.box([]string{p.bold.Render("client")}, len("client"), height, mark{}, -1, -1),
		p.arrows("end-to-end", m.EndToEnd),
		p.box(left, inner, height, m.Proxy, -1, inner/2+1),
		p.arrows("handoff", m.Handoff),
		p.box(right, widest(right), height, m.Backend, -1, -1))
	column := margin + clientBox + link
	below := p.contents("storage", oneLine(rep.Stack.Storage), m.Storage, p.width-column-4)
	stem := p.plain.Render("│")
	if m.Direct.Culprit {
		stem = p.style(m.Direct).Render("│")
	}
	if m.Direct.Word != "" && m.Direct.Word != markOf(diag.Skip).Word {
		stem += " " + p.style(m.Direct).Render(m.Direct.Symbol+" direct "+m.Direct.Word)
	}
	bottom := p.box(below, max(widest(below), inner), len(below), m.Storage, inner/2+1, -1)
	p.indented(margin, top)
	p.indented(column+inner/2+2, stem)
	p.indented(column, bottom)
}

func (p *page) indented(columns int, block string) {
	for l := range strings.Lines(block) {
		p.line(strings.Repeat(" ", columns) + strings.TrimRight(l, "\n"))
	}
}

// contents are the lines of a part's box.
func (p *page) contents(name, address string, m mark, room int) []string {
	lines := []string{p.bold.Render(name)}
	lines = append(lines, wrap(address, room)...)
	if m.Word != "" {
		lines = append(lines, p.style(m).Render(m.Text()))
	}
	return lines
}

func widest(lines []string) int {
	w := 0
	for _, l := range lines {
		w = max(w, lipgloss.Width(l))
	}
	return w
}

// box draws a part. up and down are the columns of its links upwards and
// downwards within the edge, negative for none.
func (p *page) box(lines []string, inner, height int, m mark, up, down int) string {
	style := p.plain
	if m.Culprit {
		style = p.style(m)
	}
	edge := func(left, middle, right string, at int) string {
		runes := []rune(strings.Repeat("─", inner+2))
		if at >= 0 {
			runes[at] = []rune(middle)[0]
		}
		return style.Render(left + string(runes) + right)
	}
	out := []string{edge("╭", "┴", "╮", up)}
	for i := range height {
		text := ""
		if i < len(lines) {
			text = lines[i]
		}
		out = append(out, style.Render("│")+" "+center(text, inner)+" "+style.Render("│"))
	}
	return strings.Join(append(out, edge("╰", "┬", "╯", down)), "\n")
}

// arrows draws a link: the request, and the answer with its mark.
func (p *page) arrows(name string, m mark) string {
	inner := link - 2
	answer := "◀" + strings.Repeat("─", inner-1)
	switch {
	case m.Culprit:
		answer = p.style(m).Render("◀╌╌╌╌ " + m.Symbol + " " + strings.Repeat("╌", inner-8))
	case m.Word != "":
		answer = "◀──── " + p.style(m).Render(m.Symbol) + " " + strings.Repeat("─", inner-8)
	}
	word := m.Word
	if word != "" {
		word = p.style(m).Render(word)
	}
	return strings.Join([]string{
		strings.Repeat(" ", link),
		" " + strings.Repeat("─", inner-1) + "▶ ",
		" " + answer + " ",
		center(name, link),
		center(word, link),
	}, "\n")
}

// tree draws the same path for narrow pages.
func (p *page) tree(m legs, proxy, backend, storage string) {
	mark := func(stem, name string, m mark) {
		if m.Word != "" {
			p.line("  " + stem + p.style(m).Render(m.Symbol+" "+name+" "+m.Word))
		}
	}
	part := func(stem, name, address string) {
		p.item(2, stem+p.bold.Render(name)+" ", p.plain, address)
	}
	p.line("  " + p.bold.Render("client"))
	mark("│ ", "end-to-end", m.EndToEnd)
	p.line("  ▼")
	part("", "proxy", proxy)
	mark("│ ", "proxy", m.Proxy)
	part("├─▶ ", "backend", backend)
	mark("│   ", "backend", m.Backend)
	mark("│   ", "handoff", m.Handoff)
	part("└─▶ ", "storage", storage)
	mark("    ", "storage", m.Storage)
	mark("    ", "direct", m.Direct)
}

// address is the host and port of a URL, with its scheme where that is not http.
func address(u diag.URL) string {
	origin := u.Origin()
	if origin == "" || origin == "://" {
		return oneLine(string(u))
	}
	return strings.TrimPrefix(origin, "http://")
}
