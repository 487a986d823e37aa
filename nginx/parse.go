package nginx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// maxDepth limits blocks, and includes, within each other. nginx has no such
// limit; a configuration that exceeds it is no configuration.
const maxDepth = 200

// store is where included files come from.
type store interface {
	// Read returns the file of that name. ok is false where there is none.
	Read(name string) (f conf.File, ok bool)
	// Glob returns the names that a pattern matches, in the order in which
	// nginx includes them.
	Glob(pattern string) []string
}

// parser builds the tree of directives.
type parser struct {
	files    store
	prefix   string
	open     []string // the files being read, outermost first
	depth    int
	total    int
	problems []conf.Problem
	full     bool // the limit of the total has been reported
	main     bool // a main file is being read

	// Directives and arguments are cut from larger pieces of memory.
	directives []conf.Directive
	args       []conf.Arg
	words      []conf.Arg // of the directive being read
}

func (p *parser) fail(at conf.Pos, kind conf.Kind, format string, args ...any) {
	p.problems = append(p.problems, conf.Problem{Pos: at, Kind: kind, Message: fmt.Sprintf(format, args...)})
}

// file reads one file into the block of parent. by is the directive that
// includes it, nil for a root.
func (p *parser) file(name string, parent, by *conf.Directive) {
	at := conf.Pos{File: name}
	if by != nil {
		at = by.Pos
	}
	f, ok := p.files.Read(name)
	switch {
	case !ok:
		p.fail(at, conf.Missing, "%q is not there", name)
		return
	case f.Kind != "":
		p.fail(at, f.Kind, "%s", f.Problem)
		return
	}
	for i, n := range p.open {
		if n == name {
			p.fail(at, conf.Cycle, "%q includes itself: %s", name, strings.Join(append(p.open[i:len(p.open):len(p.open)], name), " → "))
			return
		}
	}
	if p.total += len(f.Text); p.total > load.MaxTotal || len(p.open) >= maxDepth {
		if !p.full {
			p.fail(at, conf.TooLarge, "the configuration is too large: more than %d MiB with every include, or %d includes within each other", load.MaxTotal>>20, maxDepth)
		}
		p.full = true
		return
	}
	if problem := notText(name, f.Text); problem != nil {
		p.problems = append(p.problems, *problem)
		return
	}
	p.open = append(p.open, name)
	defer func() { p.open = p.open[:len(p.open)-1] }()
	l := &lexer{file: name, text: f.Text, line: 1}
	p.block(l, parent, nil)
}

// notText refuses a binary file.
func notText(name, text string) *conf.Problem {
	at := conf.Pos{File: name, Line: 1, Column: 1}
	if strings.HasPrefix(text, "\xef\xbb\xbf") {
		return &conf.Problem{Pos: at, Kind: conf.Syntax, Message: "the file begins with a byte order mark, which nginx takes for a directive: save it as UTF-8 without one"}
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		at.Line += strings.Count(text[:i], "\n")
		at.Column = i - strings.LastIndexByte(text[:i], '\n')
		return &conf.Problem{Pos: at, Kind: conf.NotText, Message: "not a text file: it holds a zero byte"}
	}
	return nil
}

// block reads directives up to the end of the file or, where opened is not
// nil, up to the brace that closes it, which becomes its end. It is false
// where the rest of the file makes no sense any more.
func (p *parser) block(l *lexer, parent, opened *conf.Directive) bool {
	for {
		words, how, end, problem := l.words(p.words[:0])
		p.words = words
		switch {
		case problem != nil:
			p.problems = append(p.problems, *problem)
			return false
		case how == endClose && opened != nil:
			opened.End = end
			return true
		case how == endClose:
			p.fail(end, conf.Syntax, `unexpected "}"`)
			return false
		case how == endFile:
			if opened == nil {
				return true
			}
			p.fail(end, conf.Syntax, `unexpected end of file, expecting "}" for the block "%s" of line %d`, opened, opened.Pos.Line)
			return false
		}
		d := p.directive(words)
		d.End, d.Parent, d.IsBlock = end, parent, how == endOpen
		parent.Block = append(parent.Block, d)
		if problem := misformed(d); problem != nil {
			p.problems = append(p.problems, *problem)
			return false
		}
		p.main = p.main || parent.Name == "" && slices.Contains(mainOnly, d.Name)
		if problem := p.refused(d); problem != nil {
			p.problems = append(p.problems, *problem)
		} else if problem := doubtful(d); problem != nil {
			p.problems = append(p.problems, *problem)
		}
		if d.IsBlock && !p.inside(l, d) {
			return false
		}
		if d.Name == "include" && len(d.Args) == 1 && !d.IsBlock {
			p.include(d, parent)
		}
	}
}

// inside reads the block of d.
func (p *parser) inside(l *lexer, d *conf.Directive) bool {
	if isLua(d.Name) {
		body, end, problem := l.luaBlock()
		if problem != nil {
			p.problems = append(p.problems, *problem)
			return false
		}
		d.Body, d.End = body, end
		return true
	}
	if p.depth == maxDepth {
		p.fail(d.Pos, conf.TooLarge, "more than %d blocks within each other", maxDepth)
		return false
	}
	p.depth++
	ok := p.block(l, d, d)
	p.depth--
	return ok
}

// include reads the files that an include names. A pattern may match none;
// nginx gives each name that it matches to the reader, folders included.
func (p *parser) include(d, parent *conf.Directive) {
	name := d.Arg(0)
	if !strings.HasPrefix(name, "/") && p.prefix != "" {
		name = strings.TrimSuffix(p.prefix, "/") + "/" + name
	}
	if !load.HasMeta(name) {
		p.file(name, parent, d)
		return
	}
	for _, match := range p.files.Glob(name) {
		p.file(match, parent, d)
	}
}

// directive makes a directive of its words.
func (p *parser) directive(words []conf.Arg) *conf.Directive {
	if len(p.directives) == 0 {
		p.directives = make([]conf.Directive, 256)
	}
	d := &p.directives[0]
	p.directives = p.directives[1:]
	n := len(words) - 1
	if len(p.args) < n {
		p.args = make([]conf.Arg, max(512, n))
	}
	d.Pos, d.Name = words[0].Pos, words[0].Text
	d.Args = p.args[:n:n]
	p.args = p.args[n:]
	copy(d.Args, words[1:])
	return d
}
