package apache

import (
	"regexp"
	"strconv"
	"strings"
)

// pattern is a regular expression of PCRE's, as far as Go's can stand in.
type pattern struct {
	re  *regexp.Regexp
	why string // why it cannot be told what it matches
}

// compile reads a pattern. "." matches a newline for neither.
func compile(text string, noCase bool) pattern {
	if noCase {
		text = "(?i)" + text
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return pattern{why: "what the regular expression " + strconv.Quote(text) + " matches is not known here: " + strings.TrimPrefix(err.Error(), "error parsing regexp: ")}
	}
	return pattern{re: re}
}

// match returns the captures, the whole match first.
func (p pattern) match(text string) (captures []string, ok bool) {
	if p.re == nil {
		return nil, false
	}
	captures = p.re.FindStringSubmatch(text)
	return captures, captures != nil
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
