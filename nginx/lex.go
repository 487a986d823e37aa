package nginx

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// confBuffer is how much of a file nginx holds at once: no word, and no
// comment, may be longer (NGX_CONF_BUFFER in ngx_conf_file.c).
const confBuffer = 4096

// lexer cuts a configuration file into words, byte by byte as
// ngx_conf_read_token() does: quotes and comments count only where a word
// begins, "}" and "#" are ordinary within one, "${" opens no block.
type lexer struct {
	file string
	text string
	pos  int // offset of the next byte

	line  int // of pos, from 1
	begin int // offset at which that line begins
}

// ending is how a run of words ended.
type ending int

const (
	endDirective ending = iota // at ";"
	endOpen                    // at "{"
	endClose                   // at "}", without words before it
	endFile                    // at the end of the file, without words before it
)

// at is the place of an offset in the current line.
func (l *lexer) at(offset int) conf.Pos {
	return conf.Pos{File: l.file, Line: l.line, Column: offset - l.begin + 1}
}

// skip moves on to an offset and counts the lines on the way.
func (l *lexer) skip(to int) {
	for {
		i := strings.IndexByte(l.text[l.pos:to], '\n')
		if i < 0 {
			l.pos = to
			return
		}
		l.pos += i + 1
		l.line++
		l.begin = l.pos
	}
}

// words reads the words of one directive, appending them to args, and what
// ends it. The lexer then stands behind that byte, whose place is end.
func (l *lexer) words(args []conf.Arg) (_ []conf.Arg, how ending, end conf.Pos, problem *conf.Problem) {
	none := len(args)
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		switch c {
		case '\n':
			l.skip(l.pos + 1)
			continue
		case ' ', '\t', '\r':
			l.pos++
			continue
		case '#':
			if problem = l.comment(); problem != nil {
				return args, 0, end, problem
			}
			continue
		case ';', '{':
			if len(args) == none {
				return args, 0, end, l.unexpected(c)
			}
			return args, l.ends(c), l.at(l.pos - 1), nil
		case '}':
			if len(args) != none {
				return args, 0, end, l.unexpected(c)
			}
			l.pos++
			return args, endClose, l.at(l.pos - 1), nil
		}
		var a conf.Arg
		if a, problem = l.word(); problem != nil {
			return args, 0, end, problem
		}
		args = append(args, a)
	}
	if len(args) != none {
		return args, 0, end, l.problem(l.at(l.pos), `unexpected end of file, expecting ";" or "}"`)
	}
	return args, endFile, l.at(l.pos), nil
}

// ends moves past the byte that ends a directive.
func (l *lexer) ends(c byte) ending {
	l.pos++
	if c == '{' {
		return endOpen
	}
	return endDirective
}

// comment moves to the end of the line.
func (l *lexer) comment() *conf.Problem {
	n := strings.IndexByte(l.text[l.pos:], '\n')
	if n < 0 {
		n = len(l.text) - l.pos
	}
	if problem := l.tooLong(l.pos, l.pos+n); problem != nil {
		return problem
	}
	l.pos += n
	return nil
}

// word reads one word. A word in quotes must be followed by a space, by what
// ends the directive, or by ")".
func (l *lexer) word() (conf.Arg, *conf.Problem) {
	first := l.pos
	a := conf.Arg{Pos: l.at(first)}
	quote := l.text[first]
	if quote != '"' && quote != '\'' {
		quote = 0
	}
	start := first
	if quote != 0 {
		start++
	}
	end := wordEnd(l.text, start, quote)
	over := end // the byte that nginx must still hold together with the word
	if quote != 0 {
		over++
	}
	if problem := l.tooLong(start, over); problem != nil {
		return a, problem
	}
	if end >= len(l.text) {
		l.skip(len(l.text))
		message := `unexpected end of file, expecting ";" or "}"`
		if quote != 0 {
			message += fmt.Sprintf("; the quote that opens in line %d is not closed", a.Pos.Line)
		}
		return a, l.problem(l.at(l.pos), message)
	}
	a.Text = unescape(l.text[start:end])
	if quote != 0 {
		end++
	}
	a.Raw = l.text[first:end]
	l.skip(end)
	if quote != 0 && l.pos < len(l.text) && !strings.ContainsRune(" \t\r\n;{)", rune(l.text[l.pos])) {
		return a, l.unexpected(l.text[l.pos])
	}
	return a, nil
}

// wordEnd is the offset of the byte that ends the word that begins at start:
// the closing quote, or the space, ";" or "{" behind a word without one.
func wordEnd(text string, start int, quote byte) int {
	variable := false // the byte before was "$"
	for i := start; i < len(text); i++ {
		c := text[i]
		if c == '{' && variable {
			continue
		}
		variable = false
		switch c {
		case '\\':
			i++
		case '$':
			variable = true
		case ' ', '\t', '\r', '\n', ';', '{':
			if quote == 0 {
				return i
			}
		case '"', '\'':
			if c == quote {
				return i
			}
		}
	}
	return len(text)
}

// unescape resolves the escapes of a word: \" \' \\ and \t \r \n. Any other
// backslash stays.
func unescape(raw string) string {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw
	}
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '\\' && i+1 < len(raw) {
			if j := strings.IndexByte(`"'\trn`, raw[i+1]); j >= 0 {
				c = "\"'\\\t\r\n"[j]
				i++
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}

// tooLong refuses what nginx does not hold at once: from start up to and
// including the byte at end.
func (l *lexer) tooLong(start, end int) *conf.Problem {
	if end-start < confBuffer || len(l.text)-start <= confBuffer {
		return nil
	}
	return l.problem(l.at(start), fmt.Sprintf("too long parameter %q… started: nginx takes at most %d bytes; a closing quote may be missing",
		l.text[start:start+10], confBuffer-1))
}

func (l *lexer) unexpected(c byte) *conf.Problem {
	return l.problem(l.at(l.pos), fmt.Sprintf("unexpected %q", string(rune(c))))
}

func (l *lexer) problem(at conf.Pos, message string) *conf.Problem {
	return &conf.Problem{Pos: at, Kind: conf.Syntax, Message: message}
}
