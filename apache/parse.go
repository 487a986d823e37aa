package apache

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// maxDepth limits includes within each other (AP_MAX_INCLUDE_DEPTH), sections,
// and macros. load.MaxFile is also Apache's limit of one line
// (VARBUF_MAX_LEN), load.MaxTotal that of all lines, variables and macros put
// in, each as often as it is read.
const maxDepth = 128

// store is where files come from.
type store interface {
	// Read returns the file of that name. ok is false where there is none.
	Read(name string) (f conf.File, ok bool)
	// List returns the names in a folder, in byte order. ok is false where it
	// is no folder that can be listed.
	List(folder string) (names []string, ok bool)
	// Exists says that something is there, without reading it.
	Exists(name string) bool
}

// parser builds the tree of directives.
type parser struct {
	files store
	root  string // what relative names are relative to: ServerRoot
	main  bool   // the configuration is whole: what it does not load is absent

	env     map[string]string
	defines map[string]bool
	vars    map[string]string // what Define gives a value
	modules map[string]*conf.Directive
	macros  map[string]*macro
	missing map[string]bool // variables without a value

	guards   []*Guard
	problems []conf.Problem
	open     []string // the files being read, outermost first
	depth    int      // of sections
	total    int
	full     bool // the limit of the total has been reported
}

func newParser(files store, root string, env map[string]string) *parser {
	p := &parser{files: files, root: root, env: env, defines: map[string]bool{}, vars: map[string]string{}, modules: map[string]*conf.Directive{}, macros: map[string]*macro{}, missing: map[string]bool{}}
	for _, id := range static {
		p.modules[id] = nil
	}
	return p
}

func (p *parser) fail(at conf.Pos, kind conf.Kind, format string, args ...any) {
	p.problems = append(p.problems, conf.Problem{Pos: at, Kind: kind, Message: fmt.Sprintf(format, args...)})
}

// file reads one file into the block of parent. by is the directive that
// includes it, nil for a root; optional says that it need not be there.
func (p *parser) file(name string, parent, by *conf.Directive, optional bool) {
	at := conf.Pos{File: name}
	if by != nil {
		at = by.Pos
	}
	f, ok := p.files.Read(name)
	switch {
	case !ok && optional:
		return
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
	if len(p.open) >= maxDepth {
		p.fail(at, conf.TooLarge, "more than %d includes within each other", maxDepth)
		return
	}
	if i := strings.IndexByte(f.Text, 0); i >= 0 {
		line := 1 + strings.Count(f.Text[:i], "\n")
		p.fail(conf.Pos{File: name, Line: line, Column: i - strings.LastIndexByte(f.Text[:i], '\n')}, conf.NotText, "not a text file: it holds a zero byte")
		return
	}
	if strings.HasPrefix(f.Text, "\xef\xbb\xbf") {
		p.fail(conf.Pos{File: name, Line: 1, Column: 1}, conf.Syntax, "the file begins with a byte order mark, which Apache takes for a part of the first directive's name: save it as UTF-8 without one")
		return
	}
	p.open = append(p.open, name)
	defer func() { p.open = p.open[:len(p.open)-1] }()
	p.lines(&source{file: name, text: f.Text}, parent, "")
}

// take counts what is read; false where it is too much.
func (p *parser) take(l *line) bool {
	if p.total += len(l.text) + 1; p.total <= load.MaxTotal {
		return true
	}
	if !p.full {
		p.fail(l.pos(0), conf.TooLarge, "the configuration is too large: more than %d MiB with every include, variable and macro", load.MaxTotal>>20)
	}
	p.full = true
	return false
}

// value is what ${name} stands for.
func (p *parser) value(name string) (string, bool) {
	if v, ok := p.vars[name]; ok {
		return v, true
	}
	v, ok := p.env[name]
	return v, ok
}

// lines reads directives into the block of base: up to the end, or up to the
// line that closes the guard whose content they are; false where that is
// missing (ap_build_config and ap_build_cont_config in server/config.c).
func (p *parser) lines(s *source, base *conf.Directive, guard string) bool {
	current := base
	for {
		raw, ok := s.next()
		if !ok || !p.take(&raw) {
			break
		}
		if guard != "" && current == base && strings.EqualFold(raw.text, "</"+guard+">") {
			return true
		}
		l, unknown := raw.resolve(p.value)
		if p.total += len(l.text) - len(raw.text); len(l.text) > load.MaxFile || p.total > load.MaxTotal {
			p.total = load.MaxTotal
			p.take(&l)
			break
		}
		for _, name := range unknown {
			p.missing[name] = true
		}
		if l.text == "" { // a variable without text
			continue
		}
		d, kind, problem := l.directive()
		if problem != "" {
			p.fail(d.Pos, conf.Syntax, "%s", problem)
			break
		}
		d.Parent = current
		switch {
		case kind == tagClose && current == base:
			p.fail(d.Pos, conf.Syntax, "</%s> without matching <%s> section", d.Name, d.Name)
			return false
		case kind == tagClose && !strings.EqualFold(current.Name, d.Name):
			p.fail(d.Pos, conf.Syntax, "expected </%s> of line %d but saw </%s>", current.Name, current.Pos.Line, d.Name)
			return false
		case kind == tagClose:
			current.End = d.End
			current = current.Parent
			p.depth--
		case kind == tagOpen && p.onRead(s, &l, d, current):
		case kind == tagOpen:
			current.Block = append(current.Block, d)
			current = d
			if p.depth++; p.depth > maxDepth {
				p.fail(d.Pos, conf.TooLarge, "more than %d sections within each other", maxDepth)
				return false
			}
		default:
			current.Block = append(current.Block, d)
			p.directive(s, &l, d, current)
		}
	}
	for ; current != base; current = current.Parent {
		p.depth--
		p.fail(current.Pos, conf.Syntax, "<%s> was not closed", current.Name)
	}
	return false
}

// directive carries out the directives that act while Apache reads.
func (p *parser) directive(s *source, l *line, d, parent *conf.Directive) {
	switch d.Name {
	case "Include", "IncludeOptional":
		if len(d.Args) != 1 {
			p.fail(d.Pos, conf.Syntax, "%s takes one argument, the name of a file, a folder or a pattern", d.Name)
			return
		}
		p.include(d, parent, d.Name == "IncludeOptional")
	case "ServerRoot":
		if len(d.Args) == 1 {
			p.root = strings.TrimSuffix(absolute(p.root, d.Arg(0)), "/")
		}
	case "LoadModule":
		if len(d.Args) == 2 {
			if _, ok := p.modules[d.Arg(0)]; !ok {
				p.modules[d.Arg(0)] = d
			}
		}
	case "Define":
		switch {
		case len(d.Args) == 0 || len(d.Args) > 2:
			p.fail(d.Pos, conf.Syntax, "Define takes one or two arguments, a name and a value")
		case strings.Contains(d.Arg(0), ":"):
			p.fail(d.Pos, conf.Syntax, "the name of a variable must not contain ':'")
		default:
			p.defines[d.Arg(0)] = true
			if len(d.Args) == 2 {
				p.vars[d.Arg(0)] = d.Arg(1)
			}
		}
	case "UnDefine":
		delete(p.defines, d.Arg(0))
		delete(p.vars, d.Arg(0))
	case "Use":
		p.use(s, l, d)
	case "UndefMacro":
		delete(p.macros, strings.ToLower(d.Arg(0)))
	}
}

// absolute is a name, put behind the folder where it is relative.
func absolute(folder, name string) string {
	if strings.HasPrefix(name, "/") || folder == "" {
		return name
	}
	return strings.TrimSuffix(folder, "/") + "/" + name
}
