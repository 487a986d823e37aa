package apache

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// Guard is a section whose content is read or left out while Apache reads:
// IfModule, IfDefine, IfVersion, IfFile, IfDirective or IfSection. What Apache
// leaves out it does not check, and `apache2 -t` says "Syntax OK".
type Guard struct {
	// Directive is the section. Its Parent is the block in which it stands.
	// Where it is not in force its Block holds what is left out; what is in
	// force stands in Parent's block instead.
	Directive *conf.Directive
	Open      bool   // in force
	Known     bool   // false: assumed, because the source is only a part of a configuration
	Why       string // one clause: "mod_xsendfile is not loaded"
}

// onRead carries out the sections that act while Apache reads.
func (p *parser) onRead(s *source, l *line, d, parent *conf.Directive) bool {
	switch d.Name {
	case "Macro":
		p.defineMacro(s, d)
		return true
	case "IfModule", "IfDefine", "IfVersion", "IfFile", "IfDirective", "IfSection":
	default:
		return false
	}
	g := &Guard{Directive: d}
	g.Open, g.Known, g.Why = p.condition(d)
	p.guards = append(p.guards, g)
	if p.depth++; p.depth > maxDepth {
		p.fail(d.Pos, conf.TooLarge, "more than %d sections within each other", maxDepth)
		s.queue, s.off = nil, len(s.text)
		p.depth--
		return true
	}
	name, _, _, _ := word(l.text, 0)
	if g.Open {
		p.lines(s, parent, strings.TrimSuffix(name[1:], ">"))
	} else {
		p.skip(s, d)
	}
	p.depth--
	return true
}

// skip reads what is left out, as a tree for people and rules: nothing of it
// is carried out (ap_soak_end_container in server/config.c).
func (p *parser) skip(s *source, d *conf.Directive) {
	current := d
	for {
		raw, ok := s.next()
		if !ok || !p.take(&raw) {
			break
		}
		l, _ := raw.resolve(p.value)
		if l.text == "" || len(l.text) > load.MaxFile {
			continue
		}
		in, kind, problem := l.directive()
		in.Parent = current
		switch {
		case kind == tagClose && (problem != "" || !strings.EqualFold(current.Name, in.Name)):
			p.fail(in.Pos, conf.Syntax, "expected </%s> of line %d but saw </%s>", current.Name, current.Pos.Line, in.Name)
			return
		case kind == tagClose:
			current.End = in.End
			if current == d {
				return
			}
			current = current.Parent
			p.depth--
		case kind == tagOpen:
			current.Block = append(current.Block, in)
			current = in
			if p.depth++; p.depth > maxDepth {
				p.fail(in.Pos, conf.TooLarge, "more than %d sections within each other", maxDepth)
				return
			}
		default:
			current.Block = append(current.Block, in)
		}
	}
	for ; current != d; current = current.Parent {
		p.depth--
	}
	p.fail(d.Pos, conf.Syntax, "expected </%s> before the end of the configuration", d.Name)
}

// condition decides a guard.
func (p *parser) condition(d *conf.Directive) (open, known bool, why string) {
	test := d.Arg(0)
	test, not := strings.CutPrefix(test, "!")
	if not && test == "" { // "! name"
		test = d.Arg(1)
	}
	var is string
	var yes bool
	known = true
	switch d.Name {
	case "IfModule":
		_, yes = p.modules[moduleID(test)]
		is = strings.TrimSuffix(test, ".c") + " is loaded"
		if id := moduleID(test); id == test && !strings.HasSuffix(id, "_module") {
			is = test + " is the name of a loaded module (it wants mod_x.c or x_module)"
		}
		if !yes && !p.main && !nobodys(test) {
			yes, known = true, false
		}
	case "IfDefine":
		yes = p.defines[test]
		known = yes || p.main
		is = test + " is defined"
	case "IfFile":
		name := absolute(p.root, test)
		yes = p.files.Exists(path.Clean(name))
		is = name + " is there"
	case "IfDirective", "IfSection":
		module, ok := moduleOf(canonical(test))
		_, yes = p.modules[moduleID(module+".c")]
		yes = yes || ok && module == ""
		known = ok && (yes || p.main)
		yes = yes || ok && !p.main
		is = "the directive " + test + " exists"
	case "IfVersion":
		yes, known = version(d.Texts(0))
		return yes, known, "Apache's version " + map[bool]string{true: "satisfies ", false: "does not satisfy "}[yes] + strings.Join(d.Texts(0), " ")
	}
	if !yes {
		is = strings.NewReplacer(" is ", " is not ", " exists", " does not exist").Replace(is)
	}
	if !known {
		is = "assumed: " + is
	}
	return yes != not, known, is
}

// version decides <IfVersion>: whether the releases of Apache 2.4 fulfil it.
// known is false where some do and some do not; then most of them decide.
func version(args []string) (yes, known bool) {
	op, want := "=", ""
	switch len(args) {
	case 1:
		want = args[0]
	case 2:
		op, want = args[0], args[1]
	default:
		return false, false
	}
	op, not := strings.CutPrefix(op, "!")
	var match func(patch int) bool
	if op == "~" || strings.HasPrefix(want, "/") {
		re, err := regexp.Compile(strings.Trim(want, "/"))
		if err != nil {
			return true, false
		}
		match = func(patch int) bool { return re.MatchString("2.4." + strconv.Itoa(patch)) }
	} else {
		var v [3]int
		for i, part := range strings.SplitN(want, ".", 3) {
			n, err := strconv.Atoi(part)
			if err != nil {
				return false, false
			}
			v[i] = n
		}
		match = func(patch int) bool { return compared(op, order([3]int{2, 4, patch}, v)) }
	}
	const releases = 100
	count := 0
	for patch := range releases {
		if match(patch) != not {
			count++
		}
	}
	return count > releases/2, count == 0 || count == releases
}

func order(a, b [3]int) int {
	for i := range a {
		if a[i] != b[i] {
			return a[i] - b[i]
		}
	}
	return 0
}

func compared(op string, c int) bool {
	switch op {
	case "=", "==":
		return c == 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	}
	return false
}
