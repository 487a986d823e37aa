package report

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
)

// wrap breaks a text into lines of at most width columns. It keeps the text's
// own line ends, breaks at white space, and within a word only where the word
// alone does not fit.
func wrap(text string, width int) []string {
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
			for lipgloss.Width(word) > width {
				n := breakAt(word, width)
				lines = append(lines, word[:n])
				word = word[n:]
			}
			line = word
		}
		lines = append(lines, line)
	}
	return lines
}

// breakAt is the number of bytes of a long word that go into a line of width
// columns, at least one character: up to the last place after which URLs,
// paths and header values are best broken, unless that leaves the line's
// greater part empty.
func breakAt(word string, width int) int {
	end, good, columns := 0, 0, 0
	for i, r := range word {
		w := lipgloss.Width(string(r))
		if columns+w > width && i > 0 {
			break
		}
		columns += w
		end = i + len(string(r))
		if strings.ContainsRune("/?&=,;:-_.", r) && columns >= width/2 {
			good = end
		}
	}
	if good > 0 {
		return good
	}
	return end
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
