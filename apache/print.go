package apache

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
	for range strings.Count(text, "\n") {
		p.lines = append(p.lines, nil)
	}
}

// directive writes a directive with what is in it.
func (p *printed) directive(d *conf.Directive, depth int) {
	indent := strings.Repeat("    ", depth)
	var b strings.Builder
	b.WriteString(d.Name)
	for _, a := range d.Args {
		b.WriteString(" " + argument(d.Name, a))
	}
	if !d.IsBlock {
		p.text.WriteString(indent + b.String() + "\n")
		p.lines = append(p.lines, d)
		return
	}
	p.text.WriteString(indent + "<" + b.String() + ">\n")
	p.lines = append(p.lines, d)
	for _, c := range d.Block {
		p.directive(c, depth+1)
	}
	p.text.WriteString(indent + "</" + d.Name + ">\n")
	p.lines = append(p.lines, d)
}

// from is the directive that a line comes from, nil where nobody wrote it.
func (p *printed) from(line int) *conf.Directive {
	if line < 1 || line > len(p.lines) {
		return nil
	}
	return p.lines[line-1]
}

// argument is an argument as the user wrote it, unless variables or parameters
// of macros stand in it.
func argument(directive string, a conf.Arg) string {
	if value, _, _, next := word(a.Raw, 0); a.Raw != "" && value == a.Text && next == len(a.Raw) {
		return a.Raw
	}
	return quoted(directive, a.Text)
}

// quoted writes a text as an argument. mod_rewrite reads its rules by itself,
// and takes backslashes as they are (parseargline in mod_rewrite.c).
func quoted(directive, text string) string {
	if text != "" && !strings.ContainsAny(text, spaces+`"'\<>`) {
		return text
	}
	if directive == "RewriteRule" || directive == "RewriteCond" {
		if text != "" && !strings.ContainsAny(text, spaces) && text[0] != '"' && text[0] != '\'' {
			return text
		}
		return `"` + text + `"`
	}
	return `"` + quoteEscaper.Replace(text) + `"`
}

// with is a directive with other arguments, at the same place.
func with(d *conf.Directive, args ...string) *conf.Directive {
	c := copyOf(d)
	c.Args = nil
	for _, a := range args {
		c.Args = append(c.Args, conf.Arg{Pos: d.Pos, Raw: quoted(d.Name, a), Text: a})
	}
	return c
}

// replaced is a directive with another text for one of its arguments.
func replaced(d *conf.Directive, i int, text string) *conf.Directive {
	c := copyOf(d)
	c.Args = append([]conf.Arg(nil), d.Args...)
	c.Args[i] = conf.Arg{Pos: d.Args[i].Pos, Raw: quoted(d.Name, text), Text: text}
	return c
}

// instead is another directive at the place of one.
func instead(d *conf.Directive, name string, args ...string) *conf.Directive {
	c := with(&conf.Directive{Pos: d.Pos, End: d.End, Name: name, Via: d.Via}, args...)
	return c
}

// section is a section that stands at the place of a directive.
func section(d *conf.Directive, name, arg string, inside ...*conf.Directive) *conf.Directive {
	c := instead(d, name, arg)
	c.IsBlock, c.Block = true, inside
	return c
}

// copyOf is a directive without what is in it.
func copyOf(d *conf.Directive) *conf.Directive {
	return &conf.Directive{Pos: d.Pos, End: d.End, Name: d.Name, Args: d.Args, IsBlock: d.IsBlock, Body: d.Body, Via: d.Via}
}
