package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// printed is a configuration as one file, one directive a line, with the places
// that its lines come from.
type printed struct {
	text  strings.Builder
	lines []*conf.Directive // of line i+1; nil for what nobody wrote
}

// raw writes lines that nobody wrote.
func (p *printed) raw(text string) {
	p.text.WriteString(text)
	p.note(nil, text)
}

func (p *printed) note(d *conf.Directive, text string) {
	for range strings.Count(text, "\n") {
		p.lines = append(p.lines, d)
	}
}

// directive writes a directive with what is in it, as the user wrote its
// arguments.
func (p *printed) directive(d *conf.Directive, depth int) {
	indent := strings.Repeat("    ", depth)
	var b strings.Builder
	b.WriteString(indent + quoted(d.Name))
	for _, a := range d.Args {
		b.WriteString(" " + a.Raw)
	}
	if !d.IsBlock {
		b.WriteString(";\n")
		p.text.WriteString(b.String())
		p.note(d, b.String())
		return
	}
	b.WriteString(" {\n")
	p.text.WriteString(b.String())
	p.note(d, b.String())
	for _, c := range d.Block {
		p.directive(c, depth+1)
	}
	p.text.WriteString(indent + "}\n")
	p.note(d, "\n")
}

// from is the directive that a line comes from, nil where nobody wrote it.
func (p *printed) from(line int) *conf.Directive {
	if line < 1 || line > len(p.lines) {
		return nil
	}
	return p.lines[line-1]
}

// quoted writes a text as an argument.
func quoted(text string) string {
	if text != "" && !strings.ContainsAny(text, " \t\r\n;{}\"'\\#") {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// with is a directive with other arguments, at the same place.
func with(d *conf.Directive, args ...string) *conf.Directive {
	c := copyOf(d)
	c.Args = nil
	for _, a := range args {
		c.Args = append(c.Args, conf.Arg{Pos: d.Pos, Raw: quoted(a), Text: a})
	}
	return c
}

// copyOf is a directive without what is in it.
func copyOf(d *conf.Directive) *conf.Directive {
	return &conf.Directive{Pos: d.Pos, End: d.End, Name: d.Name, Args: d.Args, IsBlock: d.IsBlock, Body: d.Body, Via: d.Via}
}
