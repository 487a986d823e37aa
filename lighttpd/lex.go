package lighttpd

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// tokenKind is what a token is.
type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenEOL
	tokenKey     // server.port, var.x, x
	tokenString  // "…"
	tokenInteger // 80
	tokenVariable
	tokenOp // one of the texts below
	tokenInclude
	tokenIncludeShell
	tokenGlobal
	tokenElse
)

// token is a piece of a file.
type token struct {
	kind       tokenKind
	text       string // of a string: what it means; otherwise as written
	start, end int    // in the file
}

func (t token) is(op string) bool { return t.kind == tokenOp && t.text == op }

// lexer cuts a file into tokens, as config_tokenizer in lighttpd's configfile.c
// does: what a character means depends on whether it stands in parentheses, in
// a condition, or neither.
type lexer struct {
	file   string
	text   string
	at     int
	lines  []int // where the lines begin
	parens int
	cond   bool // within a condition, up to its operator
	key    bool // an assignment may follow
	eol    bool // a line end is due that nobody wrote: behind a }
	ended  bool // the line end at the end of the file was given
}

func newLexer(file, text string) *lexer {
	text, _, _ = strings.Cut(text, "\x00") // lighttpd ends there
	l := &lexer{file: file, text: text, key: true, lines: []int{0}}
	for i := range len(text) {
		if text[i] == '\n' || text[i] == '\r' && !strings.HasPrefix(text[i+1:], "\n") {
			l.lines = append(l.lines, i+1)
		}
	}
	return l
}

// pos is the place of an offset.
func (l *lexer) pos(at int) conf.Pos {
	lo, hi := 0, len(l.lines)
	for lo+1 < hi {
		if mid := (lo + hi) / 2; l.lines[mid] <= at {
			lo = mid
		} else {
			hi = mid
		}
	}
	return conf.Pos{File: l.file, Line: lo + 1, Column: at - l.lines[lo] + 1}
}

// peek is the byte n places on, 0 behind the end.
func (l *lexer) peek(n int) byte {
	if l.at+n < len(l.text) {
		return l.text[l.at+n]
	}
	return 0
}

// next is the next token. problem says what is wrong with the text there.
func (l *lexer) next() (t token, problem string) {
	if l.eol {
		l.eol, l.key = false, true
		return token{kind: tokenEOL, start: l.at, end: l.at}, ""
	}
	for l.at < len(l.text) {
		start := l.at
		t, problem, ok := l.token()
		if ok || problem != "" {
			t.start, t.end = start, l.at
			return t, problem
		}
	}
	t = token{start: l.at, end: l.at}
	if !l.ended {
		l.ended, t.kind = true, tokenEOL
	}
	return t, ""
}

// token reads one token, or skips what is none.
func (l *lexer) token() (t token, problem string, ok bool) {
	op := func(text string) (token, string, bool) {
		l.at += len(text)
		return token{kind: tokenOp, text: text}, "", true
	}
	fail := func(problem string) (token, string, bool) { return token{}, problem, false }
	switch c := l.text[l.at]; c {
	case '=', '!':
		return l.equals(c, op, fail)
	case ' ', '\t':
		l.at++
		return token{}, "", false
	case '\n', '\r':
		return l.newline()
	case ',':
		if l.parens > 0 {
			return op(",")
		}
		l.at++
		return token{}, "", false
	case '"':
		return l.quoted()
	case '(':
		l.parens++
		return op("(")
	case ')':
		if l.parens == 0 {
			return fail("a ) closes what no ( opened")
		}
		l.parens--
		return op(")")
	case '$':
		l.cond, l.key = true, false
		return op("$")
	case '+':
		if l.peek(1) == '=' {
			return op("+=")
		}
		return op("+")
	case ':':
		if l.peek(1) == '=' {
			return op(":=")
		}
		return fail("unexpected character ':'")
	case '{', '[', ']':
		return op(string(c))
	case '}':
		t, _, _ = op("}")
		l.behindBlock()
		return t, "", true
	case '#':
		l.comment()
		return token{}, "", false
	}
	return l.word()
}

// equals reads what begins with = or !.
func (l *lexer) equals(c byte, op func(string) (token, string, bool), fail func(string) (token, string, bool)) (token, string, bool) {
	two := string(c) + string(l.peek(1))
	switch {
	case c == '=' && l.parens != 0:
		if two == "=>" {
			return op(two)
		}
		return fail("use => for assignments in arrays")
	case l.cond:
		switch two {
		case "==", "=~", "=^", "=$", "!=", "!~":
			l.cond, l.key = false, true
			return op(two)
		}
		return fail("only ==, =~, =^, =$, != and !~ are allowed in a condition")
	case c == '=' && l.key:
		return op("=")
	}
	return fail("unexpected " + string(c))
}

// newline reads line ends with what is blank or a comment between them; in
// parentheses they mean nothing.
func (l *lexer) newline() (token, string, bool) {
	if l.parens != 0 {
		l.at++
		return token{}, "", false
	}
	for l.at < len(l.text) {
		switch l.text[l.at] {
		case '\r', '\n', ' ', '\t':
			l.at++
			continue
		case '#':
			l.comment()
			continue
		}
		break
	}
	l.key = true
	return token{kind: tokenEOL}, "", true
}

func (l *lexer) comment() {
	for l.at < len(l.text) && l.text[l.at] != '\n' && l.text[l.at] != '\r' {
		l.at++
	}
}

// quoted reads a string. Only a quote can be escaped, and a backslash before
// another character stays.
func (l *lexer) quoted() (token, string, bool) {
	var b strings.Builder
	for i := l.at + 1; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '\\' && i+1 < len(l.text) && l.text[i+1] == '"':
			b.WriteByte('"')
			i++
		case c == '"':
			l.at = i + 1
			return token{kind: tokenString, text: b.String()}, "", true
		default:
			b.WriteByte(c)
		}
	}
	return token{}, "missing closing quote", false
}

// behindBlock sees to it that a block's end ends a line.
func (l *lexer) behindBlock() {
	for ; l.at < len(l.text); l.at++ {
		switch l.text[l.at] {
		case '\r', '\n':
			return
		case '#':
			l.comment()
			return
		case ' ', '\t':
		default:
			l.eol = true
			return
		}
	}
}

// word reads a name or a number.
func (l *lexer) word() (token, string, bool) {
	n := 0
	c := l.text[l.at]
	switch {
	case l.cond:
		for isLetter(l.peek(n)) || l.peek(n) == '_' {
			n++
		}
		if n == 0 || l.peek(n) == 0 {
			return token{}, "invalid character in condition", false
		}
		t := token{kind: tokenVariable, text: l.text[l.at : l.at+n]}
		l.at += n
		return t, "", true
	case isDigit(c):
		for isDigit(l.peek(n)) {
			n++
		}
		t := token{kind: tokenInteger, text: l.text[l.at : l.at+n]}
		l.at += n
		return t, "", true
	}
	for isLetter(l.peek(n)) || isDigit(l.peek(n)) || strings.IndexByte("._-", l.peek(n)) >= 0 && l.peek(n) != 0 {
		n++
	}
	if n == 0 && strings.HasPrefix(l.text[l.at:], "\u00a0") {
		l.at += 2
		return token{}, "", false
	}
	if n == 0 || l.peek(n) == 0 {
		return token{}, "invalid character in variable name", false
	}
	t := token{kind: tokenKey, text: l.text[l.at : l.at+n]}
	switch t.text {
	case "include":
		t.kind = tokenInclude
	case "include_shell":
		t.kind = tokenIncludeShell
	case "global":
		t.kind = tokenGlobal
	case "else":
		t.kind = tokenElse
	}
	l.at += n
	return t, "", true
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
