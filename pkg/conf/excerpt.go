package conf

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Excerpt shows the line of a place with carets under the length bytes that
// begin there, at least one:
//
//	14 |     root /srv/media;
//	   |     ^~~~~~~~~~~~~~~~
//
// A line of more than 120 characters is cut around the place. What is not
// printable is shown as a dot, tabs are kept, so that the carets stand right
// on any terminal. It is "" where text has no such line.
func Excerpt(text string, p Pos, length int) string {
	line, ok := lineOf(text, p.Line)
	if !ok {
		return ""
	}
	at := min(max(p.Column-1, 0), len(line))
	end := min(at+max(length, 1), len(line))
	before, marked, after := printable(line[:at]), printable(line[at:end]), printable(line[end:])

	const width, context = 120, 40
	if len(before)+len(marked)+len(after) > width {
		if len(before) > context {
			before = append([]rune("…"), before[len(before)-context:]...)
		}
		if most := width - len(before); len(marked) > most {
			marked, after = append(marked[:most:most], '…'), nil
		}
		if most := max(width-len(before)-len(marked), 0); len(after) > most {
			after = append(after[:most:most], '…')
		}
	}
	var b strings.Builder
	gutter := fmt.Sprintf("%d", p.Line)
	shown := strings.TrimRight(string(before)+string(marked)+string(after), " \t")
	fmt.Fprintf(&b, "%s | %s\n%s | ", gutter, shown, strings.Repeat(" ", len(gutter)))
	for _, r := range before {
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	b.WriteByte('^')
	b.WriteString(strings.Repeat("~", max(len(marked)-1, 0)))
	b.WriteByte('\n')
	return b.String()
}

// lineOf returns line n of a text, counted from 1, without its end.
func lineOf(text string, n int) (string, bool) {
	if n < 1 {
		return "", false
	}
	for ; n > 1; n-- {
		i := strings.IndexByte(text, '\n')
		if i < 0 {
			return "", false
		}
		text = text[i+1:]
	}
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSuffix(line, "\r"), true
}

// printable returns the characters of a text, a dot for each that a terminal
// could take for more than a character. A byte that is no UTF-8 is one.
func printable(text string) []rune {
	runes := make([]rune, 0, len(text))
	for _, r := range text {
		if r == utf8.RuneError || r != '\t' && !unicode.IsPrint(r) {
			r = '.'
		}
		runes = append(runes, r)
	}
	return runes
}
