package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// doIf runs an if block. In a location its block is in force afterwards.
func (s *state) doIf(d *conf.Directive) (exit bool) {
	holds, why := s.condition(d)
	if why != "" {
		if !s.harmless(d) {
			s.undecided(d, "the condition is not known: %s", why)
			return true
		}
		for _, set := range d.All("set") {
			s.vars[strings.TrimPrefix(set.Arg(0), "$")] = value{why: "$" + strings.TrimPrefix(set.Arg(0), "$") + " is set on a condition that is not known: " + why}
		}
		s.step(route.StepRewrite, d, "the condition is not known: %s; it changes nothing but variables", why)
		return false
	}
	if !holds {
		return false
	}
	s.step(route.StepRewrite, d, "the condition holds")
	if s.loc != s.srv.root {
		s.level = d
		if h := handlerOf(d); h != nil {
			s.handler = h
		}
	}
	return s.codes(d, true)
}

// harmless says that the block of an if does nothing but set variables, so
// that the way can be followed whether its condition holds or not.
func (s *state) harmless(d *conf.Directive) bool {
	for _, c := range d.Block {
		if c.Name != "set" || c.Arg(0) == "$args" {
			return false
		}
	}
	return s.loc == s.srv.root || s.loc.dir.First("try_files") == nil
}

// condition decides the condition of an if (ngx_http_rewrite_if_condition).
func (s *state) condition(d *conf.Directive) (holds bool, why string) {
	words := d.Texts(0)
	if len(words) == 0 || !strings.HasPrefix(words[0], "(") || !strings.HasSuffix(words[len(words)-1], ")") {
		return false, "it is written in a way that nginx refuses"
	}
	words[0] = words[0][1:]
	if words[0] == "" {
		words = words[1:]
	}
	if n := len(words) - 1; n >= 0 {
		if words[n] = strings.TrimSuffix(words[n], ")"); words[n] == "" && n > 0 && d.Arg(len(d.Args)-1) == ")" {
			words = words[:n]
		}
	}
	switch {
	case len(words) == 1 && strings.HasPrefix(words[0], "$"):
		v := s.expand(words[0], false)
		return v.text != "" && v.text != "0", v.why
	case len(words) == 2 && strings.Contains(words[0], "-"):
		return s.fileTest(words[0], words[1])
	case len(words) == 3 && strings.HasPrefix(words[0], "$"):
		return s.comparison(words[0], words[1], words[2])
	}
	return false, "it is written in a way that nginx refuses"
}

func (s *state) comparison(left, op, right string) (holds bool, why string) {
	v := s.expand(left, false)
	if v.why != "" {
		return false, v.why
	}
	negative := strings.HasPrefix(op, "!")
	switch op {
	case "=", "!=":
		w := s.expand(right, false)
		return (v.text == w.text) != negative, w.why
	case "~", "~*", "!~", "!~*":
		p := s.r.pattern(right, strings.HasSuffix(op, "*"))
		captures, ok, why := p.Match(v.text)
		if why != "" {
			return false, why
		}
		if ok {
			s.capture(p, captures)
		} else {
			s.captures = nil
		}
		return ok != negative, ""
	}
	return false, "it is written in a way that nginx refuses"
}

func (s *state) fileTest(op, path string) (holds bool, why string) {
	v := s.expand(path, false)
	if v.why != "" {
		return false, v.why
	}
	negative := strings.HasPrefix(op, "!")
	kind := s.r.look(v.text)
	if kind == route.FileUnknown || strings.HasSuffix(op, "x") && kind == route.FileRegular {
		return false, "what is at " + v.text + " is not known"
	}
	holds = kind != route.FileMissing
	switch op[len(op)-1] {
	case 'f':
		holds = kind == route.FileRegular
	case 'd':
		holds = kind == route.FileFolder
	}
	return holds != negative, ""
}

// look says what is at a path.
func (r *Router) look(path string) route.FileKind {
	if r.opts.Files == nil || path == "" {
		return route.FileUnknown
	}
	return r.opts.Files(path)
}
