package lighttpd

import (
	"net/http"
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// files finds the file of a URL that no gateway takes.
func (s *state) files() {
	root, by := s.root()
	if s.done {
		return
	}
	file := ""
	if root != "" {
		file = strings.TrimRight(root, "/") + s.path
	}
	if f, at := s.alias(); at != nil {
		file, by = f, at
	}
	if s.done {
		return
	}
	s.missed()
	if file == "" {
		s.undecide(nil, "the document root is not known")
		return
	}
	s.out.File, s.out.FileBy = file, by
	s.note(route.StepFile, by, "%s is %s", s.path, file)
	s.open(file)
}

// root is the folder that URLs are looked up in.
func (s *state) root() (root string, by *conf.Directive) {
	if set, maybe := s.get("server.document-root"); maybe != nil {
		s.provide(maybe.Get("server.document-root").Dir, "another folder where this holds: %s", maybe.Cond)
	} else if set != nil {
		root, by = set.Value.Str(), set.Dir
	}
	for _, module := range s.r.modules {
		set := (*Setting)(nil)
		folder := ""
		switch module {
		case "mod_simple_vhost":
			set, folder = s.simpleHost()
		case "mod_evhost":
			set, folder = s.pattern()
		case "mod_vhostdb":
			if set, _ = s.get("vhostdb.backend"); set != nil {
				s.undecide(set.Dir, "a database names the folder")
				return "", nil
			}
		}
		if set == nil {
			continue
		}
		switch s.r.file(strings.TrimSuffix(folder, "/")) {
		case route.FileFolder:
			return folder, set.Dir
		case route.FileUnknown:
			s.provide(set.Dir, "%s, if it is there", folder)
		}
	}
	return root, by
}

// simpleHost is the folder that mod_simple_vhost makes of the host.
func (s *state) simpleHost() (*Setting, string) {
	set, _ := s.get("simple-vhost.server-root")
	if set == nil {
		return nil, ""
	}
	host, _, _ := strings.Cut(s.host, ":")
	folder := set.Value.Str() + "/" + host
	if set.Value.Str() == "" || strings.HasSuffix(set.Value.Str(), "/") {
		folder = set.Value.Str() + host
	}
	below := ""
	if d, _ := s.get("simple-vhost.document-root"); d != nil {
		below = d.Value.Str()
	}
	full := path.Join(folder, below)
	if s.r.file(full) != route.FileFolder {
		if d, _ := s.get("simple-vhost.default-host"); d != nil && s.r.file(full) == route.FileMissing {
			full = path.Join(set.Value.Str(), d.Value.Str(), below)
		}
	}
	return set, full
}

// pattern is the folder that mod_evhost makes of the host's parts: %0 is the
// domain with its top level, %1 the top level, %2 the domain, and so on;
// %_ is the whole host.
func (s *state) pattern() (*Setting, string) {
	set, _ := s.get("evhost.path-pattern")
	if set == nil {
		return nil, ""
	}
	host, _, _ := strings.Cut(s.host, ":")
	parts := strings.Split(host, ".")
	n := len(parts)
	var b strings.Builder
	text := set.Value.Str()
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+1 >= len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		switch c := text[i]; {
		case c == '%':
			b.WriteByte('%')
		case c == '_':
			b.WriteString(host)
		case c == '0' && n > 1:
			b.WriteString(strings.Join(parts[n-2:], "."))
		case c == '0':
			b.WriteString(host)
		case isDigit(c):
			if k := int(c - '0'); k <= n {
				b.WriteString(parts[n-k])
			}
		default:
			s.undecide(set.Dir, "the pattern %q is one that cannot be tried here", text)
			return nil, ""
		}
	}
	return set, b.String()
}

// alias is the file that mod_alias makes of the path: the first beginning
// that fits.
func (s *state) alias() (file string, by *conf.Directive) {
	if !s.r.conf.Loaded("mod_alias") {
		return "", nil
	}
	set, maybe := s.get("alias.url")
	if maybe != nil {
		s.undecide(maybe.Get("alias.url").Dir, "whether it is in force is not known: %s", maybe.Cond)
		return "", nil
	}
	if set == nil {
		return "", nil
	}
	for i := range set.Value.Items {
		item := &set.Value.Items[i]
		rest, ok := strings.CutPrefix(s.path, item.Key)
		if !ok {
			continue
		}
		if !strings.HasSuffix(item.Key, "/") && strings.HasSuffix(item.Value.Str(), "/") && strings.HasPrefix(rest, ".") {
			s.note(stepAlias, item.Dir, "%s would lead out of %s", s.path, item.Value.Str())
			s.end(route.Refused, http.StatusForbidden, "")
			return "", nil
		}
		return strings.TrimRight(item.Value.Str(), "/") + joint(item.Value.Str(), rest) + strings.TrimLeft(rest, "/"), item.Dir
	}
	return "", nil
}

// joint is the slash between a folder and what follows, where either has one.
func joint(folder, rest string) string {
	if strings.HasSuffix(folder, "/") || strings.HasPrefix(rest, "/") {
		return "/"
	}
	return ""
}

// missed notes the settings that would take the request if their module was
// loaded.
func (s *state) missed() {
	if !s.r.conf.modulesKnown() {
		return
	}
	for _, name := range []string{"proxy.server", "fastcgi.server", "scgi.server", "alias.url"} {
		if set, _ := s.get(name); set != nil && !s.r.conf.Loaded(moduleOf(name)) {
			s.note(stepModule, set.Dir, "%s is not in server.modules, and %s does nothing", moduleOf(name), name)
		}
	}
}

// fileAbove is the file that a path names as if it were a folder, "" for none.
func (s *state) fileAbove(file string, kind route.FileKind) string {
	for up := path.Dir(file); kind == route.FileMissing && len(up) > 1; up = path.Dir(up) {
		switch s.r.file(up) {
		case route.FileRegular:
			return up
		case route.FileFolder:
			return ""
		}
	}
	return ""
}

// open ends at a file, a folder, or neither.
func (s *state) open(file string) {
	kind := s.r.file(strings.TrimSuffix(file, "/"))
	if above := s.fileAbove(file, kind); above != "" {
		file, kind = above, route.FileRegular
		s.out.File = file
		s.note(route.StepFile, nil, "%s is a file, and what follows is left for programs", file)
	}
	switch {
	case kind == route.FileMissing:
		s.end(route.Refused, http.StatusNotFound, "")
		return
	case kind == route.FileFolder && !strings.HasSuffix(s.path, "/"):
		s.note(route.StepReturn, nil, "a folder: a slash is added")
		s.end(route.Returned, http.StatusMovedPermanently, s.path+"/")
		return
	case strings.HasSuffix(s.path, "/"):
		s.end(route.Folder, 0, "")
		return
	}
	for _, module := range s.r.modules {
		if g := gateways[module]; g != nil && g.local && s.offers(g, file, false) {
			s.pass(g)
			return
		}
		if set, _ := s.get("cgi.assign"); module == "mod_cgi" && set != nil {
			for i := range set.Value.Items {
				if strings.HasSuffix(file, set.Value.Items[i].Key) || strings.HasPrefix(s.path, set.Value.Items[i].Key) && strings.HasPrefix(set.Value.Items[i].Key, "/") {
					s.undecide(set.Value.Items[i].Dir, "a program answers")
					return
				}
			}
		}
	}
	if set, _ := s.get("static-file.exclude-extensions"); set != nil {
		for i := range set.Value.Items {
			if strings.HasSuffix(file, set.Value.Items[i].Value.Str()) {
				s.note(route.StepAccess, set.Dir, "files that end with %q are not sent", set.Value.Items[i].Value.Str())
				s.end(route.Refused, http.StatusForbidden, "")
				return
			}
		}
	}
	if set, _ := s.get("server.follow-symlink"); set != nil && !set.Value.On(true) {
		s.provide(set.Dir, "a symbolic link on the way is refused")
	}
	status := 0
	if kind == route.FileRegular {
		status = http.StatusOK
	}
	s.end(route.File, status, "")
}
