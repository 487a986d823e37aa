// Package picture draws what a command prints on a terminal as a picture (SVG
// 1.1) that stands by itself: no font, script or other file is fetched for it.
package picture

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/lipgloss"
)

// Screen is a terminal with what was typed and printed.
type Screen struct {
	// Command is what was typed, with the program's name; it may have several lines.
	Command string
	// Output is what was printed, with escape sequences for colours.
	Output string
	// Until, where not "", is a text: the picture ends before the line that has
	// it, with an ellipsis.
	Until string
	// From and To, where not "", are texts: the lines from the one that has From
	// to the one before that has To are left out, with an ellipsis.
	From, To string
	// Columns are how wide the terminal is at least; 0 stands for 80.
	Columns int
}

// Measures in pixels; a cell is one column of one line.
const (
	cell, line = 8.43, 17
	size       = 14
	margin     = 16
	bar        = 30 // above the first line
)

// Colours on a dark ground, each of a contrast of at least 5 with it.
const (
	ground, edge = "#12161d", "#343d4b"
	plain, faint = "#dbe1e8", "#98a2b1"
)

// colors are those of the escape sequences 31 to 36.
var colors = map[int]string{1: "#ff7b72", 2: "#57c46f", 3: "#e3b341", 4: "#6cb6ff", 5: "#d2a8ff", 6: "#5fd0d8"}

// SVG draws the screen.
func (s Screen) SVG() string {
	lines := strings.Split(strings.TrimRight(s.Output, "\n"), "\n")
	const ellipsis = "\x1b[2m…\x1b[0m"
	if i, j := find(lines, s.From), find(lines, s.To); i >= 0 && j > i {
		lines = slices.Concat(lines[:i], []string{"  " + ellipsis, ""}, lines[j:])
	}
	if i := find(lines, s.Until); i >= 0 {
		lines = append(lines[:i:i], ellipsis)
	}
	typed := strings.Split("\x1b[2m$\x1b[0m \x1b[1m"+strings.ReplaceAll(s.Command, "\n", "\x1b[0m\n\x1b[1m")+"\x1b[0m", "\n")
	lines = append(typed, lines...)
	columns := max(s.Columns, 80)
	for _, l := range lines {
		columns = max(columns, lipgloss.Width(bare(l)))
	}
	width, height := float64(columns)*cell+2*margin, float64(len(lines)*line+bar+margin)

	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title>%s</title>\n", escape(s.Command))
	fmt.Fprintf(&b, `<rect x="0.5" y="0.5" width="%.0f" height="%.0f" rx="8" fill="%s" stroke="%s"/>`+"\n", width-1, height-1, ground, edge)
	for i := range 3 {
		fmt.Fprintf(&b, `<circle cx="%d" cy="15" r="5" fill="%s"/>`+"\n", margin+4+i*16, edge)
	}
	fmt.Fprintf(&b, `<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="%d" fill="%s">`+"\n", size, plain)
	for i, l := range lines {
		column := 0
		for _, r := range runs(l) {
			n := lipgloss.Width(r.text)
			if strings.TrimSpace(r.text) != "" {
				fmt.Fprintf(&b, `<text x="%.1f" y="%d" textLength="%.1f" lengthAdjust="spacingAndGlyphs" xml:space="preserve"%s>%s</text>`+"\n",
					margin+float64(column)*cell, bar+i*line+size, float64(n)*cell, r.attributes(), escape(r.text))
			}
			column += n
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// find is the first line that has a text; -1 where none has, or the text is "".
func find(lines []string, text string) int {
	return slices.IndexFunc(lines, func(l string) bool { return text != "" && strings.Contains(bare(l), text) })
}

// run is a piece of a line in one style.
type run struct {
	text        string
	bold, faint bool
	color       int
}

func (r run) attributes() string {
	text := ""
	switch {
	case colors[r.color] != "":
		text = fmt.Sprintf(` fill="%s"`, colors[r.color])
	case r.faint:
		text = fmt.Sprintf(` fill="%s"`, faint)
	}
	if r.bold {
		text += ` font-weight="bold"`
	}
	return text
}

// sgr is an escape sequence that selects how what follows looks (ECMA-48
// section 8.3.117).
var sgr = regexp.MustCompile("\x1b\\[([0-9;]*)m")

// bare is a line without its escape sequences.
func bare(line string) string { return sgr.ReplaceAllString(line, "") }

// runs parts a line by its escape sequences, by long stretches of spaces, and
// around symbols, which another font may draw in another width.
func runs(line string) []run {
	var list []run
	var style run
	add := func(text string) {
		for _, piece := range pieces.FindAllString(text, -1) {
			r := style
			r.text = piece
			list = append(list, r)
		}
	}
	for {
		at := sgr.FindStringSubmatchIndex(line)
		if at == nil {
			add(line)
			return list
		}
		add(line[:at[0]])
		for _, code := range strings.Split(line[at[2]:at[3]], ";") {
			n, _ := strconv.Atoi(code) // "" is 0
			style = style.with(n)
		}
		line = line[at[1]:]
	}
}

// pieces are stretches of spaces, of lines that frame, of words, and single symbols.
var pieces = regexp.MustCompile(`\s+|[─╌╭╮╰╯┬┴┼├┤│]+|[!-~]+(?: [!-~]+)*|.`)

// with is the style after one code.
func (r run) with(code int) run {
	switch {
	case code == 0:
		return run{}
	case code == 1:
		r.bold = true
	case code == 2:
		r.faint = true
	case code == 22:
		r.bold, r.faint = false, false
	case code > 30 && code < 37:
		r.color = code - 30
	case code == 37, code == 39:
		r.color = 0
	}
	return r
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder takes all
	return b.String()
}
