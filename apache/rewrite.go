package apache

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// rule is a RewriteRule with the conditions before it.
type rule struct {
	dir   *conf.Directive
	conds []*conf.Directive
	flags map[string]string // by their short names, in upper case
}

// shortFlags are the short names of flags with longer ones
// (https://httpd.apache.org/docs/2.4/rewrite/flags.html).
var shortFlags = map[string]string{
	"REDIRECT": "R", "PROXY": "P", "PASSTHROUGH": "PT", "FORBIDDEN": "F", "GONE": "G", "LAST": "L", "NEXT": "N", "CHAIN": "C", "SKIP": "S",
	"NOCASE": "NC", "NOESCAPE": "NE", "QSAPPEND": "QSA", "QSDISCARD": "QSD", "QSLAST": "QSL", "ENV": "E", "HANDLER": "H", "TYPE": "T", "COOKIE": "CO", "NOSUBREQ": "NS",
	"BACKREFNOPLUS": "BNP", "DISCARDPATH": "DPI",
}

func rulesOf(block *conf.Directive) (rules []rule) {
	var conds []*conf.Directive
	for _, d := range block.All("RewriteCond", "RewriteRule") {
		if d.Name == "RewriteCond" {
			conds = append(conds, d)
			continue
		}
		rules = append(rules, rule{d, conds, flagsOf(d.Arg(2))})
		conds = nil
	}
	return rules
}

func flagsOf(text string) map[string]string {
	flags := map[string]string{}
	for _, f := range strings.Split(strings.Trim(text, "[]"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(f), "=")
		name = strings.ToUpper(name)
		if short, ok := shortFlags[name]; ok {
			name = short
		}
		flags[name] = value
	}
	return flags
}

// serverRules are the rules of the server: those of a virtual host alone but
// where RewriteOptions inherits. RewriteEngine itself is inherited.
func (s *state) serverRules() []rule {
	if d := s.serverLast("RewriteEngine"); d == nil || !strings.EqualFold(d.Arg(0), "on") {
		return nil
	}
	rules := rulesOf(s.srv.block)
	if s.srv.dir == nil {
		return rules
	}
	for _, d := range s.srv.block.All("RewriteOptions") {
		for _, o := range d.Texts(0) {
			switch strings.ToLower(o) {
			case "inherit":
				rules = append(rules, rulesOf(s.r.conf.Top)...)
			case "inheritbefore":
				rules = append(rulesOf(s.r.conf.Top), rules...)
			}
		}
	}
	return rules
}

// rewriteServer runs the rules of the server, before ProxyPass and the others
// are looked at (hook_uri2file in mod_rewrite.c).
func (s *state) rewriteServer() {
	rules := s.serverRules()
	changed, passed := false, false
	for i := 0; i < len(rules); i++ {
		ru := rules[i]
		applied := s.apply(ru)
		if s.done {
			return
		}
		if !applied {
			for has(ru.flags, "C") && i+1 < len(rules) { // the rest of the chain
				i++
				ru = rules[i]
			}
			continue
		}
		changed = changed || ru.dir.Arg(1) != "-"
		if s.filename != "" {
			break
		}
		if passed = has(ru.flags, "PT"); passed {
			break
		}
		if has(ru.flags, "N") {
			s.undecided(ru.dir, "the rules are run again and again")
			return
		}
		if n, _ := strconv.Atoi(ru.flags["S"]); n > 0 {
			i += n
		}
		if has(ru.flags, "L") || has(ru.flags, "END") {
			break
		}
	}
	if s.moved != nil && strings.Contains(s.uri, "://") {
		s.redirected()
		return
	}
	if s.filename != "" || !changed || passed {
		return
	}
	// Rewritten to a path, which nothing else takes any more: a file-system
	// path if its first part is there, or else one behind DocumentRoot.
	first, _, _ := strings.Cut(s.uri[1:], "/")
	switch kind := s.r.file("/" + first); kind {
	case route.FileUnknown:
		s.undecided(lastOf(s.srv.block.All("RewriteRule")), "without [PT] a rewritten path is one of the file system if /%s is there", first)
	case route.FileMissing:
		s.storage()
	default:
		s.filename = s.uri
		s.step(route.StepFile, nil, "it is a path of the file system")
	}
}

func has(flags map[string]string, name string) bool { _, ok := flags[name]; return ok }

// apply runs one rule; false where it does not match.
func (s *state) apply(ru rule) bool {
	d := ru.dir
	if s.unset(d, d.Arg(0)) {
		return false
	}
	text, not := strings.CutPrefix(d.Arg(0), "!")
	p := compile(text, has(ru.flags, "NC"))
	if p.why != "" {
		s.undecided(d, "%s", p.why)
		return false
	}
	captures, ok := p.match(s.subject())
	if ok == not || s.unset(d, d.Arg(1)) {
		return false
	}
	conds, holds := s.conds(ru.conds, captures)
	if holds == no {
		return false
	}
	if holds == unknown {
		if !s.trivial(ru) {
			s.undecided(d, "whether its conditions hold is not known")
		}
		return false
	}
	if captures == nil {
		captures = []string{}
	}
	if conds == nil {
		conds = []string{}
	}
	if e := ru.flags["E"]; e != "" {
		name, value, _ := strings.Cut(e, ":")
		if v, ok := s.expand(value, captures, conds); ok {
			s.env.set(name, v, d)
		}
	}
	if has(ru.flags, "B") {
		escaped := make([]string, len(captures))
		for i, c := range captures {
			escaped[i] = escapeBut(c, "_")
			if !has(ru.flags, "BNP") {
				escaped[i] = strings.ReplaceAll(escaped[i], "%20", "+")
			}
		}
		captures = escaped
	}
	to, ok := s.expand(d.Arg(1), captures, conds)
	switch {
	case has(ru.flags, "F"):
		s.step(route.StepRewrite, d, "refuses")
		s.end(route.Refused, http.StatusForbidden, "")
		return true
	case has(ru.flags, "G"):
		s.step(route.StepRewrite, d, "answers 410")
		s.end(route.Returned, http.StatusGone, "")
		return true
	case !ok:
		s.undecided(d, "what it rewrites to is not known")
		return true
	case has(ru.flags, "H"):
		s.undecided(d, "it sets a handler")
		return true
	}
	if d.Arg(1) == "-" && !has(ru.flags, "P") {
		if has(ru.flags, "R") {
			s.moveTo(ru, s.outside(s.subject()))
		}
		return true
	}
	if d.Arg(1) == "-" {
		to = s.subject()
	}
	query, hasQuery := "", false
	if path, q, ok := strings.Cut(to, "?"); ok {
		if strings.Contains(s.subject(), "?") && !strings.Contains(d.Arg(1), "?") && !has(ru.flags, "B") {
			// A name with a question mark (CVE-2024-38474).
			s.step(route.StepRewrite, d, "the URL holds an encoded question mark, which a rule may not move to the path without [B] or [UnsafeAllow3F]")
			s.end(route.Refused, http.StatusForbidden, "")
			return true
		}
		to, query, hasQuery = path, q, true
	}
	if hasQuery || has(ru.flags, "QSD") {
		if has(ru.flags, "QSA") && s.args != "" {
			query = strings.TrimPrefix(query+"&"+s.args, "&")
		}
		s.args = query
	}
	absolute := strings.Contains(to, "://")
	switch {
	case has(ru.flags, "P"):
		if !absolute {
			to = s.req.Scheme + "://" + s.req.Host + s.outside(to)
		}
		s.filename, s.pass, s.nocanon = "proxy:"+to, d, has(ru.flags, "NE")
		s.step(route.StepRewrite, d, "takes %s to %s", s.uri, to)
	case absolute || has(ru.flags, "R"):
		s.moveTo(ru, s.outside(to))
	case s.folder != nil:
		s.folder.rest = to
		s.step(route.StepRewrite, d, "makes it %s", s.whole(to))
	default:
		if !strings.HasPrefix(to, "/") {
			s.step(route.StepRewrite, d, "makes it %q, which is no path", to)
			s.end(route.Failed, http.StatusBadRequest, "")
			return true
		}
		s.uri = to
		s.step(route.StepRewrite, d, "makes it %s", to)
	}
	return true
}

// moveTo notes a redirect by a rule. The rules behind it go on with the whole
// URL, unless it has [L].
func (s *state) moveTo(ru rule, to string) {
	status := http.StatusFound
	if v := ru.flags["R"]; v != "" {
		named := map[string]int{"permanent": 301, "temp": 302, "seeother": 303}
		if n, ok := named[strings.ToLower(v)]; ok {
			status = n
		} else if n, err := strconv.Atoi(v); err == nil {
			status = n
		}
	}
	if status < 300 || status >= 400 {
		s.step(route.StepRewrite, ru.dir, "answers %d", status)
		if status >= 400 {
			s.end(route.Refused, status, "")
		} else {
			s.end(route.Returned, status, "")
		}
		return
	}
	if !strings.Contains(to, "://") {
		to = s.req.Scheme + "://" + s.req.Host + "/" + strings.TrimPrefix(to, "/")
	}
	s.uri, s.moved, s.status = to, &ru, status
}

// redirected ends the way with the redirect that rules have noted.
func (s *state) redirected() {
	to := s.uri
	if !has(s.moved.flags, "NE") {
		to = urlEscapeWhole(to)
	}
	to = withArgs(to, s.args)
	s.step(route.StepRewrite, s.moved.dir, "redirects (%d) to %s", s.status, to)
	s.end(route.Returned, s.status, to)
}
