package apache

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf/pcre"
)

// pattern is a regular expression as Apache gives it to PCRE.
type pattern struct {
	run *pcre.Pattern
	why string // why it cannot be told what it matches
}

// compile reads a pattern.
func compile(text string, noCase bool) pattern {
	p := pcre.New(text, noCase)
	return pattern{run: p, why: p.Wrong()}
}

// match returns the captures, the whole match first. What takes too long does
// not match: PCRE gives up as well, and Apache takes that for no match.
func (p pattern) match(text string) (captures []string, ok bool) {
	if p.why != "" {
		return nil, false
	}
	captures, ok, _ = p.run.Match(text)
	return captures, ok
}

// substitute puts captures in for $0 to $9; "\$" and "\\" stand for themselves
// (ap_pregsub), and "&" too.
func substitute(text string, captures []string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && (text[i+1] == '$' || text[i+1] == '&'):
			i++
			b.WriteByte(text[i])
		case text[i] == '$' && i+1 < len(text) && text[i+1] >= '0' && text[i+1] <= '9':
			i++
			if n := int(text[i] - '0'); n < len(captures) {
				b.WriteString(captures[n])
			}
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}
