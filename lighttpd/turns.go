package lighttpd

import (
	"net/http"
	"slices"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// unlike is the backend of the download's gateway that differs from the others
// it takes turns with: for these holds what does not for it. nil where all are
// alike, or where that cannot be told.
func (s *site) unlike(holds func(*Host) bool) *Host {
	if s.Handoff == nil || s.Value == "" || len(s.Download.Hosts) < 2 || !s.ToBackend(s.Download) {
		return nil
	}
	var with, without *Host
	for _, h := range s.Download.Hosts {
		switch {
		case h.Item.Value.unknown() != "":
			return nil
		case holds(h):
			with = h
		case without == nil:
			without = h
		}
	}
	if with == nil {
		return nil
	}
	return without
}

// other is the address of a backend that takes turns with one; the one that
// answers us, where it is not that one.
func (s *site) other(than, answers *Host) string {
	if answers != nil && answers != than {
		return answers.Addr
	}
	for _, h := range s.Download.Hosts {
		if h != than {
			return h.Addr
		}
	}
	return ""
}

// covers says that a host may hand over the stored file, as far as
// x-sendfile-docroot goes.
func (s *site) covers(h *Host) bool {
	file := simplify(decodePath(s.Value))
	return h.Docroot() == nil || within(file, h.Docroot().Value)
}

// anyLost says that one of the downloads through the proxy came to nothing in a
// way, whichever it was that met the backend.
func (s *site) anyLost(way func(*diag.Exchange) bool) bool {
	return s.Stored() && slices.ContainsFunc(s.Record.Exchanges, func(x diag.Exchange) bool {
		return x.Probe.Port == diag.Proxy && x.Probe.Method == http.MethodGet && x.Probe.Role == diag.RoleMain && way(&x)
	})
}

// isEmptied says that a file came as an empty answer.
func isEmptied(x *diag.Exchange) bool {
	return x.Status == http.StatusOK && x.Body.Match == compare.Empty
}

// isForbidden says that a file was refused.
func isForbidden(x *diag.Exchange) bool { return x.Status == http.StatusForbidden }
