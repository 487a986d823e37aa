package caddy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// directive makes the pieces of one directive. One that is not known becomes a
// handler of its own name, at which following a request ends.
func (k *compiler) directive(d *conf.Directive, scope defs) []piece {
	switch d.Name {
	case "root":
		from, sets := k.unary(d, scope)
		return one(d, sets, &Handler{Name: "vars", Vars: []Variable{{"root", text(d, from), d}}})
	case "vars":
		return k.vars(d, scope)
	case "map":
		return k.mapping(d, scope)
	case "rewrite":
		from, sets := k.unary(d, scope)
		return one(d, sets, &Handler{Name: "rewrite", Rewrite: &Rewrite{URI: text(d, from)}})
	case "method":
		from, sets := k.matched(d, scope)
		return one(d, sets, &Handler{Name: "rewrite", Rewrite: &Rewrite{Method: text(d, from)}})
	case "uri":
		return k.uri(d, scope)
	case "try_files":
		return k.tryFiles(d)
	case "file_server":
		return k.fileServer(d, scope)
	case "respond":
		return k.respond(d, scope)
	case "error":
		return k.error(d, scope)
	case "abort":
		_, sets := k.matched(d, scope)
		return one(d, sets, &Handler{Name: "static_response", Static: &Static{Abort: true}})
	case "redir":
		return k.redir(d, scope)
	case "handle":
		_, sets := k.matched(d, scope)
		return one(d, sets, &Handler{Name: "subroute", Routes: k.block(d.Block, scope, true)})
	case "handle_path":
		return k.handlePath(d, scope)
	case "route":
		_, sets := k.matched(d, scope)
		return one(d, sets, &Handler{Name: "subroute", Routes: k.block(d.Block, scope, false)})
	case "invoke":
		from, sets := k.matched(d, scope)
		return one(d, sets, &Handler{Name: "invoke", Invoke: d.Arg(from)})
	case "reverse_proxy":
		from, sets := k.matched(d, scope)
		return one(d, sets, k.proxy(d, from, scope))
	case "intercept":
		_, sets := k.matched(d, scope)
		return one(d, sets, &Handler{Name: "intercept", Responses: k.responses(d, scope)})
	case "forward_auth":
		return k.forwardAuth(d, scope)
	case "php_fastcgi":
		return k.phpFastCGI(d, scope)
	case "header":
		return k.header(d, scope)
	case "request_header":
		return k.requestHeader(d, scope)
	case "copy_response":
		_, sets := k.matched(d, scope)
		return one(d, sets, &Handler{Name: "copy_response"})
	case "copy_response_headers":
		_, sets := k.matched(d, scope)
		h := &Handler{Name: "copy_response_headers"}
		for _, c := range d.Block {
			switch c.Name {
			case "include":
				h.Include = append(h.Include, c.Texts(0)...)
			case "exclude":
				h.Exclude = append(h.Exclude, c.Texts(0)...)
			}
		}
		return one(d, sets, h)
	case "encode":
		return k.encode(d, scope)
	case "basicauth", "basic_auth":
		_, sets := k.matched(d, scope)
		return one(d, sets, &Handler{Name: "authentication"})
	case "log", "tls", "bind", "skip_log", "log_skip", "log_name", "log_append", "fs", "handle_errors":
		return nil // not about where a request goes
	}
	if !slices.Contains(k.order, d.Name) && !strings.HasPrefix(d.Name, "{") {
		k.problems = append(k.problems, conf.Problem{Pos: d.Pos, Kind: conf.Doubtful,
			Message: d.Name + " is no directive that is known here, of a plugin perhaps: what it does is left open"})
	}
	_, sets := k.matched(d, scope)
	return one(d, sets, &Handler{Name: d.Name})
}

func (k *compiler) vars(d *conf.Directive, scope defs) []piece {
	from, sets := k.matched(d, scope)
	h := &Handler{Name: "vars"}
	if len(d.Args) > from+1 {
		h.Vars = append(h.Vars, Variable{d.Arg(from), text(d, from+1), d})
	}
	for _, c := range d.Block {
		h.Vars = append(h.Vars, Variable{c.Name, text(c, 0), c})
	}
	return one(d, sets, h)
}

func (k *compiler) uri(d *conf.Directive, scope defs) []piece {
	from, sets := k.matched(d, scope)
	r := &Rewrite{}
	switch d.Arg(from) {
	case "strip_prefix":
		r.StripPrefix = text(d, from+1)
		if !strings.HasPrefix(r.StripPrefix, "/") && !strings.HasPrefix(r.StripPrefix, "{") {
			r.StripPrefix = "/" + r.StripPrefix
		}
	case "strip_suffix":
		r.StripSuffix = text(d, from+1)
	case "replace":
		limit, _ := strconv.Atoi(d.Arg(from + 3)) // 0 where none is given
		r.Substring = []Substitution{{text(d, from+1), text(d, from+2), limit}}
	case "path_regexp":
		r.Regexp = []Substitution{{Find: text(d, from+1), Replace: text(d, from+2)}}
	case "query":
	default:
		k.note(d, "unrecognized URI manipulation '%s'", d.Arg(from))
	}
	return one(d, sets, &Handler{Name: "rewrite", Rewrite: r})
}

// tryFiles is a rewrite to the first file that is there. Where one of the names
// has a query, each name is a route of its own.
func (k *compiler) tryFiles(d *conf.Directive) []piece {
	var names []string
	policy := ""
	for i := range d.Args {
		names = append(names, text(d, i))
	}
	if p := d.First("policy"); p != nil {
		policy = p.Arg(0)
	}
	rewrite := func(try []string, args string) *Route {
		m := &Matcher{At: d, Name: "file", File: &FileMatcher{TryFiles: try, TryPolicy: policy}}
		return &Route{At: d, Match: []MatcherSet{{m}}, Handlers: []*Handler{{At: d, Name: "rewrite", Rewrite: &Rewrite{URI: "{http.matchers.file.relative}" + args}}}}
	}
	var routes []*Route
	var run []string
	grouped := ""
	if strings.Contains(strings.Join(names, ""), "?") {
		k.groups++
		grouped = "group" + strconv.Itoa(k.groups)
	}
	for _, name := range names {
		file, args, ok := strings.Cut(name, "?")
		if !ok {
			run = append(run, name)
			continue
		}
		if run != nil {
			routes = append(routes, rewrite(run, ""))
			run = nil
		}
		routes = append(routes, rewrite([]string{file}, "?"+args))
	}
	if run != nil {
		routes = append(routes, rewrite(run, ""))
	}
	for _, r := range routes {
		r.Group = grouped
	}
	var pieces []piece
	for _, r := range routes {
		pieces = append(pieces, piece{dir: d.Name, routes: []*Route{r}})
	}
	return pieces
}

func (k *compiler) fileServer(d *conf.Directive, scope defs) []piece {
	from, sets := k.matched(d, scope)
	f := &Files{Canonical: true, Browse: d.Arg(from) == "browse"}
	for _, c := range d.Block {
		switch c.Name {
		case "root", "fs":
			if c.Name == "root" {
				f.Root, f.RootAt = text(c, 0), c
			}
		case "hide":
			f.Hide = append(f.Hide, c.Texts(0)...)
		case "index":
			f.Index = append(f.Index, c.Texts(0)...)
		case "browse":
			f.Browse = true
		case "pass_thru":
			f.PassThru = true
		case "status":
			f.Status = text(c, 0)
		case "disable_canonical_uris":
			f.Canonical = false
		case "precompressed", "import", "etag_file_extensions":
		default:
			k.note(c, "unknown subdirective '%s'", c.Name)
		}
	}
	return one(d, sets, &Handler{Name: "file_server", Files: f})
}

// isStatus says that a word is a status: three digits.
func isStatus(word string) bool {
	n, err := strconv.Atoi(word)
	return err == nil && len(word) == 3 && n >= 0
}

func (k *compiler) respond(d *conf.Directive, scope defs) []piece {
	from, sets := k.matched(d, scope)
	s := &Static{}
	s.Body, s.Status = said(d, from)
	if b := d.First("body"); b != nil {
		s.Body = text(b, 0)
	}
	return one(d, sets, &Handler{Name: "static_response", Static: s})
}

func (k *compiler) error(d *conf.Directive, scope defs) []piece {
	from, sets := k.matched(d, scope)
	s := &Static{}
	s.Message, s.Status = said(d, from)
	return one(d, sets, &Handler{Name: "error", Static: s})
}

// said are the text and the status that respond and error take, either of which
// may be left out.
func said(d *conf.Directive, from int) (what, status string) {
	switch rest := d.Args[from:]; {
	case len(rest) == 1 && isStatus(rest[0].Text):
		status = rest[0].Text
	case len(rest) > 0:
		what = text(d, from)
		if len(rest) > 1 {
			status = text(d, from+1)
		}
	}
	return what, status
}

func (k *compiler) redir(d *conf.Directive, scope defs) []piece {
	from, sets := k.unary(d, scope)
	to, code := text(d, from), d.Arg(from+1)
	s := &Static{}
	switch code {
	case "permanent":
		s.Status = "301"
	case "temporary", "":
		s.Status = "302"
	case "html":
		s.Status, s.Body = "200", "a page that redirects to "+to
	default:
		s.Status = long(code)
	}
	if code != "html" {
		s.Header = []Field{{Name: "Location", Values: []string{to}}}
	}
	return one(d, sets, &Handler{Name: "static_response", Static: s})
}

func (k *compiler) handlePath(d *conf.Directive, scope defs) []piece {
	_, sets := k.matched(d, scope)
	prefix := onlyPath(&Route{Match: sets})
	if prefix == "" {
		k.note(d, "handle_path needs a path as its matcher")
	}
	strip := strings.TrimSuffix(strings.TrimSuffix(prefix, "*"), "/")
	inner := []*Route{{At: d, Handlers: []*Handler{{At: d, Name: "rewrite", Rewrite: &Rewrite{StripPrefix: strip}}}}}
	inner = append(inner, k.block(d.Block, scope, true)...)
	return one(d, sets, &Handler{Name: "subroute", Routes: inner})
}

func (k *compiler) encode(d *conf.Directive, scope defs) []piece {
	from, sets := k.matched(d, scope)
	h := &Handler{Name: "encode", Encodings: d.Texts(from)}
	for _, c := range d.Block {
		switch c.Name {
		case "gzip", "zstd", "br":
			h.Encodings = append(h.Encodings, c.Name)
		}
	}
	return one(d, sets, h)
}
