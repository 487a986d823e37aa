package report

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// span is a stretch of a file in lines and characters (Unicode code points),
// both counted from 1. The end is the character behind the last one; what is
// not known is 0.
type span struct{ line, column, endLine, endColumn int }

// spanOf is the stretch of a location, whose own column counts bytes: the text
// of the configuration tells what stands before it. Where the text is not at
// hand, each byte before it is taken for a character.
func spanOf(rep diag.Report, l diag.Location) span {
	s := span{line: max(l.Line, 1), column: max(l.Column, 0)}
	if l.Line < 1 || l.Column < 1 {
		return span{line: s.line}
	}
	begin, text, ok := textAt(rep, l)
	if !ok {
		if l.Text != "" && !strings.Contains(l.Text, "\n") {
			s.endLine, s.endColumn = s.line, s.column+utf8.RuneCountInString(l.Text)
		}
		return s
	}
	s.column = 1 + utf8.RuneCountInString(text[begin:][:min(l.Column-1, len(text)-begin)])
	from := min(begin+l.Column-1, len(text))
	if written := text[from:][:extent(text[from:], l.Text)]; written != "" {
		s.endLine, s.endColumn = s.line+strings.Count(written, "\n"), s.column
		if i := strings.LastIndexByte(written, '\n'); i >= 0 {
			s.endColumn, written = 1, written[i+1:]
		}
		s.endColumn += utf8.RuneCountInString(written)
	}
	return s
}

// textAt is the text of the file that a location is in, and where its line begins.
func textAt(rep diag.Report, l diag.Location) (begin int, text string, ok bool) {
	if rep.Source == nil {
		return 0, "", false
	}
	f, ok := rep.Source.File(l.File)
	if !ok {
		return 0, "", false
	}
	for n := 1; n < l.Line; n++ {
		i := strings.IndexByte(f.Text[begin:], '\n')
		if i < 0 {
			return 0, "", false
		}
		begin += i + 1
	}
	line, _, _ := strings.Cut(f.Text[begin:], "\n")
	return begin, f.Text, l.Column-1 <= len(line)
}

// extent is how many bytes of a file, from its beginning on, are a directive
// that is written with single spaces in directive: as far as they agree.
func extent(file, directive string) int {
	n := 0
	for word := range strings.FieldsSeq(directive) {
		at := n + len(file[n:]) - len(strings.TrimLeftFunc(file[n:], unicode.IsSpace))
		if !strings.HasPrefix(file[at:], word) {
			break
		}
		n = at + len(word)
	}
	return n
}
