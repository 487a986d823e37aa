package lighttpd

import (
	"net/http"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// handoffField is the field that lighttpd acts on.
const handoffField = "X-Sendfile"

// Handoff follows what lighttpd makes of an answer that hands over
// (http_response_xsendfile in http-header-glue.c): which file it opens, and
// whether x-sendfile-docroot allows that. from is the route whose upstream
// answered; where the hosts of it differ, Answered says which one did.
func (r *Router) Handoff(from *Route, h route.Handoff) *Route {
	s := *from.state
	s.done = false
	s.out = &Route{Route: from.On(), Hosts: from.Hosts, Setting: from.Setting}
	s.out.Server = from.Server
	if len(from.Hosts) == 0 {
		s.note(route.StepHandoff, nil, "no backend of a gateway: nothing is handed over")
		s.end(route.Ignored, 0, "")
		return s.result()
	}
	host := from.Hosts[0]
	by, on := host.XSendfile()
	switch {
	case by == nil:
		s.note(route.StepHandoff, host.Item.Dir, "x-sendfile is not switched on for %s: the field is taken out, and nothing is sent", host.Addr)
		s.end(route.Ignored, 0, "")
	case !on:
		s.note(route.StepHandoff, by.Dir, "x-sendfile is off for %s: the field is taken out, and nothing is sent", host.Addr)
		s.end(route.Ignored, 0, "")
	case h.Value == "":
		s.note(route.StepHandoff, by.Dir, "an empty %s hands over nothing", handoffField)
		s.end(route.Ignored, 0, "")
	default:
		s.note(route.StepHandoff, by.Dir, "%s is looked at", handoffField)
		s.send(host, by, h)
	}
	return s.result()
}

// Answered is the route with one of its hosts as the one that answers.
func (t *Route) Answered(host *Host) *Route {
	c := *t
	c.Hosts = append([]*Host{host}, slices.DeleteFunc(slices.Clone(t.Hosts), func(h *Host) bool { return h == host })...)
	return &c
}

// send finds the file of a value.
func (s *state) send(host *Host, by *Item, h route.Handoff) {
	file := decodePath(h.Value)
	fail := func(status int) {
		if h.Status >= 300 {
			status = h.Status
		}
		s.end(route.Refused, status, "")
	}
	if !validUTF8(file) {
		s.note(route.StepHandoff, nil, "the name is not UTF-8")
		s.end(route.Failed, http.StatusBadGateway, "")
		return
	}
	file = simplify(file)
	if set, _ := s.get("server.force-lowercase-filenames"); set != nil && set.Value.On(false) {
		file = strings.ToLower(file)
	}
	s.out.File = file
	if docroot := host.Docroot(); docroot != nil {
		if why := docroot.Value.unknown(); why != "" {
			s.undecide(docroot.Dir, "%s", why)
			return
		}
		if !within(file, docroot.Value) {
			s.note(route.StepHandoff, docroot.Dir, "%s is not in a folder of x-sendfile-docroot", file)
			fail(http.StatusForbidden)
			return
		}
		by = docroot
	}
	s.out.FileBy = by.Dir
	switch kind := s.r.file(file); {
	case !strings.HasPrefix(file, "/"):
		s.note(route.StepHandoff, nil, "%q does not begin with a slash", file)
		fail(http.StatusForbidden)
	case kind == route.FileMissing:
		s.note(route.StepHandoff, by.Dir, "%s is not there", file)
		fail(http.StatusNotFound)
	case kind == route.FileFolder:
		s.note(route.StepHandoff, by.Dir, "%s is a folder", file)
		fail(http.StatusForbidden)
	default:
		if set, _ := s.get("server.follow-symlink"); set != nil && !set.Value.On(true) {
			s.provide(set.Dir, "a symbolic link on the way is refused")
		}
		s.note(route.StepHandoff, by.Dir, "%s is opened", file)
		s.end(route.File, max(h.Status, http.StatusOK), "")
	}
}

// within says that a file lies in one of the folders.
func within(file string, docroot *Value) bool {
	for _, i := range docroot.Items {
		folder := simplify(i.Value.Str())
		if !strings.HasSuffix(folder, "/") {
			folder += "/"
		}
		if strings.HasPrefix(file, folder) {
			return true
		}
	}
	return false
}
