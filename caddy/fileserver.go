package caddy

import (
	"net/http"
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// root is the folder that files are looked for in: the given one, or the
// request's.
func (s *state) root(given string) (folder, why string) {
	if given == "" || given == "{http.vars.root}" {
		v, ok := s.vars["root"]
		if !ok {
			return ".", ""
		}
		return v.text, v.why
	}
	v := s.expand(given)
	return v.text, v.why
}

// fileServer looks for the file (fileserver/staticfiles.go).
func (s *state) fileServer(h *Handler, next func(*state)) {
	f := h.Files
	root, why := s.root(f.Root)
	if why != "" {
		s.undecided(h.At, "%s", why)
		return
	}
	s.out.By = h
	by := f.RootAt
	if by == nil {
		by = s.vars["root"].at
	}
	name := joinPath(root, s.url.Path)
	s.step(route.StepFile, h.At, "looks for %s", name)
	s.out.File, s.out.FileBy = name, by
	switch s.look(name) {
	case route.FileMissing:
		if f.PassThru {
			s.step(stepHandler, h.At, "is not there: what follows goes on")
			next(s)
			return
		}
		s.lost(h, name)
	case route.FileFolder:
		s.folder(h, name, next)
	default:
		if hidden(name, f.Hide) {
			s.lost(h, name)
			return
		}
		if s.url.Path == "" || strings.HasSuffix(s.url.Path, "/") && s.look(name) == route.FileUnknown {
			s.found(route.Folder, name, root, h)
			return
		}
		s.found(route.File, name, root, h)
	}
}

// found ends with a file that is opened.
func (s *state) found(o route.Outcome, name, root string, h *Handler) {
	by := s.out.FileBy
	s.end(o, 0, "")
	s.out.File, s.out.FileBy, s.out.Root, s.out.RootBy = name, by, root, by
	if s.status != 0 {
		s.out.Status = s.status
	}
	if h.Files.Status != "" {
		s.out.Text = "" // its status is another one; the file is sent all the same
	}
}

// lost ends with 404, or with what is there for errors.
func (s *state) lost(h *Handler, name string) {
	file, by, uri := s.out.File, s.out.FileBy, s.url.Path
	root, _ := s.root(h.Files.Root)
	s.step(stepFailure, h.At, "%s is not there", name)
	handled := s.status == 0 && len(s.errors) > 0
	s.fail(nil, http.StatusNotFound, "")
	// Of a handoff it is the file that matters, not what handle_errors makes of it.
	if s.out.By == h || handled && s.resp != nil {
		s.out.By, s.out.File, s.out.FileBy, s.out.URI, s.out.Root, s.out.RootBy = h, file, by, uri, root, by
	}
}

// folder sends an index file, lists the folder, or fails.
func (s *state) folder(h *Handler, name string, next func(*state)) {
	index := h.Files.Index
	if index == nil {
		index = []string{"index.html", "index.txt"}
	}
	for _, i := range index {
		file := path.Join(name, i)
		switch s.look(file) {
		case route.FileRegular:
			if h.Files.Canonical && path.Base(s.orig.Path) == path.Base(s.url.Path) && !strings.HasSuffix(s.orig.Path, "/") {
				s.step(route.StepReturn, h.At, "a folder: is redirected to its name with a slash")
				s.end(route.Returned, http.StatusPermanentRedirect, s.orig.Path+"/")
				return
			}
			s.found(route.File, file, s.vars["root"].text, h)
			return
		case route.FileUnknown:
			s.found(route.Folder, name, s.vars["root"].text, h)
			return
		}
	}
	switch {
	case h.Files.Browse:
		s.found(route.Folder, name, s.vars["root"].text, h)
	case h.Files.PassThru:
		next(s)
	default:
		s.lost(h, name)
	}
}

// hidden says that file_server behaves as if a file were not there: a pattern
// without a slash matches any part of the path, one with a slash a path or a
// folder above it.
func hidden(name string, patterns []string) bool {
	for _, p := range patterns {
		if !strings.Contains(p, "/") {
			for part := range strings.SplitSeq(name, "/") {
				if ok, err := path.Match(p, part); err == nil && ok {
					return true
				}
			}
			continue
		}
		if rest, ok := strings.CutPrefix(name, p); ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(p, "/")) {
			return true
		}
		if ok, err := path.Match(p, name); err == nil && ok {
			return true
		}
	}
	return false
}
