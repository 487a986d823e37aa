package report

import (
	"cmp"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/lipgloss"
)

// wrap breaks a text into lines of at most width columns, at least one. It keeps the text's
// own line ends, breaks at white space, and within a word only where the word
// alone does not fit.
func wrap(text string, width int) []string {
	width = max(width, 1)
	var lines []string
	for paragraph := range strings.Lines(text) {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && lipgloss.Width(line)+1+lipgloss.Width(word) <= width {
				line += " " + word
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			for n := breakAt(word, width); n < len(word); n = breakAt(word, width) {
				lines = append(lines, word[:n])
				word = word[n:]
			}
			line = word
		}
		lines = append(lines, line)
	}
	return lines
}

// breakAt is the number of bytes of a word that go into a line of width
// columns, at least one character: all of it, or up to the last place after
// which URLs, paths and header values are best broken, unless that leaves the
// line's greater part empty.
func breakAt(word string, width int) int {
	good, columns := 0, 0
	for i, r := range word {
		w := lipgloss.Width(string(r))
		if columns+w > width && i > 0 {
			return cmp.Or(good, i)
		}
		columns += w
		if strings.ContainsRune("/?&=,;:-_.", r) && columns >= width/2 {
			good = i + utf8.RuneLen(r)
		}
	}
	return len(word)
}

// pad fills a text up with spaces to width columns.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-lipgloss.Width(text)))
}

// center puts a text in the middle of width columns.
func center(text string, width int) string {
	left := max(0, width-lipgloss.Width(text)) / 2
	return pad(strings.Repeat(" ", left)+text, width)
}

// oneLine puts a text into one line.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
