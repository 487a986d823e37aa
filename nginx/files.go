package nginx

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// folder is the root or alias in force (ngx_http_map_uri_to_path).
type folder struct {
	by    *conf.Directive // nil for nginx's own html folder
	text  string          // evaluated, absolute where the prefix is known
	alias int             // how much of the URI it replaces; whole for all of it
}

// whole is an alias in a location with a regular expression: it names the file.
const whole = -1

// folder evaluates root or alias.
func (s *state) folder() (f folder, why string) {
	f.text = "html"
	var in *conf.Directive
	for b := s.level; b != nil && f.by == nil; b = b.Parent {
		if found := b.All("root", "alias"); len(found) > 0 {
			f.by, in = found[len(found)-1], b
		}
	}
	if f.by != nil {
		raw := f.by.Arg(0)
		if f.by.Name == "root" {
			raw = strings.TrimSuffix(raw, "/")
		} else {
			for in.Name != "location" && in.Parent != nil {
				in = in.Parent
			}
			kind, name := LocationName(in)
			if f.alias = len(name); kind == LocationRegex || kind == LocationNoCase {
				f.alias = whole
			}
		}
		v := s.expand(raw, false)
		if v.why != "" {
			return f, v.why
		}
		f.text = v.text
	}
	if !strings.HasPrefix(f.text, "/") && s.r.opts.Prefix != "" && !(f.by != nil && f.text == "" && f.by.Name == "root") {
		f.text = strings.TrimSuffix(s.r.opts.Prefix, "/") + "/" + f.text
	}
	return f, ""
}

// path is the file that the URI means.
func (s *state) path() (path string, by *conf.Directive, why string) {
	f, why := s.folder()
	if why != "" {
		return "", f.by, why
	}
	return f.join(s), f.by, ""
}

func (f folder) join(s *state) string {
	switch {
	case f.alias == whole && !s.addURI:
		return f.text
	case f.alias == whole:
		return f.text + s.uri
	}
	return f.text + s.uri[min(f.alias, len(s.uri)):]
}

func (s *state) documentRoot() value {
	f, why := s.folder()
	return value{text: f.text, why: why}
}

// tryFiles runs try_files of the block in force
// (ngx_http_try_files_handler, nginx 1.22).
func (s *state) tryFiles() {
	d := s.level.First("try_files")
	if d == nil || len(d.Args) < 2 {
		return
	}
	f, why := s.folder()
	if why != "" {
		s.undecided(d, "the folder is not known: %s", why)
		return
	}
	if f.alias != 0 && !s.validLocation {
		s.fail(http.StatusInternalServerError, route.Failed, d, `"alias" cannot be used in a location where the URI was rewritten`)
		return
	}
	words := d.Texts(0)
	for _, word := range words[:len(words)-1] {
		word, wantsFolder := strings.CutSuffix(word, "/")
		name, why := s.candidate(word, f)
		if why != "" {
			s.undecided(d, "a name to try is not known: %s", why)
			return
		}
		path := f.text + name
		s.out.Tried = append(s.out.Tried, path)
		switch kind := s.r.look(path); {
		case kind == route.FileUnknown:
			s.undecided(d, "whether %s is there decides", path)
			return
		case kind == route.FileMissing || wantsFolder != (kind == route.FileFolder):
			continue
		}
		switch {
		case f.alias == 0:
			s.uri = name
		case f.alias != whole:
			s.uri = s.uri[:min(f.alias, len(s.uri))] + name
		case !wantsFolder:
			s.uri, s.addURI = name, true
		}
		s.step(StepTryFiles, d, "%s is there", path)
		return
	}
	s.fallback(d, words[len(words)-1], f)
}

// fallback takes the last word of try_files.
func (s *state) fallback(d *conf.Directive, word string, f folder) {
	if code, ok := strings.CutPrefix(word, "="); ok {
		status, _ := strconv.Atoi(code)
		s.step(StepTryFiles, d, "nothing is there: %d", status)
		s.fail(status, route.Refused, nil, "")
		return
	}
	uri, why := s.candidate(word, f)
	if why != "" {
		s.undecided(d, "the fallback is not known: %s", why)
		return
	}
	if strings.HasPrefix(uri, "@") {
		s.step(StepTryFiles, d, "nothing is there: %s", uri)
		s.named(uri, d)
		return
	}
	path, args, _ := strings.Cut(uri, "?")
	s.step(StepTryFiles, d, "nothing is there: an internal redirect to %s", uri)
	s.redirect(path, args)
}

// candidate evaluates a word of try_files. Where alias replaces a prefix of
// the URI it is cut off, but only from a word with variables.
func (s *state) candidate(word string, f folder) (name, why string) {
	v := s.expand(word, false)
	if v.why != "" {
		return "", v.why
	}
	if f.alias > 0 && strings.Contains(word, "$") && len(s.uri) >= f.alias && strings.HasPrefix(v.text, s.uri[:f.alias]) {
		return v.text[f.alias:], ""
	}
	return v.text, ""
}

// static is what nginx does where nothing else answers: it opens a file.
func (s *state) static() {
	f, why := s.folder()
	if why != "" {
		s.undecided(f.by, "the folder is not known: %s", why)
		return
	}
	if f.alias != 0 && !s.validLocation {
		s.fail(http.StatusInternalServerError, route.Failed, f.by, `"alias" cannot be used in a location where the URI was rewritten`)
		return
	}
	path := f.join(s)
	s.out.File, s.out.FileBy = path, f.by
	if strings.HasSuffix(s.uri, "/") {
		s.index(f)
		return
	}
	switch s.r.look(path) {
	case route.FileMissing:
		s.step(route.StepFile, f.by, "opens %s, which is not there", path)
		s.fail(http.StatusNotFound, route.Refused, nil, "")
	case route.FileFolder:
		s.out.Text = withArgs(escapeURI(s.uri)+"/", s.args)
		s.step(route.StepFile, f.by, "%s is a folder: redirects (301) to %s", path, s.out.Text)
		s.fail(http.StatusMovedPermanently, route.Returned, nil, "")
	default:
		s.step(route.StepFile, f.by, "opens %s", path)
		s.end(route.File, s.okStatus(), "")
	}
}

// okStatus is 200, or what error_page makes of it.
func (s *state) okStatus() int {
	if s.errStatus != 0 {
		return s.errStatus
	}
	return http.StatusOK
}

// index looks for the index files of a folder
// (ngx_http_index_handler).
func (s *state) index(f folder) {
	path := f.join(s)
	words := []string{"index.html"}
	d := last(s.level, "index")
	if d != nil {
		words = nil
		for _, i := range effective(s.level, "index") {
			words = append(words, i.Texts(0)...)
		}
	}
	for i, word := range words {
		v := s.expand(word, false)
		if v.why != "" {
			s.undecided(d, "the index file is not known: %s", v.why)
			return
		}
		if strings.HasPrefix(v.text, "/") && i == len(words)-1 {
			s.step(route.StepFile, d, "the index is the URI %s", v.text)
			s.redirect(v.text, s.args)
			return
		}
		file := path + v.text
		s.out.Tried = append(s.out.Tried, file)
		switch s.r.look(file) {
		case route.FileUnknown:
			s.step(route.StepFile, f.by, "looks into the folder %s", path)
			s.end(route.Folder, 0, "")
			return
		case route.FileMissing:
			if s.r.look(strings.TrimSuffix(path, "/")) != route.FileMissing {
				continue
			}
			s.step(route.StepFile, f.by, "looks into the folder %s, which is not there", path)
			s.fail(http.StatusNotFound, route.Refused, nil, "")
			return
		}
		s.step(route.StepFile, d, "%s is there", file)
		s.redirect(s.uri+v.text, s.args)
		return
	}
	s.step(route.StepFile, f.by, "looks into the folder %s, which has no index file", path)
	if setting(s.level, "autoindex", "off") == "on" {
		s.end(route.Folder, s.okStatus(), "")
		return
	}
	s.fail(http.StatusForbidden, route.Refused, nil, "")
}
