package lighttpd

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// parser reads files, by the grammar of lighttpd's configparser.y. Settings
// take effect as they are read: a variable is what was assigned to it before.
type parser struct {
	files  store
	folder string // of the main file: what names are relative to
	conf   *Config
	byKey  map[string]*Block
	at     *Block          // the block that is read
	in     *conf.Directive // what it is written in

	l     *lexer
	tok   token
	last  int // where the token before ended
	depth int // of files
	nest  int // of blocks and arrays

	problems []conf.Problem
	stop     bool
}

// store is where the texts are: a load.Reader or a load.Kept.
type store interface {
	Read(name string) (f conf.File, ok bool)
	Glob(pattern string) []string
}

// dumpHead is how the output of `lighttpd -p` begins; what it closes at its end
// is left out as lighttpd itself does.
const dumpHead = "config {"

func isDump(text string) bool { return strings.HasPrefix(text, dumpHead+"\n") }

const (
	maxDepth = 100 // files that include each other
	maxNest  = 100 // what lighttpd's parser has room for (YYSTACKDEPTH)
)

func newParser(files store, folder string) *parser {
	top := &conf.Directive{IsBlock: true}
	global := &Block{settings: map[string]*Setting{}, Dir: top, key: "global"}
	p := &parser{files: files, folder: folder, conf: &Config{Top: top, Blocks: []*Block{global}, within: map[*conf.Directive]*Block{top: global}}, byKey: map[string]*Block{"global": global}, at: global, in: top}
	p.variable("var.CWD", String, "lighttpd's working folder is not known")
	p.variable("var.PID", Integer, "lighttpd's process id is not known")
	return p
}

func (p *parser) variable(name string, kind ValueKind, why string) {
	p.conf.Blocks[0].set(&Setting{Name: name, Value: &Value{Kind: kind, Unknown: why}})
}

// fail notes an error of form, which ends the reading.
func (p *parser) fail(at conf.Pos, format string, args ...any) {
	p.problem(at, conf.Syntax, format, args...)
	p.stop = true
}

func (p *parser) problem(at conf.Pos, kind conf.Kind, format string, args ...any) {
	if !p.stop {
		p.problems = append(p.problems, conf.Problem{Pos: at, Kind: kind, Message: fmt.Sprintf(format, args...)})
	}
}

// file reads a file into the block that is read. by is the include, nil for
// the main file.
func (p *parser) file(name string, by *conf.Directive) {
	at := conf.Pos{File: name}
	if by != nil {
		at = by.Pos
	}
	f, ok := p.files.Read(name)
	switch {
	case !ok:
		p.problem(at, conf.Missing, "file %q is not there", name)
		return
	case f.Kind != "":
		p.problem(at, f.Kind, "%s", f.Problem)
		return
	case p.depth >= maxDepth:
		p.problem(at, conf.Cycle, "more than %d files include each other", maxDepth)
		p.stop = true
		return
	}
	outer, outerToken, outerLast := p.l, p.tok, p.last
	p.depth++
	p.l = newLexer(name, f.Text)
	if by == nil && isDump(f.Text) {
		p.l.at = len(dumpHead)
	}
	p.advance()
	p.lines(false)
	p.depth--
	p.l, p.tok, p.last = outer, outerToken, outerLast
}

// advance reads the next token.
func (p *parser) advance() {
	p.last = p.tok.end
	t, problem := p.l.next()
	if problem != "" {
		p.fail(p.l.pos(t.start), "%s", problem)
		t = token{start: t.start, end: t.start}
	}
	p.tok = t
}

func (p *parser) here() conf.Pos { return p.l.pos(p.tok.start) }

// until leaves out tokens up to one that belongs here. lighttpd's parser throws
// away what does not fit, says nothing, and goes on: only the end of the file in
// the midst of something is an error (lemon, without an error symbol).
func (p *parser) until(want string, belongs func(token) bool) bool {
	for !p.stop {
		switch {
		case belongs(p.tok):
			return true
		case p.tok.kind == tokenEnd:
			p.fail(p.here(), "the file ends where %s is expected", want)
			return false
		}
		p.drop()
	}
	return false
}

// drop leaves out a token.
func (p *parser) drop() {
	if p.tok.kind != tokenEOL {
		p.conf.Dropped = append(p.conf.Dropped, Dropped{Pos: p.here(), Text: p.l.text[p.tok.start:p.tok.end]})
	}
	p.advance()
}

// expect takes an operator.
func (p *parser) expect(op string) bool {
	if !p.until(strconv.Quote(op), func(t token) bool { return t.is(op) }) {
		return false
	}
	p.advance()
	return !p.stop
}

// lines reads lines up to the end of the file, or of the block.
func (p *parser) lines(inBlock bool) {
	for !p.stop {
		switch p.tok.kind {
		case tokenEnd:
			if inBlock {
				p.fail(p.here(), "the file ends where \"}\" is expected")
			}
			return
		case tokenEOL:
			p.advance()
		case tokenKey:
			p.assignment()
		case tokenInclude, tokenIncludeShell:
			p.include()
		case tokenGlobal:
			p.global()
		default:
			switch {
			case p.tok.is("}") && inBlock:
				return
			case p.tok.is("$"):
				p.conditions()
			default:
				p.drop()
			}
		}
	}
}

// assignment reads key = expression and its kin.
func (p *parser) assignment() {
	d := &conf.Directive{Pos: p.here(), Name: p.tok.text, Parent: p.parent()}
	name := variableName(p.tok.text)
	p.advance()
	if !p.until("=, += or :=", func(t token) bool { return t.is("=") || t.is("+=") || t.is(":=") }) {
		return
	}
	op := p.tok.text
	d.Args = append(d.Args, conf.Arg{Pos: p.here(), Raw: op, Text: op})
	p.advance()
	v, arg := p.expression()
	if p.stop {
		return
	}
	d.Args, d.End = append(d.Args, arg), p.l.pos(max(p.last-1, 0))
	p.in.Block = append(p.in.Block, d)
	p.assign(d, name, op, v)
}

func (p *parser) assign(d *conf.Directive, name, op string, v *Value) {
	if strings.HasPrefix(name, "env.") {
		p.fail(d.Pos, "%s: an environment variable cannot be set", name)
		return
	}
	s := &Setting{Name: name, Value: v, Dir: d, By: []*conf.Directive{d}}
	old := p.at.Get(name)
	switch op {
	case "=":
		if old != nil {
			place := ""
			if old.Dir != nil {
				place = fmt.Sprintf(" (first in line %d of %s)", old.Dir.Pos.Line, old.Dir.Pos.File)
			}
			p.fail(d.Pos, "%s is set twice in the same block%s; := would replace it, += add to it", name, place)
			return
		}
	case "+=":
		if old == nil {
			old = p.lookup(name)
		}
		if old != nil {
			merged, err := merge(old.Value, v)
			if err != nil {
				p.fail(d.Pos, "%s: %s", name, err)
				return
			}
			if p.weigh(merged, d.Pos); p.stop {
				return
			}
			s.Value = merged
			s.By = append(append([]*conf.Directive{}, old.By...), d)
		}
	}
	p.at.set(s)
}

// lookup finds a variable: in the block, and in those around it.
func (p *parser) lookup(name string) *Setting {
	for b := p.at; b != nil; b = b.Parent {
		if s := b.Get(name); s != nil {
			return s
		}
	}
	return nil
}

// variableName is the full name of a key: without a dot it is a variable.
func variableName(key string) string {
	if !strings.Contains(key, ".") {
		return "var." + key
	}
	return key
}

// parent is what a directive stands in, nil at the top.
func (p *parser) parent() *conf.Directive {
	if p.in == p.conf.Top {
		return nil
	}
	return p.in
}
