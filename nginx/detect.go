package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// detect says that a text has the shape of nginx's language: it is a dump, it
// has directives that are known and few others, or most of its lines end a
// directive or a block, or open one.
func detect(text string) bool {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return false // a block has a name: this is another language, JSON perhaps
	}
	return isDump(text) || readsWell(text) || linesEnd(text)
}

// readsWell says that the reader finds known directives in a text, up to where
// it makes no sense any more, and not many unknown ones. Lists over lines and
// Lua are read as what they are.
func readsWell(text string) bool {
	p := &parser{files: load.NewKept(conf.Source{})}
	top := &conf.Directive{}
	p.block(&lexer{text: text, line: 1}, top, nil)
	known, others := 0, 0
	top.Walk(func(d *conf.Directive) bool {
		_, arity := arities[d.Name]
		switch {
		case d == top:
		case misformed(d) != nil: // what the reader stops at
			others++
		case arity || protocols[d.Name] != "" || isLua(d.Name):
			known++
		default:
			others++
		}
		return !entryBlock(d)
	})
	return known > 0 && 2*known >= others
}

// linesEnd says that most lines end as nginx's do, and more of them end a
// directive than end with nothing.
func linesEnd(text string) bool {
	directives, ended, others := 0, 0, 0
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		switch line = strings.TrimSpace(line); {
		case line == "":
		case strings.HasSuffix(line, ";"):
			directives++
			ended++
		case strings.HasSuffix(line, "{"), strings.HasSuffix(line, "}"):
			ended++
		default:
			others++
		}
	}
	return ended > others && directives >= others
}
