package apache

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// trivial says that a rule changes nothing that matters whether it applies or
// not.
func (s *state) trivial(ru rule) bool {
	if ru.dir.Arg(1) != "-" {
		return false
	}
	for name := range ru.flags {
		switch name {
		case "E", "CO", "NC", "", "NS":
		default:
			return false
		}
	}
	return true
}

// conds evaluates the conditions of a rule. captures are those of the last
// one that matched.
func (s *state) conds(all []*conf.Directive, rule []string) (captures []string, holds truth) {
	holds = yes
	for i := 0; i < len(all); i++ {
		t := no
		for { // one or more with [OR] between them
			c, one := s.cond(all[i], rule, captures)
			if one == yes {
				if t = yes; c != nil {
					captures = c
				}
			} else if one == unknown && t == no {
				t = unknown
			}
			if !has(flagsOf(all[i].Arg(2)), "OR") && !has(flagsOf(all[i].Arg(2)), "ORNEXT") || i+1 >= len(all) {
				break
			}
			i++
		}
		if t == no {
			return nil, no
		}
		if t == unknown {
			holds = unknown
		}
	}
	return captures, holds
}

func (s *state) cond(d *conf.Directive, rule, before []string) (captures []string, t truth) {
	if s.unset(d) {
		return nil, unknown
	}
	if rule == nil {
		rule = []string{}
	}
	if before == nil {
		before = []string{}
	}
	want, not := strings.CutPrefix(d.Arg(1), "!")
	if strings.EqualFold(d.Arg(0), "expr") {
		t = s.expr(want)
		if not {
			t = t.not()
		}
		return nil, t
	}
	noCase := has(flagsOf(d.Arg(2)), "NC")
	text, ok := s.expand(d.Arg(0), rule, before)
	if !ok {
		return nil, unknown
	}
	switch {
	case len(want) == 2 && want[0] == '-' && want != "-R":
		kind := s.r.file(text)
		switch want[1] {
		case 'f', 'F':
			t = decide(kind != route.FileUnknown, kind == route.FileRegular)
		case 'd':
			t = decide(kind != route.FileUnknown, kind == route.FileFolder)
		}
	case strings.HasPrefix(want, "="):
		want = strings.Trim(want[1:], `"`)
		t = known(text == want || noCase && strings.EqualFold(text, want))
	case strings.HasPrefix(want, "<="), strings.HasPrefix(want, ">="), want != "" && want[0] == '-':
		t = unknown
	case strings.HasPrefix(want, "<"):
		t = known(text < want[1:])
	case strings.HasPrefix(want, ">"):
		t = known(text > want[1:])
	default:
		p := compile(want, noCase)
		if p.why != "" {
			return nil, unknown
		}
		captures, ok = p.match(text)
		t = known(ok)
	}
	if not {
		return nil, t.not()
	}
	return captures, t
}

// fixups runs what stands in sections: Redirect and RewriteRule (fixup_redir in
// mod_alias.c, hook_fixup in mod_rewrite.c), after access.
func (s *state) fixups() {
	if s.rewriteFolder(); s.done {
		return
	}
	var lists []redirect
	var whole *redirect // the last one for all of its section
	for _, b := range s.sections() {
		if b == s.r.conf.Top || b == s.srv.dir {
			continue
		}
		for _, d := range b.All(redirecting...) {
			if m := newRedirect(d); m.path == "" {
				whole = &m
			} else {
				lists = append(lists, m)
			}
		}
	}
	if whole != nil {
		s.redirect(*whole)
	}
	for _, m := range lists {
		if s.done {
			return
		}
		s.redirect(m)
	}
}

// mayApply says that a rule in a section could match and change something.
func (s *state) mayApply(ru rule) bool {
	text, not := strings.CutPrefix(ru.dir.Arg(0), "!")
	p := compile(text, has(ru.flags, "NC"))
	if p.why != "" || not {
		return true
	}
	if s.trivial(ru) {
		return false
	}
	for i := range len(s.filename) {
		if s.filename[i] == '/' || i == 0 {
			for _, rest := range []string{s.filename[i:], s.filename[i+1:]} {
				if _, ok := p.match(rest); ok {
					_, holds := s.conds(ru.conds, []string{})
					return holds != no
				}
			}
		}
	}
	return false
}
