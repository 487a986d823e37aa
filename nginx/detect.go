package nginx

import "strings"

// detect says that a text has the shape of nginx's language: it is a dump, or
// most of its lines end a directive or a block, or open one, and more of them end
// a directive than end with nothing.
func detect(text string) bool {
	if isDump(text) {
		return true
	}
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
