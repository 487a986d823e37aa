package lighttpd

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// global reads global { … }: the settings in it are those of the top.
func (p *parser) global() {
	d := &conf.Directive{Pos: p.here(), Name: "global", IsBlock: true, Parent: p.parent()}
	p.advance()
	p.body(d, p.conf.Blocks[0])
}

// body reads { … } into a block.
func (p *parser) body(d *conf.Directive, b *Block) {
	if p.nest++; p.nest > maxNest {
		p.fail(d.Pos, "more than %d lists and blocks within each other", maxNest)
	}
	defer func() { p.nest-- }()
	if !p.expect("{") {
		return
	}
	p.in.Block = append(p.in.Block, d)
	at, in := p.at, p.in
	p.at, p.in = b, d
	p.conf.within[d] = b
	p.lines(true)
	p.at, p.in = at, in
	if !p.stop {
		p.advance() // }
		d.End = p.l.pos(max(p.last-1, 0))
	}
}

// conditions reads a condition with its else branches, and the end of its line.
func (p *parser) conditions() {
	prev := p.condition(nil, nil)
	for !p.stop {
		if p.tok.kind == tokenEOL {
			p.advance()
			if p.tok.kind != tokenElse {
				return
			}
		}
		if !p.until("else", func(t token) bool { return t.kind == tokenElse }) {
			return
		}
		d := &conf.Directive{Pos: p.here(), Name: "else", IsBlock: true, Parent: p.parent()}
		if p.advance(); p.stop {
			return
		}
		last := prev
		if p.tok.is("$") {
			prev = p.condition(last, d)
		} else {
			prev = p.otherwise(last, d)
		}
		if !p.stop && last.Cond.Op == opElse {
			p.fail(d.Pos, "nothing reaches an else behind an else without a condition")
		}
	}
}

// condition reads $NAME["tag"] op value { … }. d is the else before it, prev
// the branch that it belongs to; nil for the first one.
func (p *parser) condition(prev *Block, d *conf.Directive) *Block {
	start, at := p.tok.start, p.here()
	p.advance()
	if !p.until("HTTP, SERVER or REQUEST_HEADER", func(t token) bool { return t.kind == tokenVariable }) {
		return nil
	}
	object := p.tok.text
	if p.advance(); !p.expect("[") {
		return nil
	}
	tag, arg := p.expression()
	if !p.stop && tag.Kind == Array {
		p.fail(arg.Pos, "what is compared must be named by a string")
	}
	if !p.expect("]") {
		return nil
	}
	name := p.l.text[start:p.last]
	if !p.until("a comparison", func(t token) bool { return t.kind == tokenOp && isCompare(t.text) }) {
		return nil
	}
	op := conf.Arg{Pos: p.here(), Raw: p.tok.text, Text: p.tok.text}
	p.advance()
	v, value := p.expression()
	if !p.stop && v.Kind != String {
		p.fail(value.Pos, "a condition compares with a string")
	}
	if p.stop {
		return nil
	}
	args := []conf.Arg{op, value}
	if d == nil {
		d = &conf.Directive{Pos: at, Name: name, IsBlock: true, Parent: p.parent()}
	} else {
		args = append([]conf.Arg{{Pos: at, Raw: name, Text: name}}, args...)
	}
	d.Args = args
	if p.in.Name == "global" {
		p.fail(d.Pos, "no condition may stand in global { }")
		return nil
	}
	cond, err := newCond(object, tag.Str(), op.Text, v)
	if err != nil {
		p.fail(value.Pos, "%s", err)
		return nil
	}
	b := p.enter(cond, d)
	p.body(d, b)
	if prev != nil && !p.stop {
		if prev.Index >= b.Index {
			p.fail(d.Pos, "nothing reaches this else: the same condition stands before it")
		}
		b.Prev = prev
	}
	return b
}

// enter is the block of a condition: a new one, or the one that the same
// condition made before in the same place.
func (p *parser) enter(cond Cond, d *conf.Directive) *Block {
	key := p.at.key + " / " + cond.String()
	if b := p.byKey[key]; b != nil {
		return b
	}
	return p.newBlock(cond, d, key)
}

func (p *parser) newBlock(cond Cond, d *conf.Directive, key string) *Block {
	b := &Block{Index: len(p.conf.Blocks), Cond: cond, Parent: p.at, Dir: d, settings: map[string]*Setting{}, key: key}
	p.conf.Blocks = append(p.conf.Blocks, b)
	p.byKey[key] = b
	return b
}

// otherwise reads the block of an else without a condition. It is known by the
// opposite of the condition before it.
func (p *parser) otherwise(prev *Block, d *conf.Directive) *Block {
	key := p.at.key + " / " + prev.Cond.opposite()
	b := p.newBlock(Cond{Op: opElse}, d, p.at.key+" / else_tmp_token") // lighttpd's own name while it is read
	b.Prev = prev
	p.body(d, b)
	delete(p.byKey, b.key)
	if p.byKey[key] != nil {
		p.fail(d.Pos, "nothing reaches this else: the opposite of its condition has a block of its own before it")
		return b
	}
	b.key = key
	p.byKey[key] = b
	return b
}

// include reads include and include_shell. The commands of the latter are
// never executed.
func (p *parser) include() {
	shell := p.tok.kind == tokenIncludeShell
	d := &conf.Directive{Pos: p.here(), Name: p.tok.text, Parent: p.parent()}
	p.advance()
	v, arg := p.expression()
	if p.stop {
		return
	}
	if v.Kind == Array {
		p.fail(arg.Pos, "%s wants a string", d.Name)
		return
	}
	d.Args, d.End = []conf.Arg{arg}, p.l.pos(max(p.last-1, 0))
	p.in.Block = append(p.in.Block, d)
	switch {
	case v.Unknown != "":
		p.problem(d.Pos, conf.Unreadable, "%s: what it includes is not known: %s", d.Name, v.Unknown)
		p.conf.Shell = append(p.conf.Shell, d)
	case shell:
		p.shell(d, v.Str())
	default:
		p.glob(d, v.Str())
	}
}

// shell is include_shell. What Debian's own scripts print is known: sockets,
// types of files, and what is enabled.
func (p *parser) shell(d *conf.Directive, command string) {
	program, _, _ := strings.Cut(strings.TrimSpace(command), " ")
	switch program {
	case "/usr/share/lighttpd/use-ipv6.pl", "/usr/share/lighttpd/create-mime.conf.pl", "/usr/share/lighttpd/create-mime.assign.pl":
		return
	case "/usr/share/lighttpd/include-conf-enabled.pl":
		p.glob(d, "/etc/lighttpd/conf-enabled/*.conf")
		return
	}
	p.conf.Shell = append(p.conf.Shell, d)
	p.problem(d.Pos, conf.Unreadable, "include_shell is not executed: what %q prints is not known", command)
}
