package apache

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// macro is what <Macro> defines
// (https://httpd.apache.org/docs/2.4/mod/mod_macro.html).
type macro struct {
	params []string
	lines  []line
}

// defineMacro reads a <Macro> up to its end.
func (p *parser) defineMacro(s *source, d *conf.Directive) {
	m := &macro{}
	if len(d.Args) > 0 {
		m.params = d.Texts(1)
	}
	for {
		l, ok := s.next()
		if !ok {
			p.fail(d.Pos, conf.Syntax, "<Macro> was not closed")
			return
		}
		if !p.take(&l) {
			return
		}
		if name, _, _, _ := word(l.text, 0); strings.EqualFold(name, "</Macro>") {
			break
		}
		m.lines = append(m.lines, l)
	}
	if len(d.Args) == 0 {
		p.fail(d.Pos, conf.Syntax, "<Macro> needs a name")
		return
	}
	p.macros[strings.ToLower(d.Arg(0))] = m
}

// use puts the lines of a macro before those that are still to be read.
func (p *parser) use(s *source, l *line, d *conf.Directive) {
	name := strings.ToLower(d.Arg(0))
	m := p.macros[name]
	values := d.Texts(1)
	switch {
	case m == nil && !p.main:
		p.fail(d.Pos, conf.Missing, "macro %q is not defined in what was read: what it writes is not known", d.Arg(0))
		return
	case m == nil:
		p.fail(d.Pos, conf.Syntax, "macro %q is not defined", d.Arg(0))
		return
	case len(values) != len(m.params):
		p.fail(d.Pos, conf.Syntax, "macro %q takes %d arguments and is used with %d", d.Arg(0), len(m.params), len(values))
		return
	case slices.Contains(l.via, name):
		p.fail(d.Pos, conf.Cycle, "macro %q uses itself", d.Arg(0))
		return
	}
	queue := make([]line, 0, len(m.lines)+len(s.queue))
	for _, body := range m.lines {
		body = body.substitute(m.params, values)
		if body.via = append(slices.Clip(l.via), name); !p.take(&body) {
			return
		}
		body.use = d
		queue = append(queue, body)
	}
	s.queue = append(queue, s.queue...)
}

// substitute puts the values of a macro's parameters in: at each place the
// longest parameter that begins there. The values of parameters whose names
// begin with "@" are put in within quotes.
func (l line) substitute(params, values []string) line {
	var edits []edit
	size := 0
	for at := 0; at < len(l.text); {
		best := -1
		for i, param := range params {
			if param != "" && strings.HasPrefix(l.text[at:], param) && (best < 0 || len(param) > len(params[best])) {
				best = i
			}
		}
		if best < 0 {
			at++
			continue
		}
		value := values[best]
		if params[best][0] == '@' {
			value = `"` + quoteEscaper.Replace(value) + `"`
		}
		if size += len(value); size > load.MaxFile {
			break
		}
		edits = append(edits, edit{at, at + len(params[best]), value})
		at += len(params[best])
	}
	return l.apply(edits)
}

var quoteEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
