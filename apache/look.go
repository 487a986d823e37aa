package apache

import (
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// looks are those at this machine that the causes need: at the paths that the
// handoff leads to, and at what the way of a request depends on.
var looks = cause.Looks(siteOf, func(s *site) (paths []string, user string) {
	if s.Handoff != nil {
		paths = append(paths, s.Handoff.File)
		paths = append(paths, folders(s.Handoff.XSendFilePaths())...)
	}
	paths = append(paths, s.Download.sockets()...)
	s.twins() // asks for files, too
	return append(paths, s.unseen...), s.worker()
})

// onDisk is what was seen at a path of the proxy's machine.
func (s *site) onDisk(name string) route.FileKind {
	if !s.Here() || !path.IsAbs(name) {
		return route.FileUnknown
	}
	name = path.Clean(name)
	if s.Path(s.Real(name)) == nil && !slices.Contains(s.unseen, name) {
		s.unseen = append(s.unseen, name)
	}
	return s.OnDisk(name)
}

// sockets are the paths of the sockets that a route may be handed to.
func (t *Route) sockets() []string {
	var list []string
	if u := cause.Upstream(t); u != nil {
		for _, p := range u.Peers {
			if name, ok := strings.CutPrefix(p.Addr, "unix:"); ok && path.IsAbs(name) {
				list = append(list, name)
			}
		}
	}
	return list
}

// worker is the user that answers requests, with the group that takes the place
// of the user's own one where it is another (mod_unixd documentation, Group).
func (s *site) worker() string {
	said := func(name string) string {
		if d := lastOf(s.conf.Top.All(name)); d != nil && !strings.HasPrefix(d.Arg(0), "$") {
			return d.Arg(0)
		}
		return ""
	}
	user := said("User")
	if user == "" {
		user = defaultUser
	}
	return s.Worker(user, said("Group"))
}

// defaultUser is Debian's.
const defaultUser = "www-data"
