package lighttpd

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// copied is a configuration as one file, one setting a line, with the places
// that its lines come from.
type copied struct {
	text  strings.Builder
	lines []*conf.Directive // of line i+1; nil for what nobody wrote
}

func (p *copied) line(by *conf.Directive, depth int, text string) {
	fmt.Fprintf(&p.text, "%s%s\n", strings.Repeat("  ", depth), text)
	p.lines = append(p.lines, by)
}

// from is the directive that a line comes from, nil where nobody wrote it.
func (p *copied) from(line int) *conf.Directive {
	if line < 1 || line > len(p.lines) {
		return nil
	}
	return p.lines[line-1]
}

// print is a value as it is written in a configuration.
func (v *Value) print() string {
	switch v.Kind {
	case Integer:
		return v.Str()
	case String:
		return quoted(v.Text)
	}
	var b strings.Builder
	for i, item := range v.Items {
		if i > 0 {
			b.WriteString(", ")
		}
		if item.HasKey {
			b.WriteString(quoted(item.Key) + " => ")
		}
		b.WriteString(item.Value.print())
	}
	return "(" + b.String() + ")"
}

// quoted writes a string; what was read on one line stays on one.
func quoted(text string) string {
	return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"`
}

func text(s string) *Value { return &Value{Text: s} }

func list(values ...*Value) *Value {
	v := &Value{Kind: Array}
	for _, one := range values {
		v.Items = append(v.Items, Item{Value: one})
	}
	return v
}
