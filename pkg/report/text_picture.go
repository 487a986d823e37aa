package report

import (
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// The checks that have a place in the picture.
const (
	legStorage  = "storage"
	legBackend  = "backend"
	legDirect   = "direct"
	legEndToEnd = "end-to-end"
	offload     = "offload"
)

// mark is what is written at a place of the picture.
type mark struct {
	symbol, word string
	style        lipgloss.Style
	culprit      bool
}

func (m mark) String() string {
	if m.word == "" {
		return ""
	}
	return m.style.Render(m.symbol + " " + m.word)
}

// markOf is the mark of an outcome.
func (p *page) markOf(s diag.Status) mark {
	switch s {
	case diag.Pass:
		return mark{symbol: "✓", word: "pass", style: p.good}
	case diag.Fail:
		return mark{symbol: "✗", word: "fail", style: p.bad}
	case diag.Skip:
		return mark{symbol: "-", word: "skip", style: p.faint}
	case diag.Unknown:
		return mark{symbol: "?", word: "unknown", style: p.undecided}
	}
	return mark{}
}

// path is the picture's content: the marks of the parts and of the links
// between them.
type path struct {
	endToEnd, proxy, handoff, backend, direct, storage mark
}

// marks says how each part and each link fares. The culprit is at one place
// only: broken where no download arrives, faulty where it does all the same.
func (p *page) marks(rep diag.Report) path {
	status := map[string]diag.Status{}
	for _, c := range rep.Checks {
		status[c.ID] = c.Status
	}
	m := path{
		endToEnd: p.markOf(status[legEndToEnd]), handoff: p.markOf(status[offload]),
		backend: p.markOf(status[legBackend]), direct: p.markOf(status[legDirect]), storage: p.markOf(status[legStorage]),
	}
	arrives := status[legEndToEnd] == diag.Pass
	guilty := mark{symbol: "✗", word: "BROKEN", style: p.bad, culprit: true}
	if arrives {
		guilty = mark{symbol: "!", word: "FAULTY", style: p.warning, culprit: true}
	}
	switch rep.Culprit {
	case diag.PartStorage:
		m.storage = guilty
	case diag.PartBackend:
		m.backend = guilty
	case diag.PartHandoff:
		m.handoff = guilty
	case diag.PartProxy:
		if arrives && len(rep.Findings) > 0 && rep.Findings[0].Check == legDirect {
			m.direct = guilty
		} else {
			m.proxy = guilty
		}
	}
	return m
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
	m := p.marks(rep)
	proxy, backend := address(rep.Stack.Proxy), address(rep.Stack.Backend)
	if p.width < abreast {
		p.tree(m, proxy, backend, oneLine(rep.Stack.Storage))
		return
	}
	room := (p.width-margin-clientBox-2*link)/2 - 4
	left := p.contents("proxy", proxy, m.proxy, room)
	right := p.contents("backend", backend, m.backend, room)
	height := max(len(left), len(right), 3)
	inner := max(widest(left), len("backend"))
	top := lipgloss.JoinHorizontal(lipgloss.Top,
		p.box([]string{p.bold.Render("client")}, len("client"), height, mark{}, -1, -1),
		p.arrows("end-to-end", m.endToEnd),
		p.box(left, inner, height, m.proxy, -1, inner/2+1),
		p.arrows("handoff", m.handoff),
		p.box(right, widest(right), height, m.backend, -1, -1))
	column := margin + clientBox + link
	below := p.contents("storage", oneLine(rep.Stack.Storage), m.storage, p.width-column-4)
	stem := p.plain.Render("│")
	if m.direct.culprit {
		stem = m.direct.style.Render("│")
	}
	if m.direct.word != "" && m.direct.word != p.markOf(diag.Skip).word {
		stem += " " + m.direct.style.Render(m.direct.symbol+" direct "+m.direct.word)
	}
	bottom := p.box(below, max(widest(below), inner), len(below), m.storage, inner/2+1, -1)
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
	if m.word != "" {
		lines = append(lines, m.String())
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
	if m.culprit {
		style = m.style
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
	case m.culprit:
		answer = m.style.Render("◀╌╌╌╌ " + m.symbol + " " + strings.Repeat("╌", inner-8))
	case m.word != "":
		answer = "◀──── " + m.style.Render(m.symbol) + " " + strings.Repeat("─", inner-8)
	}
	word := m.word
	if word != "" {
		word = m.style.Render(word)
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
func (p *page) tree(m path, proxy, backend, storage string) {
	mark := func(stem, name string, m mark) {
		if m.word != "" {
			p.line("  " + stem + m.style.Render(m.symbol+" "+name+" "+m.word))
		}
	}
	part := func(stem, name, address string) {
		p.item(2, stem+p.bold.Render(name)+" ", p.plain, address)
	}
	p.line("  " + p.bold.Render("client"))
	mark("│ ", "end-to-end", m.endToEnd)
	p.line("  ▼")
	part("", "proxy", proxy)
	mark("│ ", "proxy", m.proxy)
	part("├─▶ ", "backend", backend)
	mark("│   ", "backend", m.backend)
	mark("│   ", "handoff", m.handoff)
	part("└─▶ ", "storage", storage)
	mark("    ", "storage", m.storage)
	mark("    ", "direct", m.direct)
}

// address is the host and port of a URL, with its scheme where that is not http.
func address(u diag.URL) string {
	origin := u.Origin()
	if origin == "" || origin == "://" {
		return oneLine(string(u))
	}
	return strings.TrimPrefix(origin, "http://")
}
