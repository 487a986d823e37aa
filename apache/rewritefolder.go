package apache

import (
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// folderRules are the rules of a Directory section or a .htaccess file at work:
// they see what is behind the folder
// (https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html, "Per-directory Rewrites").
type folderRules struct {
	base string // the URI of the folder, with a slash at its end
	out  string // what Apache puts before a relative target of a redirect: without RewriteBase the folder's path
	rest string // what the rules see
}

// subject is what a rule is matched with.
func (s *state) subject() string {
	if s.folder != nil {
		return s.folder.rest
	}
	return s.uri
}

// whole is a rule's result as a URI: a relative one is behind the folder.
func (s *state) whole(to string) string {
	if s.folder != nil && !strings.HasPrefix(to, "/") && !strings.Contains(to, "://") {
		return s.folder.base + to
	}
	return to
}

// outside is whole for what the client is sent, or an upstream.
func (s *state) outside(to string) string {
	if s.folder != nil && !strings.HasPrefix(to, "/") && !strings.Contains(to, "://") {
		return s.folder.out + to
	}
	return to
}

var rewriting = []string{"RewriteEngine", "RewriteOptions", "RewriteBase", "RewriteCond", "RewriteRule"}

// folderBlock is the block whose rules hold for the file: the last one that
// says anything about rewriting, for it replaces the others; on says that they
// are run. block is nil where there are none.
func (s *state) folderBlock() (block *conf.Directive, on bool) {
	for _, b := range s.sections() {
		if b == s.r.conf.Top || b == s.srv.dir || len(b.All(rewriting...)) == 0 {
			continue
		}
		block = b
		if d := lastOf(b.All("RewriteEngine")); d != nil {
			on = strings.EqualFold(d.Arg(0), "on")
		}
	}
	return block, on
}

// folderOfBlock is the folder of a Directory section or a .htaccess file, with a
// slash at its end; "" for other blocks.
func folderOfBlock(b *conf.Directive) string {
	folder := ""
	switch {
	case b.Name == "":
		folder = path.Dir(b.Pos.File)
	case b.Name == "Directory" && !load.HasMeta(b.Arg(0)) && b.Arg(0) != "~":
		folder = path.Clean(b.Arg(0))
	default:
		return ""
	}
	return strings.TrimSuffix(folder, "/") + "/"
}

// rewriteFolder runs the rules of the file's folder (hook_fixup in
// mod_rewrite.c).
func (s *state) rewriteFolder() {
	block, on := s.folderBlock()
	if block == nil || !on || s.ended {
		return
	}
	rules := rulesOf(block)
	folder := folderOfBlock(block)
	rest, below := strings.CutPrefix(s.filename, folder)
	base, fits := strings.CutSuffix(s.uri, rest)
	out := folder
	if d := lastOf(block.All("RewriteBase")); d != nil {
		base, fits = strings.TrimSuffix(d.Arg(0), "/")+"/", true
		out = base
	}
	if folder == "" || !below || !fits || len(block.All("RewriteOptions")) > 0 {
		for _, ru := range rules {
			if s.mayApply(ru) {
				s.undecided(ru.dir, "a rule in this section works on what the URI has become, which is not followed here")
				return
			}
		}
		return
	}
	if len(rules) > 0 && !s.followsLinks() {
		s.step(route.StepRewrite, s.effectiveLast("Options"), "rules of a folder need the option FollowSymLinks or SymLinksIfOwnerMatch")
		s.end(route.Refused, http.StatusForbidden, "")
		return
	}
	s.folder = &folderRules{base: base, out: out, rest: rest}
	changed := s.runFolder(rules)
	to := s.whole(s.folder.rest)
	s.folder = nil
	switch {
	case s.done || strings.HasPrefix(s.filename, "proxy:"):
	case s.moved != nil:
		s.redirected()
	case changed && to != s.uri:
		s.again(to)
	}
}

// runFolder runs the rules once; changed says that one did more than look.
func (s *state) runFolder(rules []rule) (changed bool) {
	for i := 0; i < len(rules) && !s.done; i++ {
		ru := rules[i]
		if !s.apply(ru) {
			for has(ru.flags, "C") && i+1 < len(rules) {
				i++
				ru = rules[i]
			}
			continue
		}
		changed = changed || ru.dir.Arg(1) != "-"
		if strings.HasPrefix(s.filename, "proxy:") || s.moved != nil && has(ru.flags, "L") {
			return changed
		}
		if has(ru.flags, "N") {
			s.undecided(ru.dir, "the rules are run again and again")
			return changed
		}
		if n, _ := strconv.Atoi(ru.flags["S"]); n > 0 {
			i += n
		}
		if s.ended = has(ru.flags, "END"); s.ended || has(ru.flags, "L") {
			return changed
		}
	}
	return changed
}

// followsLinks says that the options in force allow rules of a folder.
func (s *state) followsLinks() bool {
	has := map[string]bool{"followsymlinks": true}
	for _, d := range s.effective("Options") {
		words := d.Texts(0)
		if !slices.ContainsFunc(words, func(w string) bool { return strings.ContainsAny(w[:min(1, len(w))], "+-") }) {
			has = map[string]bool{}
		}
		for _, w := range words {
			name, off := strings.CutPrefix(strings.ToLower(w), "-")
			has[strings.TrimPrefix(name, "+")] = !off
		}
	}
	return has["followsymlinks"] || has["symlinksifownermatch"] || has["all"]
}

// again takes the request from the beginning, with another URI
// (ap_internal_redirect).
func (s *state) again(uri string) {
	const most = 10 // LimitInternalRecursion
	if s.redirections++; s.redirections > most {
		s.step(route.StepRewrite, nil, "more than %d internal redirects", most)
		s.end(route.Failed, http.StatusInternalServerError, "")
		return
	}
	s.uri, s.unparsed = uri, urlEscape(uri)
	s.filename, s.handler, s.pass, s.nocanon = "", "", nil, false
	s.locations, s.others, s.ifs = nil, nil, nil
	s.out.FileBy, s.out.Provided = nil, nil
	s.run()
	s.done = true
}
