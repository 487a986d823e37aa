package apache

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// word cuts the first word off text[at:]: up to a space, or what stands in
// quotes, in which a backslash escapes the quote and itself
// (ap_getword_conf in server/util.c). A quote that is not closed reaches to
// the end. next is where the next word begins.
func word(text string, at int) (value string, start, end, next int) {
	at = skipSpace(text, at)
	start = at
	if at >= len(text) {
		return "", at, at, at
	}
	if q := text[at]; q == '"' || q == '\'' {
		end = at + 1
		for end < len(text) && text[end] != q {
			if text[end] == '\\' && end+1 < len(text) && (text[end+1] == q || text[end+1] == '\\') {
				end++
			}
			end++
		}
		value = unescape(text[at+1:end], q)
		if end < len(text) {
			end++
		}
	} else {
		end = at
		for end < len(text) && !isSpace(text[end]) {
			end++
		}
		value = unescape(text[at:end], 0)
	}
	return value, start, end, skipSpace(text, end)
}

func skipSpace(text string, at int) int {
	for at < len(text) && isSpace(text[at]) {
		at++
	}
	return at
}

func isSpace(b byte) bool { return strings.IndexByte(spaces, b) >= 0 }

// unescape takes the backslash from before a backslash and the quote
// (substring_conf).
func unescape(s string, quote byte) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\\' || quote != 0 && s[i+1] == quote) {
			i++
		}
		b = append(b, s[i])
	}
	return string(b)
}

// args cuts text[at:end] into arguments.
func (l *line) args(at, end int) []conf.Arg {
	var args []conf.Arg
	text := l.text[:end]
	for at = skipSpace(text, at); at < len(text); {
		value, start, stop, next := word(text, at)
		o := l.origin(start, stop)
		args = append(args, conf.Arg{Pos: l.pos(o.start), Raw: l.orig[o.start:o.end], Text: value})
		at = next
	}
	return args
}

// tag is what a line is.
type tag int

const (
	tagDirective tag = iota
	tagOpen          // <Name …>
	tagClose         // </Name>
)

// directive makes a directive of a line. problem says what is wrong with its
// form. For tagClose the directive has the name that is closed.
func (l *line) directive() (d *conf.Directive, kind tag, problem string) {
	name, start, stop, next := word(l.text, 0)
	o := l.origin(start, stop)
	d = &conf.Directive{Pos: l.pos(o.start), End: l.pos(max(len(l.orig)-1, 0)), Via: l.use}
	end := len(l.text)
	switch {
	case strings.HasPrefix(name, "</"):
		kind = tagClose
		name, problem = strings.TrimPrefix(name, "</"), ""
		if !strings.HasSuffix(name, ">") {
			problem = "</" + name + "> directive missing closing '>'"
		}
		name = strings.TrimSuffix(name, ">")
	case strings.HasPrefix(name, "<"):
		kind = tagOpen
		d.IsBlock = true
		whole := strings.HasSuffix(name, ">")
		name = strings.TrimSuffix(name[1:], ">")
		if at := strings.LastIndexByte(l.text, '>'); at >= next {
			end = at
			if strings.EqualFold(name, "IfVersion") && at != len(l.text)-1 { // its operators hold one, too
				problem = "<" + name + "> directive missing closing '>'"
			}
		} else if !whole {
			problem = "<" + name + "> directive missing closing '>'"
		}
	}
	d.Name = canonical(name)
	d.Args = l.args(min(next, end), end)
	return d, kind, problem
}
