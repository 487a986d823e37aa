package apache

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// state is a request on its way: the fields of request_rec that decide.
type state struct {
	r   *Router
	req route.Request
	srv *vhost

	host     string // of the request, in lower case, without the port
	port     string // of the connection
	uri      string // decoded
	args     string
	unparsed string // the path as on the wire

	filename string // with "proxy:" in front where it is an upstream's URL
	pass     *conf.Directive
	nocanon  bool
	handler  string

	locations []*conf.Directive // Location sections in force
	others    []*conf.Directive // Directory and Files, or Proxy
	ifs       []*conf.Directive
	env       environment
	moved     *rule // the one that redirects, with status
	status    int

	folder       *folderRules // while the rules of a folder run
	ended        bool         // by [END]: no rules of a folder run any more
	redirections int          // internal ones

	done bool
	out  Route
}

func newState(r *Router, q route.Request) *state {
	if q.Method == "" {
		q.Method = http.MethodGet
	}
	if q.Scheme == "" {
		q.Scheme = "http"
	}
	return &state{r: r, req: q, srv: r.main, env: newEnvironment()}
}

// result is the route so far.
func (s *state) result() *Route {
	t := s.out
	t.state = s
	t.URI, t.Args = s.uri, s.args
	t.Server = s.srv.dir
	t.Sections = s.sections()
	return &t
}

// sections are the blocks in force in the order of merging
// (https://httpd.apache.org/docs/2.4/sections.html#merging).
func (s *state) sections() []*conf.Directive {
	all := []*conf.Directive{s.r.conf.Top}
	if s.srv.dir != nil {
		all = append(all, s.srv.dir)
	}
	all = append(all, s.others...)
	all = append(all, s.locations...)
	all = append(all, s.ifs...)
	var with []*conf.Directive
	for _, d := range all {
		with = append(with, d)
		for _, l := range d.All("Limit", "LimitExcept") {
			if s.limited(l) {
				with = append(with, l)
			}
		}
	}
	return with
}

// limited says that a Limit or LimitExcept is for the request's method.
func (s *state) limited(l *conf.Directive) bool {
	method := func(a conf.Arg) bool {
		return a.Text == s.req.Method || a.Text == "GET" && s.req.Method == "HEAD"
	}
	return slices.ContainsFunc(l.Args, method) == (l.Name == "Limit")
}

// accessOf are the directives of access control that a section has for the
// method of the request. Those for other methods are none, and yet they make
// the section replace what was said before (mod_authz_core keeps one list a
// section, with methods; mod_access_compat one order for each method).
func (s *state) accessOf(section *conf.Directive, names ...string) (found []*conf.Directive, has bool) {
	if section.Name == "Limit" || section.Name == "LimitExcept" {
		return nil, false // told with the section around it
	}
	found = section.All(names...)
	has = len(found) > 0
	for _, l := range section.All("Limit", "LimitExcept") {
		in := l.All(names...)
		has = has || len(in) > 0
		if s.limited(l) {
			found = append(slices.Clip(found), in...)
		}
	}
	return found, has
}

func (s *state) step(kind route.StepKind, d *conf.Directive, format string, args ...any) {
	s.out.URI = s.uri
	s.out.Note(kind, d, format, args...)
}

// provided notes something that may still refuse.
func (s *state) provided(d *conf.Directive, format string, args ...any) {
	s.out.URI = s.uri
	s.out.Provide(d, format, args...)
}

// undecided ends the way.
func (s *state) undecided(d *conf.Directive, format string, args ...any) {
	s.out.URI, s.done = s.uri, true
	s.out.Undecide(d, format, args...)
}

// end ends the way.
func (s *state) end(o route.Outcome, status int, text string) {
	s.out.End(o, status, text)
	s.done = true
}

// unset says that one of the texts, or else an argument of the directive, holds
// a variable without a value, so that it is not known what the directive does.
func (s *state) unset(d *conf.Directive, texts ...string) bool {
	if len(s.r.conf.Undefined) == 0 {
		return false
	}
	if texts == nil {
		texts = d.Texts(0)
	}
	for _, name := range s.r.conf.Undefined {
		for _, text := range texts {
			if strings.Contains(text, "${"+name+"}") {
				s.undecided(d, "${%s} has no value in what was read: Apache has it from its environment or from a file that is not here", name)
				return true
			}
		}
	}
	return false
}

// run takes a request through Apache's phases (ap_process_request_internal in
// server/request.c): the location walk, the translation to a file or an
// upstream, the walk over what that is in, the location walk again, what
// conditions add, access, and what the handler does.
func (s *state) run() {
	s.locations = s.matchLocations()
	for _, phase := range []func(){s.setServer, s.rewriteServer, s.proxyPass, s.redirects, s.aliases, s.storage, s.walk, s.setSections, s.access, s.fixups, s.content} {
		if s.done {
			return
		}
		phase()
	}
}

// storage is where the core puts a URI that nothing else took: behind
// DocumentRoot.
func (s *state) storage() {
	if s.filename != "" {
		return
	}
	for _, d := range s.server("WSGIScriptAlias", "VirtualDocumentRoot", "VirtualScriptAlias", "ProxyExpressEnable", "UserDir", "PassengerEnabled") {
		switch {
		case d.Name == "WSGIScriptAlias" && aliasMatch(s.uri, d.Arg(0)) == 0:
		case d.Name == "UserDir" && !strings.HasPrefix(s.uri, "/~"):
		case strings.EqualFold(d.Arg(0), "off") || strings.EqualFold(d.Arg(0), "disabled"):
		default:
			s.undecided(d, "%s takes the URI, in its own way", d.Name)
			return
		}
	}
	root := s.r.opts.DocumentRoot
	d := s.serverLast("DocumentRoot")
	if d != nil {
		if s.unset(d) {
			return
		}
		root = absolute(s.r.conf.ServerRoot, d.Arg(0))
	}
	s.filename = strings.TrimSuffix(root, "/") + s.uri
	s.out.FileBy = d
	s.step(route.StepFile, d, "nothing else takes %s: it is %s", s.uri, s.filename)
}

// content ends the way with what the handler does.
func (s *state) content() {
	if rest, ok := strings.CutPrefix(s.filename, "proxy:"); ok {
		s.upstream(rest)
		return
	}
	d := s.effectiveLast("SetHandler")
	if d != nil && !strings.EqualFold(d.Arg(0), "none") {
		s.handler = d.Arg(0)
		if target, ok := strings.CutPrefix(s.handler, "proxy:"); ok && !s.unset(d) {
			s.pass = d
			s.step(route.StepProxy, d, "hands %s to %s", s.filename, target)
			s.out.File = s.filename
			s.upstream(target)
		}
		if s.done {
			return
		}
		s.step(StepHandler, d, "%s is run by %s", s.filename, s.handler)
	}
	s.out.File, s.out.Handler = s.filename, s.handler
	kind := s.kind(s.filename)
	if d := s.effectiveLast("FallbackResource"); d != nil && d.Arg(0) != "disabled" && kind != route.FileRegular {
		s.undecided(d, "where %s is not there, %s answers", s.filename, d.Arg(0))
		return
	}
	switch {
	case kind == route.FileFolder && !strings.HasSuffix(s.uri, "/"):
		s.step(route.StepReturn, nil, "a folder: redirects (301) to %s/", s.uri)
		s.end(route.Returned, http.StatusMovedPermanently, withArgs(urlEscape(s.uri)+"/", s.args))
	case kind == route.FileFolder, strings.HasSuffix(s.filename, "/") && kind != route.FileMissing:
		s.end(route.Folder, 0, "")
	case kind == route.FileMissing && s.handler == "" && s.takesRest() && s.behindFile():
		s.undecided(s.effectiveLast("AcceptPathInfo"), "what is behind the file's name is handed to what serves it")
	case kind == route.FileMissing && (s.handler == "" || s.handler == "cgi-script"):
		s.step(route.StepFile, s.out.FileBy, "%s is not there", s.filename)
		s.end(route.Refused, http.StatusNotFound, "")
	default:
		s.end(route.File, 0, "")
	}
}

// takesRest says that a file is served for what is behind its name, too.
func (s *state) takesRest() bool {
	d := s.effectiveLast("AcceptPathInfo")
	return d != nil && strings.EqualFold(d.Arg(0), "on")
}

// behindFile says that the path goes on behind the name of a file.
func (s *state) behindFile() bool {
	for at := path.Dir(strings.TrimSuffix(s.filename, "/") + "/"); at != "/" && at != "."; at = path.Dir(at) {
		switch s.r.file(at) {
		case route.FileRegular:
			return true
		case route.FileFolder:
			return false
		}
	}
	return false
}
