package cause

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// Same says that two paths name the same file, as far as links were looked at.
func (s *Site[R]) Same(a, b string) bool {
	return filepath.Clean(a) == filepath.Clean(b) || s.Real(a) == s.Real(b)
}

// Below says that a path is a folder or lies in it.
func (s *Site[R]) Below(path, folder string) bool {
	path, folder = s.Real(path), s.Real(folder)
	return path == folder || folder == "/" || strings.HasPrefix(path, folder+"/")
}

// OnDisk is what was seen at a path, for a router.
func (s *Site[R]) OnDisk(path string) route.FileKind {
	p := s.Path(s.Real(path))
	switch {
	case p == nil || p.Failure != "":
		return route.FileUnknown
	case p.Missing:
		return route.FileMissing
	case p.Mode.IsDir():
		return route.FileFolder
	}
	return route.FileRegular
}

// Worker is how the user is called that a server runs as: user:group where the
// group takes the place of the user's own one. A record may know the user alone.
func (s *Site[R]) Worker(user, group string) string {
	both := user + ":" + group
	if group == "" || group == user || s.User(both) == nil && s.User(user) != nil {
		return user
	}
	return both
}

// Denied is the finding that who, the server, may not read the handoff's file.
// at is the file or folder that refuses its user, nil where that was not seen.
func (s *Site[R]) Denied(who, user string, at *diag.Path, events ...Event) *diag.Finding {
	h := s.Handoff.Common()
	f := s.Found(h.FileBy, "%s may not read %s.", who, h.File)
	if at != nil {
		f.Detail = fmt.Sprintf("%s runs as %s, and %s (%s, owner %d:%d) refuses it.", who, user, at.Path, at.Mode, at.UID, at.GID)
		f.Fix = fmt.Sprintf("Let %s enter %s and the folders above it, and read the files in it.", user, at.Path)
		f.Evidence = append(f.Evidence, diag.Evidence{Kind: diag.EvidenceFile, Text: fmt.Sprintf("%s: %s, owner %d:%d", at.Path, at.Mode, at.UID, at.GID)})
	}
	return s.With(f, s.Handoff, events...)
}

// Looks are those at this machine that causes need: the stored file, further
// paths that the configuration leads to, and who is to read them.
func Looks[S Own[R], R Routed](of func(*diag.View) S, more func(S) (paths []string, user string)) diag.Family {
	return diag.Family{
		Name: "files",
		When: "a configuration is given, and the storage is a folder",
		Plan: func(v *diag.View) diag.Step {
			s, ok := asked(of, v)
			if !ok || s.base().File.Path == "" {
				return diag.Step{}
			}
			paths, user := more(s)
			step := diag.Step{Look: []string{s.base().File.Path}, Users: []string{user}}
			for _, p := range paths {
				if path.IsAbs(p) {
					step.Look = append(step.Look, p)
				}
			}
			return step
		},
	}
}
