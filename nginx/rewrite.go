package nginx

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// rewrites runs the rewriting directives of the block in force, in the order of
// the file: rewrite, return, set, if, break
// (https://nginx.org/en/docs/http/ngx_http_rewrite_module.html).
func (s *state) rewrites() {
	s.codes(s.level, false)
	if s.done {
		return
	}
	for _, d := range s.level.Block {
		if strings.HasPrefix(d.Name, "rewrite_by_lua") {
			s.undecided(d, "Lua may change the URI or answer by itself")
			return
		}
	}
}

// codes runs the directives of one block. It returns true where the rest of
// the rewriting directives is left out.
func (s *state) codes(block *conf.Directive, inIf bool) (exit bool) {
	for _, d := range block.Block {
		switch d.Name {
		case "rewrite":
			exit = s.rewrite(d)
		case "return":
			s.doReturn(d)
			exit = true
		case "break":
			if s.changed {
				s.validLocation, s.changed = false, false
			}
			s.step(route.StepRewrite, d, "the rewriting directives behind it are left out")
			exit = true
		case "set":
			s.set(d)
		case "if":
			if !inIf {
				exit = s.doIf(d)
			}
		default:
			if setsUnknown(d.Name) && strings.HasPrefix(d.Arg(0), "$") {
				s.vars[d.Arg(0)[1:]] = value{why: "$" + d.Arg(0)[1:] + " is set by " + d.Name}
			}
		}
		if exit || s.done {
			return true
		}
	}
	return false
}

// setsUnknown says that a directive sets a variable to what the configuration
// does not tell.
func setsUnknown(name string) bool {
	return strings.HasPrefix(name, "set_")
}

func (s *state) set(d *conf.Directive) {
	name, ok := strings.CutPrefix(d.Arg(0), "$")
	if !ok || len(d.Args) != 2 {
		return
	}
	v := s.expand(d.Arg(1), true)
	switch name {
	case "args", "query_string":
		if v.why != "" {
			s.undecided(d, "the arguments depend on what is not known: %s", v.why)
			return
		}
		s.args, s.validUnparsed = v.text, false
	default:
		s.vars[name] = v
	}
	if v.why == "" {
		s.step(route.StepRewrite, d, "$%s is %q", name, v.text)
	} else {
		s.step(route.StepRewrite, d, "$%s is not known: %s", name, v.why)
	}
}

// rewrite runs a rewrite directive (ngx_http_script_regex_start_code and
// _end_code).
func (s *state) rewrite(d *conf.Directive) (exit bool) {
	p := s.r.pattern(d.Arg(0), false)
	captures, ok, why := p.Match(s.uri)
	if why != "" {
		s.undecided(d, "%s", why)
		return true
	}
	if !ok {
		s.captures = nil
		return false
	}
	s.capture(p, captures)
	to, flag := d.Arg(1), d.Arg(2)
	status := 0
	switch {
	case flag == "permanent":
		status = http.StatusMovedPermanently
	case flag == "redirect", strings.HasPrefix(to, "http://"), strings.HasPrefix(to, "https://"), strings.HasPrefix(to, "$scheme"):
		status = http.StatusFound
	}
	to, dropArgs := strings.CutSuffix(to, "?")
	if status != 0 {
		s.rewriteRedirect(d, status, to, dropArgs)
		return true
	}
	s.internal, s.validUnparsed = true, false
	if flag == "break" {
		s.validLocation, s.changed = false, false
	} else {
		s.changed = true
	}
	path, args, hasArgs := cutArgs(to)
	uri := s.expand(path, false)
	if uri.why != "" {
		s.undecided(d, "the new URI depends on what is not known: %s", uri.why)
		return true
	}
	if hasArgs {
		a := s.expand(args, true)
		if a.why != "" {
			s.undecided(d, "the new arguments depend on what is not known: %s", a.why)
			return true
		}
		if !dropArgs && s.args != "" {
			a.text += "&" + s.args
		}
		s.args = a.text
	} else if dropArgs {
		s.args = ""
	}
	s.uri = uri.text
	if s.uri == "" {
		s.fail(http.StatusInternalServerError, route.Failed, d, "the rewritten URI has a zero length")
		return true
	}
	s.step(route.StepRewrite, d, "the URI becomes %s", withArgs(s.uri, s.args))
	return flag == "last" || flag == "break"
}

func (s *state) rewriteRedirect(d *conf.Directive, status int, to string, dropArgs bool) {
	v := s.expand(to, true)
	if v.why != "" {
		s.undecided(d, "a redirect (%d) to what is not known: %s", status, v.why)
		return
	}
	target := unescapeRedirect(v.text)
	if !dropArgs && s.args != "" {
		sep := "?"
		if strings.Contains(to, "?") {
			sep = "&"
		}
		target += sep + s.args
	}
	s.out.Text = target
	s.step(route.StepReturn, d, "redirects (%d) to %s", status, target)
	s.fail(status, route.Returned, nil, "")
}

// cutArgs cuts a replacement at the first "?" that is written in it.
func cutArgs(to string) (path, args string, ok bool) { return strings.Cut(to, "?") }

func withArgs(uri, args string) string {
	if args == "" {
		return uri
	}
	return uri + "?" + args
}

// doReturn runs a return directive. An answer with a text of its own is not
// subject to error_page unless it is a redirect.
func (s *state) doReturn(d *conf.Directive) {
	status, err := strconv.Atoi(d.Arg(0))
	text := ""
	if len(d.Args) > 1 {
		text = d.Arg(1)
	}
	if err != nil {
		status, text = http.StatusFound, d.Arg(0)
	}
	v := s.expand(text, false)
	if v.why != "" {
		s.undecided(d, "answers %d with what is not known: %s", status, v.why)
		s.out.Status = status
		return
	}
	s.out.Text = v.text
	switch {
	case isRedirect(status):
		s.step(route.StepReturn, d, "redirects (%d) to %s", status, v.text)
		s.fail(status, route.Returned, nil, "")
	case text == "" && status >= 300:
		s.step(route.StepReturn, d, "answers %d", status)
		s.fail(status, route.Returned, nil, "")
	default:
		s.step(route.StepReturn, d, "answers %d", status)
		if s.errStatus != 0 {
			status = s.errStatus // of the error_page that led here
		}
		s.end(route.Returned, status, v.text)
	}
}

func isRedirect(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}
