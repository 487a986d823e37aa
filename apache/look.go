package apache

import (
	"path"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// looks are those at this machine that the causes need: the stored file,
// the paths that the handoff leads to, and who is to read them.
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
		return step
	},
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
