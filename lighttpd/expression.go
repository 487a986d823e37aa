package lighttpd

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// expression reads values joined by +. The argument is how it is written.
func (p *parser) expression() (*Value, conf.Arg) {
	start := p.tok.start
	v := p.value()
	for !p.stop && p.tok.is("+") {
		at := p.here()
		p.advance()
		w := p.value()
		if p.stop {
			break
		}
		merged, err := merge(v, w)
		if err != nil {
			p.fail(at, "%s", err)
			break
		}
		p.weigh(merged, at)
		v = merged
	}
	if p.stop {
		return &Value{}, conf.Arg{}
	}
	return v, conf.Arg{Pos: p.l.pos(start), Raw: p.l.text[start:p.last], Text: v.Str()}
}

// value reads one value.
func (p *parser) value() *Value {
	if !p.until("a value", beginsValue) {
		return &Value{}
	}
	t := p.tok
	at := p.here()
	switch t.kind {
	case tokenString:
		p.advance()
		v := &Value{Text: t.text}
		p.weigh(v, at)
		return v
	case tokenInteger:
		n, err := strconv.ParseInt(t.text, 10, 64)
		if err != nil {
			p.fail(at, "%s is too large a number", t.text)
		}
		p.advance()
		return &Value{Kind: Integer, Number: int(int32(n))} // lighttpd's are as large
	case tokenKey:
		p.advance()
		return p.reference(at, variableName(t.text))
	}
	return p.array()
}

func beginsValue(t token) bool {
	return t.kind == tokenString || t.kind == tokenInteger || t.kind == tokenKey || t.is("(")
}

// reference is the value of a variable, or of any setting.
func (p *parser) reference(at conf.Pos, name string) *Value {
	if env, ok := strings.CutPrefix(name, "env."); ok {
		return &Value{Unknown: fmt.Sprintf("the environment variable %s of lighttpd is not known", env)}
	}
	if s := p.lookup(name); s != nil {
		return s.Value
	}
	if len(p.conf.Shell) > 0 {
		return &Value{Unknown: fmt.Sprintf("%s is not set here; an include_shell may set it", name)}
	}
	if !p.stop {
		p.fail(at, "%s is not set", name)
	}
	return &Value{}
}

// array reads ( … ). Commas may be doubled and stand at the end.
func (p *parser) array() *Value {
	if p.nest++; p.nest > maxNest {
		p.fail(p.here(), "more than %d lists and blocks within each other", maxNest)
	}
	defer func() { p.nest-- }()
	at := p.here()
	p.advance()
	v := &Value{Kind: Array}
	p.until(")", func(t token) bool { return t.is(")") || beginsValue(t) })
	for !p.stop && !p.tok.is(")") {
		if beginsValue(p.tok) {
			item := p.item()
			if p.stop {
				break
			}
			if item.HasKey && v.Get(item.Key) != nil {
				p.fail(item.Dir.Pos, "duplicate array-key %q", item.Key)
				break
			}
			v.Items = append(v.Items, item)
		}
		p.until(", or )", func(t token) bool { return t.is(",") || t.is(")") })
		for !p.stop && p.tok.is(",") {
			p.advance()
		}
	}
	if !p.stop {
		p.advance()
	}
	p.weigh(v, at)
	return v
}

// weigh ends the reading at a value that is too large.
func (p *parser) weigh(v *Value, at conf.Pos) {
	if !v.weigh() && !p.stop {
		p.problem(at, conf.TooLarge, "the value is larger than that of any configuration")
		p.stop = true
	}
}

// item reads an element of an array.
func (p *parser) item() Item {
	v, arg := p.expression()
	d := &conf.Directive{Pos: arg.Pos, Name: arg.Raw, End: p.l.pos(max(p.last-1, 0)), Parent: p.parent()}
	if p.stop || !p.tok.is("=>") {
		return Item{Value: v, Dir: d}
	}
	if v.Kind == Array {
		p.fail(arg.Pos, "a key must be a string")
		return Item{}
	}
	op := conf.Arg{Pos: p.here(), Raw: "=>", Text: "=>"}
	key := v.Str()
	p.advance()
	v, arg = p.expression()
	d.Args, d.End = []conf.Arg{op, arg}, p.l.pos(max(p.last-1, 0))
	return Item{Key: key, HasKey: true, Value: v, Dir: d}
}
