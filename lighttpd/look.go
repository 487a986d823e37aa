package lighttpd

import (
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

// looks are those at this machine that the causes need: at the paths that the
// handoff and the request lead to.
var looks = cause.Looks(siteOf, func(s *site) (paths []string, user string) {
	if !s.Here() {
		return nil, s.worker()
	}
	if s.Handoff != nil {
		paths = append(paths, s.Handoff.File)
	}
	if h := s.host(); h != nil && h.Docroot() != nil {
		for _, i := range h.Docroot().Value.Items {
			paths = append(paths, i.Value.Str())
		}
	}
	paths = append(paths, s.Download.File)
	for _, h := range s.Download.Hosts {
		if name, ok := strings.CutPrefix(h.Addr, "unix:"); ok {
			paths = append(paths, name)
		}
	}
	s.unseen = nil
	for _, p := range s.publics() {
		paths = append(paths, p.folder)
	}
	paths = append(paths, s.unseen...) // which folder is a host's depends on them
	for i := range paths {
		paths[i] = path.Clean(paths[i])
	}
	return paths, s.worker()
})

// worker is the user that lighttpd becomes; "" where it does not say so, and
// stays who starts it.
func (s *site) worker() string {
	if set := s.conf.Blocks[0].Get("server.username"); set != nil && set.Value.Unknown == "" {
		return set.Value.Str()
	}
	if s.conf.Fragment {
		return defaultUser
	}
	return ""
}

// defaultUser is Debian's.
const defaultUser = "www-data"

// readable says whether lighttpd's user may read a file.
func (s *site) readable(file string) (diag.Tri, *diag.Path) {
	if s.worker() == "" {
		return diag.Undecided, nil
	}
	return s.Access(s.worker(), file)
}
