package caddy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// token is one word of a Caddyfile.
type token struct {
	pos    conf.Pos
	end    conf.Pos // of its last byte
	raw    string   // as written, with quotes
	text   string   // what Caddy makes of it
	quoted bool
	first  bool // the first one on its line
	// passed is the word of an import that stands in the text in place of an
	// {args.N}, nil where none does.
	passed *token
}

// brace says that a token is this brace.
func (t token) brace(b string) bool { return !t.quoted && t.text == b }

// lexer cuts the text of a file into tokens (caddyfile/lexer.go). Words are
// separated by white space; one that begins with " or ` goes to the next of
// the same, one that begins with << to the line that ends it; a # where a word
// could begin starts a comment; a backslash at the end of a line joins it with
// the next one.
type lexer struct {
	file string
	text *expanded
	at   int // in text.after
	line int // the logical one: joined lines are one
}

// tokens returns all tokens; the problem, if any, ends them.
func tokens(file, text string, env func(string) (string, bool)) ([]token, *conf.Problem) {
	l := &lexer{file: file, text: expandEnv(text, env)}
	l.at = len(l.text.after) - len(strings.TrimPrefix(l.text.after, "\ufeff"))
	var list []token
	last := -1
	for {
		l.blank()
		if l.at >= len(l.text.after) {
			return list, nil
		}
		line := l.line
		t, problem := l.next()
		if problem != nil {
			return list, problem
		}
		t.first = line != last
		last = l.line
		list = append(list, t)
	}
}

// blank skips white space and comments.
func (l *lexer) blank() {
	for s := l.text.after; l.at < len(s); {
		r, size := utf8.DecodeRuneInString(s[l.at:])
		switch {
		case r == '\n':
			l.line++
		case r == '\\' && joins(s[l.at+1:]) > 0:
			size += joins(s[l.at+1:])
		case r == '#':
			size = strings.IndexByte(s[l.at:]+"\n", '\n')
		case !unicode.IsSpace(r):
			return
		}
		l.at += size
	}
}

// joins is the length of the end of line that a text begins with, 0 for none.
func joins(s string) int {
	switch {
	case strings.HasPrefix(s, "\n"):
		return 1
	case strings.HasPrefix(s, "\r\n"):
		return 2
	}
	return 0
}

// next reads the token that begins here.
func (l *lexer) next() (token, *conf.Problem) {
	s, start := l.text.after, l.at
	var text string
	quoted := true
	switch {
	case s[l.at] == '"':
		text = l.doubleQuoted()
	case s[l.at] == '`':
		text = l.until('`')
	case heredocMarker(s[l.at:]) != "":
		var problem *conf.Problem
		if text, problem = l.heredoc(); problem != nil {
			return token{}, problem
		}
	default:
		quoted = false
		text = l.word()
	}
	from, to := l.text.before(start), l.text.before(l.at)
	t := token{pos: l.place(from), end: l.place(max(to-1, from)), raw: l.text.original[from:max(to, from)], text: text, quoted: quoted}
	return t, nil
}

// place is where a byte of the file stands.
func (l *lexer) place(offset int) conf.Pos { return l.text.pos(l.file, offset) }

// word reads up to white space.
func (l *lexer) word() string {
	var b strings.Builder
	s := l.text.after
	for l.at < len(s) {
		r, size := utf8.DecodeRuneInString(s[l.at:])
		if unicode.IsSpace(r) && r != '\r' {
			break
		}
		if r == '\\' {
			if joins(s[l.at+1:]) > 0 {
				break
			}
			if b.Len() == 0 && strings.HasPrefix(s[l.at+1:], "<") {
				l.at += size // it only keeps the word from being a heredoc
				continue
			}
		}
		if r != '\r' {
			b.WriteString(s[l.at : l.at+size])
		}
		l.at += size
	}
	return b.String()
}

// doubleQuoted reads a word in double quotes, in which only a quote can be
// escaped. One that is not closed goes to the end, as Caddy has it.
func (l *lexer) doubleQuoted() string {
	var b strings.Builder
	s := l.text.after
	for l.at++; l.at < len(s); l.at++ {
		switch c := s[l.at]; {
		case c == '"':
			l.at++
			return b.String()
		case c == '\\' && strings.HasPrefix(s[l.at+1:], `"`):
			l.at++
			b.WriteByte('"')
		default:
			if c == '\n' {
				l.line++
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

// until reads up to the next quote of the kind.
func (l *lexer) until(quote byte) string {
	s := l.text.after
	l.at++
	end := strings.IndexByte(s[l.at:], quote)
	text := s[l.at:]
	if end >= 0 {
		text = s[l.at : l.at+end]
		l.at++
	}
	l.at += len(text)
	l.line += strings.Count(text, "\n")
	return text
}

// heredocMarker is the word behind << at the beginning of a text, "" for none.
func heredocMarker(s string) string {
	rest, ok := strings.CutPrefix(s, "<<")
	if !ok {
		return ""
	}
	marker, _, more := strings.Cut(rest, "\n")
	marker = strings.TrimSuffix(marker, "\r")
	if !more || marker == "" || strings.ContainsFunc(marker, func(r rune) bool {
		return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		return ""
	}
	return marker
}

// heredoc reads the lines up to the one that holds only the marker; what that
// one is indented by is taken off all of them (Caddy 2.7 and later).
func (l *lexer) heredoc() (string, *conf.Problem) {
	start := l.at
	marker := heredocMarker(l.text.after[l.at:])
	lines := strings.SplitAfter(l.text.after[l.at:], "\n")
	at := l.at + len(lines[0])
	for i, line := range lines[1:] {
		trimmed := strings.TrimLeft(line, " \t")
		rest, ok := strings.CutPrefix(trimmed, marker)
		at += len(line)
		if !ok {
			continue
		}
		indent := line[:len(line)-len(trimmed)]
		var b strings.Builder
		for _, inner := range lines[1 : i+1] {
			b.WriteString(strings.TrimPrefix(inner, indent))
		}
		l.at = at - len(rest)
		l.line += i + 1
		return strings.TrimSuffix(strings.ReplaceAll(b.String(), "\r", ""), "\n"), nil
	}
	return "", &conf.Problem{Pos: l.place(l.text.before(start)), Kind: conf.Syntax, Message: "incomplete heredoc <<" + marker}
}
