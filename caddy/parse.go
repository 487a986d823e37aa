package caddy

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// Limits of what is read. Caddy has none; a configuration that exceeds them is
// no configuration.
const (
	maxTokens  = 1 << 20  // with every import
	maxBytes   = 64 << 20 // that imports bring in, arguments put in
	maxImports = 1 << 13  // carried out
	maxDepth   = 200      // blocks, and imports, within each other
)

// store is where imported files come from.
type store interface {
	// Read returns the file of that name. ok is false where there is none.
	Read(name string) (f conf.File, ok bool)
	// Glob returns the names that a pattern matches, in the order in which Caddy
	// imports them.
	Glob(pattern string) []string
}

// word is a token on its way through imports.
type word struct {
	token
	// by is the import that brought it in, nil for none; within, all of them.
	by *imported
	// is is an import directive that has been carried out; token is zero then.
	is *conf.Directive
}

// imported is an import that is being carried out.
type imported struct {
	name  string
	at    *conf.Directive
	outer *imported
	depth int
}

// parser reads Caddyfiles as Caddy does: imports and snippets put tokens into
// the place where they are used (caddyfile/parse.go).
type parser struct {
	files    store
	env      func(string) (string, bool)
	snippets map[string][]word
	words    []word   // still to be read, the next one last
	last     conf.Pos // the end of what was read
	closed   bool     // that was a closing brace
	imports  int      // carried out
	spliced  int      // tokens that these brought in
	bytes    int      // of these
	depth    int
	problems []conf.Problem
	stopped  bool
	// passed are the imports that an argument of a directive comes from; for its
	// name the index is -1.
	passed map[passedKey]*conf.Directive
}

type passedKey struct {
	d *conf.Directive
	i int
}

// fail notes a problem after which the rest makes no sense.
func (p *parser) fail(at conf.Pos, kind conf.Kind, format string, args ...any) {
	if !p.stopped {
		p.note(at, kind, format, args...)
	}
	p.stopped = true
}

func (p *parser) note(at conf.Pos, kind conf.Kind, format string, args ...any) {
	p.problems = append(p.problems, conf.Problem{Pos: at, Kind: kind, Message: fmt.Sprintf(format, args...)})
}

// root reads a main file into top.
func (p *parser) root(name string, top *conf.Directive) {
	p.stopped, p.words, p.last = false, nil, conf.Pos{File: name}
	p.push(p.file(name, conf.Pos{File: name}, nil))
	for !p.stopped && len(p.words) > 0 {
		p.one(top)
	}
}

// partAddress is the address of the site that a part of a configuration is taken
// to be of.
const partAddress = ":80"

// part reads a main file whose directives have no site around them.
func (p *parser) part(name string, top *conf.Directive) {
	p.stopped, p.words, p.last = false, nil, conf.Pos{File: name}
	p.push(p.file(name, conf.Pos{File: name}, nil))
	site := &conf.Directive{Pos: conf.Pos{File: name}, Name: partAddress, IsBlock: true}
	p.add(top, site)
	for w := p.peek(); w != nil && !p.stopped; w = p.peek() {
		if w.brace("}") {
			p.fail(w.pos, conf.Syntax, "unexpected '}'")
			return
		}
		p.directive(site)
	}
	site.End = p.last
}

// file returns the words of a file.
func (p *parser) file(name string, at conf.Pos, by *imported) []word {
	f, ok := p.files.Read(name)
	switch {
	case !ok:
		p.note(at, conf.Missing, "%q is not there", name)
		return nil
	case f.Kind != "":
		p.note(at, f.Kind, "%s", f.Problem)
		return nil
	}
	if i := strings.IndexByte(f.Text, 0); i >= 0 {
		p.fail(expandEnv(f.Text, noEnv).pos(name, i), conf.NotText, "not a text file: it holds a zero byte")
		return nil
	}
	list, problem := tokens(name, f.Text, p.env)
	if problem != nil {
		p.fail(problem.Pos, problem.Kind, "%s", problem.Message)
	}
	words := make([]word, len(list))
	for i, t := range list {
		words[i] = word{token: t, by: by}
	}
	return words
}

func noEnv(string) (string, bool) { return "", false }

// peek is the next word, nil at the end.
func (p *parser) peek() *word {
	if len(p.words) == 0 {
		return nil
	}
	return &p.words[len(p.words)-1]
}

// skip moves on to the word behind the next one, which it returns.
func (p *parser) skip() word {
	w := p.words[len(p.words)-1]
	p.words = p.words[:len(p.words)-1]
	if w.is == nil {
		p.last, p.closed = w.end, w.brace("}")
	}
	return w
}

// push makes words the next ones.
func (p *parser) push(words []word) {
	for i := len(words) - 1; i >= 0; i-- {
		p.words = append(p.words, words[i])
	}
}

// one reads what stands at the top: global options, a snippet, or a site.
func (p *parser) one(top *conf.Directive) {
	var keys []word
	more := false // a comma says that another address follows
	for {
		w := p.peek()
		switch {
		case w == nil:
			if more {
				p.fail(p.last, conf.Syntax, "unexpected end of file, expecting another address")
			}
		case w.is != nil:
			p.add(top, p.skip().is)
			continue
		case w.text == "import" && !w.quoted && w.first:
			p.doImport()
			if p.stopped {
				return
			}
			continue
		case len(keys) == 0 && w.first && p.aloneUnset():
			words := []word{p.skip()}
			d := &conf.Directive{}
			p.fill(d, words)
			p.add(top, d)
			continue
		case w.brace("{"):
			if more {
				p.fail(w.pos, conf.Syntax, "expected another address but had '{': check for an extra comma")
			}
		case w.brace("}"):
			p.fail(w.pos, conf.Syntax, "unexpected '}'")
		case len(keys) > 0 && w.first && !more:
		default:
			more = strings.HasSuffix(w.text, ",")
			k := *w
			k.text = strings.TrimSuffix(k.text, ",")
			keys = append(keys, k)
			p.skip()
			continue
		}
		break
	}
	if p.stopped {
		return
	}
	p.block(top, keys)
}

// aloneUnset says that the next word is a variable that is not known, alone on
// its line: it may stand for whole sites, or for nothing.
func (p *parser) aloneUnset() bool {
	w := p.words[len(p.words)-1]
	return !w.quoted && strings.HasPrefix(w.text, unset) && strings.IndexByte(w.text, '}') == len(w.text)-1 &&
		len(p.words) > 1 && p.words[len(p.words)-2].first && !strings.HasSuffix(w.raw, ",")
}

// block reads what belongs to the keys: the block behind them or, without a
// brace, the rest of the file.
func (p *parser) block(top *conf.Directive, keys []word) {
	w := p.peek()
	braced := w != nil && w.brace("{")
	if w == nil && len(keys) == 0 {
		return
	}
	if name, ok := snippetName(keys); ok && strings.HasPrefix(name, "(") {
		p.snippet(top, keys, strings.Trim(name, "()"))
		return
	}
	d := &conf.Directive{IsBlock: true}
	if len(keys) > 0 {
		p.fill(d, keys)
	} else {
		d.Pos = w.pos
		if len(top.Block) > 0 && !onlySnippets(top) {
			p.fail(w.pos, conf.Syntax, "a block without an address holds global options, and must be the first one")
			return
		}
	}
	p.add(top, d)
	if braced {
		p.inside(d, p.skip().pos)
	} else {
		for w := p.peek(); w != nil && !p.stopped; w = p.peek() {
			if w.brace("}") {
				p.fail(w.pos, conf.Syntax, "unexpected '}'")
				return
			}
			p.directive(d)
		}
		d.End = p.last
	}
}

// onlySnippets says that nothing at the top is a site.
func onlySnippets(top *conf.Directive) bool {
	for _, d := range top.Block {
		if d.Name != "import" && d.IsBlock && !strings.HasPrefix(d.Name, "(") {
			return false
		}
	}
	return true
}

// snippetName is the name of what a single key defines: a snippet (name) or a
// route &(name).
func snippetName(keys []word) (string, bool) {
	if len(keys) != 1 || keys[0].quoted || !strings.HasSuffix(keys[0].text, ")") {
		return "", false
	}
	k := keys[0].text
	return k, strings.HasPrefix(k, "(") || strings.HasPrefix(k, "&(")
}

// snippet keeps the words of a snippet for where it is imported.
func (p *parser) snippet(top *conf.Directive, keys []word, name string) {
	d := &conf.Directive{}
	p.fill(d, keys)
	p.add(top, d)
	w := p.peek()
	if w == nil || !w.brace("{") {
		p.fail(d.Pos, conf.Syntax, "the snippet (%s) has no block", name)
		return
	}
	if _, there := p.snippets[name]; there {
		p.fail(d.Pos, conf.Syntax, "the snippet (%s) is defined twice", name)
		return
	}
	p.skip()
	if body, ok := p.body(); ok {
		if p.snippets == nil {
			p.snippets = map[string][]word{}
		}
		p.snippets[name] = body
		d.End = p.last
		return
	}
	p.fail(p.last, conf.Syntax, "unexpected end of file, expecting '}' for the snippet (%s) of line %d", name, d.Pos.Line)
}

// body takes the words up to the brace that closes a block, which is taken as
// well.
func (p *parser) body() (words []word, ok bool) {
	for depth := 1; len(p.words) > 0; {
		w := p.skip()
		switch {
		case w.brace("{"):
			depth++
		case w.brace("}"):
			depth--
		}
		if depth == 0 {
			return words, true
		}
		words = append(words, w)
	}
	return nil, false
}

// inside reads the directives of a block up to the brace that closes it.
func (p *parser) inside(d *conf.Directive, opened conf.Pos) {
	if p.depth++; p.depth > maxDepth {
		p.fail(opened, conf.TooLarge, "more than %d blocks within each other", maxDepth)
	}
	defer func() { p.depth-- }()
	for !p.stopped {
		w := p.peek()
		switch {
		case w == nil && p.depth == 1 && p.closed:
			return // Caddy takes the brace of the last block in it for the one of the site
		case w == nil:
			p.fail(p.last, conf.Syntax, "unexpected end of file, expecting '}' for the block of line %d", opened.Line)
		case w.brace("}"):
			d.End = w.end
			p.skip()
			return
		default:
			p.directive(d)
		}
	}
}

// directive reads one directive into the block of parent.
func (p *parser) directive(parent *conf.Directive) {
	w := p.peek()
	if w.is != nil {
		p.add(parent, p.skip().is)
		return
	}
	if w.text == "import" && !w.quoted {
		p.doImport()
		return
	}
	var words []word
	var opened *conf.Pos
	for {
		w := p.peek()
		if w == nil || w.is != nil || w.brace("}") || len(words) > 0 && w.first {
			break
		}
		if w.brace("{") && len(words) > 0 && p.endsLine() {
			at := p.skip().pos
			opened = &at
			break
		}
		words = append(words, p.skip())
	}
	if len(words) == 0 {
		p.fail(w.pos, conf.Syntax, "unexpected '%s'", w.text)
		return
	}
	if words[0].brace("{") {
		p.fail(words[0].pos, conf.Syntax, "unexpected '{': it belongs to the end of the line before")
		return
	}
	d := &conf.Directive{}
	p.fill(d, words)
	p.add(parent, d)
	if opened != nil {
		d.IsBlock = true
		p.inside(d, *opened)
	}
}

// endsLine says that nothing but a closing brace follows on this line.
func (p *parser) endsLine() bool {
	if len(p.words) < 2 {
		return true
	}
	next := p.words[len(p.words)-2]
	return next.first || next.is != nil || next.brace("}")
}

// fill makes a directive of its words.
func (p *parser) fill(d *conf.Directive, words []word) {
	d.Pos, d.Name, d.End = words[0].pos, words[0].text, words[len(words)-1].end
	for i, w := range words {
		if i > 0 {
			d.Args = append(d.Args, conf.Arg{Pos: w.pos, Raw: w.raw, Text: w.text})
		}
		if w.passed != nil && w.by != nil {
			if p.passed == nil {
				p.passed = map[passedKey]*conf.Directive{}
			}
			outer := w.by
			for t := w.passed; t.passed != nil && outer.outer != nil; t = t.passed {
				outer = outer.outer
			}
			p.passed[passedKey{d, i - 1}] = outer.at
		}
	}
}

func (p *parser) add(parent, d *conf.Directive) {
	d.Parent = parent
	parent.Block = append(parent.Block, d)
}

// doImport puts the words of a snippet, or of files, into the place of the
// import that comes next.
func (p *parser) doImport() {
	var words []word
	for {
		words = append(words, p.skip())
		if w := p.peek(); w == nil || w.is != nil || w.first || w.brace("{") || w.brace("}") {
			break
		}
	}
	d := &conf.Directive{}
	p.fill(d, words)
	if len(words) < 2 || words[1].text == "" {
		p.fail(d.Pos, conf.Syntax, "import needs the name of a file or of a snippet")
		return
	}
	blocks, ok := p.importBlock(d)
	if !ok {
		return
	}
	by := &imported{name: words[1].text, at: d, outer: words[0].by}
	if by.outer != nil {
		by.depth = by.outer.depth + 1
	}
	brought := p.fetch(d, by, words[1].pos.File)
	if p.stopped {
		return
	}
	tokens, bytes := brings(brought, blocks, words[2:])
	p.imports, p.spliced, p.bytes = p.imports+1, p.spliced+tokens, p.bytes+bytes
	if p.imports > maxImports || p.spliced > maxTokens || p.bytes > maxBytes {
		p.fail(d.Pos, conf.TooLarge, "the configuration is too large with every import")
		return
	}
	brought = pass(passBlock(brought, blocks), words[2:], by)
	brought = append([]word{{is: d, token: token{first: true}}}, brought...)
	p.push(brought)
}

// importBlock reads the block of an import (Caddy 2.9 and later): words that
// the snippet gets as {block}.
func (p *parser) importBlock(d *conf.Directive) (block []word, ok bool) {
	w := p.peek()
	if w == nil || !w.brace("{") {
		return nil, true
	}
	p.skip()
	if block, ok = p.body(); !ok {
		p.fail(p.last, conf.Syntax, "unexpected end of file, expecting '}' for the import of line %d", d.Pos.Line)
	}
	return block, ok
}

// fetch returns the words that an import names: of a snippet, or of files.
func (p *parser) fetch(d *conf.Directive, by *imported, file string) []word {
	if snippet, ok := p.snippets[by.name]; ok {
		if p.cycle(by) {
			return nil
		}
		words := append([]word{}, snippet...)
		for i := range words {
			words[i].by = by
		}
		return words
	}
	name := by.name
	if why := whyUnset(name); why != "" {
		p.note(d.Args[0].Pos, conf.Missing, "what is imported is not known: %s", why)
		return nil
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(file), name)
	}
	if strings.Count(name, "*") > 1 || strings.Count(name, "?") > 1 || strings.Contains(name, "[") && strings.Contains(name, "]") {
		p.fail(d.Args[0].Pos, conf.Syntax, "a pattern may have one wildcard only: %s", by.name)
		return nil
	}
	matches := []string{name}
	if strings.ContainsAny(name, "*?") {
		matches = p.files.Glob(name)
	}
	var words []word
	for _, match := range matches {
		one := *by
		one.name = match
		if !p.cycle(&one) {
			words = append(words, p.file(match, d.Args[0].Pos, &one)...)
		}
	}
	return words
}

// cycle says that an import is within one of the same.
func (p *parser) cycle(by *imported) bool {
	for outer := by.outer; outer != nil; outer = outer.outer {
		if outer.name == by.name || by.depth > maxDepth {
			p.fail(by.at.Pos, conf.Cycle, "%s imports itself", by.name)
			return true
		}
	}
	return false
}
