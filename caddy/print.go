package caddy

import (
	"strings"
	"unicode"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// copied is a Caddyfile as one file, with the places that its lines come from.
type copied struct {
	text  strings.Builder
	lines []*conf.Directive // of line i+1
}

func (c *copied) line(by *conf.Directive, depth int, text string) {
	text = strings.Repeat("\t", depth) + text + "\n"
	c.text.WriteString(text)
	for range strings.Count(text, "\n") {
		c.lines = append(c.lines, by)
	}
}

func (c *copied) open(by *conf.Directive, depth int, head string) {
	if head != "" {
		head += " "
	}
	c.line(by, depth, head+"{")
}

func (c *copied) close(by *conf.Directive, depth int) { c.line(by, depth, "}") }

// from is the directive that a line comes from, nil for none.
func (c *copied) from(line int) *conf.Directive {
	if line < 1 || line > len(c.lines) {
		return nil
	}
	return c.lines[line-1]
}

// words writes texts as the words of a line.
func words(texts []string, between string) string {
	var list []string
	for _, t := range texts {
		list = append(list, quoted(t))
	}
	return strings.Join(list, between)
}

// quoted writes a text as one word.
func quoted(text string) string {
	plain := text != "" && text != "{" && text != "}" && !strings.ContainsFunc(text, unicode.IsSpace) &&
		!strings.ContainsAny(text[:1], "\"`#") && !strings.HasPrefix(text, "<<") && !strings.HasSuffix(text, `\`)
	switch {
	case plain:
		return text
	case !strings.Contains(text, "`"):
		return "`" + text + "`"
	}
	return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"`
}
