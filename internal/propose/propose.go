// Package propose looks for the downloads in a proxy's configuration: where
// they are asked for, which backend answers, and where the files lie. It guesses
// addresses and paths from the text and believes only what the configuration's
// own routing confirms.
package propose

import (
	"cmp"
	"net"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// name is the file that is asked for in thought.
const name = "proxydiag-init.bin"

// Options limit the search.
type Options struct {
	// URL is the download URL, without the file's name; nil: it is looked for.
	URL *url.URL
	// Prefix is what the handoff begins with; empty: it is looked for.
	Prefix string
}

// Fact is something that the configuration tells, and the place that tells it.
type Fact struct {
	Value string
	By    server.RouteStep // its Pos is zero where a default does
}

// Site is what was found. What was not is empty.
type Site struct {
	Proxy    Fact // download URL on the proxy's port
	Backend  Fact // the same on the backend's
	Sendfile Fact // handoff: KIND:PREFIX
	Storage  Fact // folder
	Direct   Fact // URL of the storage as it is
	// Server is the step that chose the block which answers: what is added goes
	// behind it. Its Pos is zero where there is none.
	Server server.RouteStep
}

// Complete says that a stack can be checked by it.
func (s Site) Complete() bool {
	return s.Proxy.Value != "" && s.Backend.Value != "" && s.Storage.Value != ""
}

// finder asks one configuration.
type finder struct {
	kind   server.Kind
	source conf.Source
	prefix string
	dirs   []string // paths that stand in the text, each with a slash at its end
}

// Find looks for the downloads of a configuration. ok is false where no
// request is handed to a backend over HTTP.
func Find(kind server.Kind, source conf.Source, o Options) (Site, bool) {
	f := &finder{kind: kind, source: source, prefix: o.Prefix}
	texts := textsOf(source)
	f.dirs = paths(texts)
	var best Site
	for _, base := range f.listening(bases(texts, o.URL)) {
		if o.URL != nil {
			if s, ok := f.at(o.URL); ok {
				best = s
			}
			break
		}
		for _, s := range f.sites(base) {
			if rank(s) > rank(best) {
				best = s
			}
		}
		if rank(best) == complete {
			break
		}
	}
	return best, best.Proxy.Value != ""
}

// listening puts the addresses first at which something listens. What is asked
// for at another port is taken to be mapped, and its first step says so: as it
// does at a port that is surely none of the configuration's.
func (f *finder) listening(list []url.URL) []url.URL {
	first := func(u url.URL) string {
		u.Path = "/proxydiag-init/"
		r, ok := f.follow(&u, "")
		if !ok || len(r.Request.Steps) == 0 {
			return ""
		}
		return r.Request.Steps[0].Text
	}
	none := first(base("127.0.0.1", "1"))
	var yes, no []url.URL
	for _, u := range list {
		if text := first(u); text != "" && text != none {
			yes = append(yes, u)
		} else {
			no = append(no, u)
		}
	}
	return append(yes, no...)
}

const complete = 3

// rank prefers what is known wholly, then what has a path of its own.
func rank(s Site) int {
	switch {
	case s.Proxy.Value == "":
		return 0
	case s.Complete() && path.Base(s.Proxy.Value) != "" && strings.Count(s.Proxy.Value, "/") > 3:
		return complete
	case s.Complete():
		return 2
	}
	return 1
}

// sites are the downloads that are asked for at one address: on the paths that
// the configuration treats in a way of their own, and on all others.
func (f *finder) sites(base url.URL) []Site {
	var list []Site
	others := base
	others.Path = "/proxydiag-init/"
	rest, _ := f.follow(&others, "")
	for _, dir := range f.dirs {
		u := base
		u.Path = dir
		r, ok := f.follow(&u, "")
		if !ok || r.Request.Outcome != route.Proxied || dir != "/" && slices.Equal(places(r.Request), places(rest.Request)) {
			continue
		}
		if s, ok := f.at(&u); ok {
			list = append(list, s)
		}
	}
	return list
}

// at is what is known of the downloads at a URL.
func (f *finder) at(u *url.URL) (Site, bool) {
	if !strings.HasSuffix(u.Path, "/") {
		with := *u
		with.Path += "/"
		u = &with
	}
	r, ok := f.follow(u, "")
	up := r.Request.Upstream
	if !ok || r.Request.Outcome != route.Proxied || up == nil || up.Unknown != "" || up.Protocol != "http" && up.Protocol != "https" {
		return Site{}, false
	}
	host := up.Host
	if len(up.Peers) > 0 {
		host = up.Peers[0]
	}
	if strings.HasPrefix(host, "unix:") || samePort(host, u) {
		return Site{}, false
	}
	asked, found := strings.CutSuffix(cmp.Or(up.URI, u.Path+name), name)
	if !found {
		return Site{}, false
	}
	others := *u
	others.Path = "/proxydiag-init/"
	rest, _ := f.follow(&others, "")
	s := Site{Server: last(rest.Request, "server", "condition"), Proxy: Fact{Value: u.String()}}
	s.Backend = Fact{up.Protocol + "://" + host + asked, last(r.Request, "proxy")}
	f.handoff(u, &s)
	if s.Storage.Value != "" {
		f.direct(u, &s)
	}
	return s, true
}

// samePort says that a URL is the backend's own, which the configuration was
// only asked for by mistake.
func samePort(backend string, u *url.URL) bool {
	_, port, err := net.SplitHostPort(backend)
	return err == nil && u.Port() == port && net.ParseIP(u.Hostname()) != nil
}

// handoff finds what the backend is to hand off, and the folder that the proxy
// opens then.
func (f *finder) handoff(u *url.URL, s *Site) {
	var prefixes []string
	if f.prefix != "" {
		prefixes = []string{f.prefix}
	} else if f.kind.Intent != nil {
		at := *u
		at.Path += name
		if intent, ok := f.kind.Intent(f.source, &at); ok {
			prefixes = append(prefixes, intent.Prefix)
		}
	}
	dialect, err := sendfile.Lookup(f.kind.Dialect, "")
	if err != nil {
		return
	}
	byPath := dialect.Form == sendfile.Path
	if byPath && prefixes == nil { // the value is the file's own path
		prefixes = f.dirs
	}
	for _, prefix := range prefixes {
		spec, err := sendfile.ParseSpec(f.kind.Dialect+":"+prefix, "")
		if err != nil || prefix == "/" {
			continue
		}
		r, ok := f.follow(u, prefix+name)
		if !ok || r.Handoff == nil || r.Handoff.Outcome != route.File || !path.IsAbs(r.Handoff.File) {
			continue
		}
		if byPath && r.Handoff.File != prefix+name {
			continue
		}
		by := last(*r.Handoff)
		s.Sendfile = Fact{spec.String(), by}
		// A name that is not a file's own is a fault to be found, as where a slash
		// is missing; what stands before it is the folder that is meant.
		if folder, found := strings.CutSuffix(r.Handoff.File, name); found {
			s.Storage = Fact{path.Clean(folder), by}
		}
		return
	}
}

// direct finds a location that serves the same folder to some clients only.
func (f *finder) direct(u *url.URL, s *Site) {
	for _, dir := range f.dirs {
		at := *u
		at.Path = dir
		r, ok := f.follow(&at, "")
		if ok && r.Request.Outcome == route.File && len(r.Request.Provided) > 0 && r.Request.File == s.Storage.Value+"/"+name {
			s.Direct = Fact{at.String(), last(r.Request)}
			return
		}
	}
}

// follow asks the configuration for the file at a URL.
func (f *finder) follow(u *url.URL, handoff string) (server.RouteResult, bool) {
	at := *u
	at.Path += name
	r, err := f.kind.Route(f.source, server.RouteRequest{Method: "GET", URL: &at, Handoff: handoff})
	return r, err == nil
}

// places are where the decisions on a route stand.
func places(r server.Route) []conf.Pos {
	var list []conf.Pos
	for _, s := range r.Steps {
		list = append(list, s.Pos)
	}
	return list
}

// last is the last step that stands somewhere, of one of the kinds where some
// are given.
func last(r server.Route, kinds ...string) server.RouteStep {
	for _, s := range slices.Backward(r.Steps) {
		if !s.Pos.IsZero() && (kinds == nil || slices.Contains(kinds, s.Kind)) {
			return s
		}
	}
	return server.RouteStep{}
}
