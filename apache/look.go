package apache

import (
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// looks are those at this machine that the causes need: the stored file,
// the paths that the handoff leads to, who is to read them, and what the way of
// a request depends on.
var looks = diag.Family{
	Name: "files",
	When: "a configuration is given, and the storage is a folder",
	Plan: func(v *diag.View) diag.Step {
		s := siteOf(v)
		if s == nil || s.file == nil || s.file.Path == "" || s.download == nil {
			return diag.Step{}
		}
		step := diag.Step{Look: []string{s.file.Path}, Users: []string{s.worker()}}
		if s.handoff != nil {
			for _, p := range append([]string{s.handoff.File}, folders(s.handoff.XSendFilePaths())...) {
				if path.IsAbs(p) {
					step.Look = append(step.Look, p)
				}
			}
		}
		for _, p := range s.download.sockets() {
			step.Look = append(step.Look, p)
		}
		s.twins() // asks for files, too
		step.Look = append(step.Look, s.unseen...)
		return step
	},
}

// here says that the proxy runs on this machine.
func (s *site) here() bool {
	x := s.Exchange(diag.ProxyGet)
	return x != nil && client(x.Remote).IsValid()
}

// onDisk is what was seen at a path of the proxy's machine.
func (s *site) onDisk(name string) FileKind {
	if !s.here() || !path.IsAbs(name) {
		return FileUnknown
	}
	name = path.Clean(name)
	p := s.Path(s.Real(name))
	switch {
	case p == nil:
		if !slices.Contains(s.unseen, name) {
			s.unseen = append(s.unseen, name)
		}
		return FileUnknown
	case p.Failure != "":
		return FileUnknown
	case p.Missing:
		return FileMissing
	case p.Mode.IsDir():
		return FileFolder
	}
	return FileRegular
}

// sockets are the paths of the sockets that a route may be handed to.
func (t *Route) sockets() []string {
	var list []string
	if u := t.upstream(); u != nil {
		for _, p := range u.Peers {
			if name, ok := strings.CutPrefix(p.Addr, "unix:"); ok && path.IsAbs(name) {
				list = append(list, name)
			}
		}
	}
	return list
}

// worker is the user that answers requests.
func (s *site) worker() string {
	if d := lastOf(s.conf.Top.All("User")); d != nil && d.Arg(0) != "" && d.Arg(0)[0] != '$' {
		return d.Arg(0)
	}
	return defaultUser
}

// defaultUser is Debian's.
const defaultUser = "www-data"
