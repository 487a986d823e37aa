package lighttpd

import (
	"regexp"
	"strings"
)

var (
	// A setting with the name of a module in front, or a condition.
	ownLine = regexp.MustCompile(`^(?:[a-z][a-z0-9-]*\.[\w.-]+\s*[+:]?=[^=>]|(?:\}?\s*else\s+)?\$(?:HTTP|SERVER|REQUEST_HEADER)\s*\[)`)
	// What stands between them.
	likelyLine = regexp.MustCompile(`^(?:\w[\w.-]*\s*[+:]?=\s*["(\w]|include(?:_shell)?\s+["\w]|global\s*\{|\}?\s*else\s*\{|"[^"]*"(?:\s*=>|,|$)|[(){},\s]+$)`)
)

// detect says that a text has the shape of lighttpd's language: it is what
// `lighttpd -p` prints, or it has settings or conditions of its own and little else.
func detect(text string) bool {
	if isDump(text) {
		return true
	}
	own, likely, others := 0, 0, 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case strings.HasSuffix(line, ";"):
			others++
		case ownLine.MatchString(line):
			own++
		case likelyLine.MatchString(line) || strings.Contains(line, "=>"):
			likely++
		default:
			others++
		}
	}
	return own > 0 && own+likely > 3*others
}
