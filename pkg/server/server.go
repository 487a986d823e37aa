// Package server says what a kind of proxy server must tell the rest of
// proxydiag: types, and the telling of routes. Each server has a folder of its own that
// exports a Kind, and one line in internal/all that registers it.
package server

import (
	"context"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// Kind is one kind of proxy server.
type Kind struct {
	// Name is the short lower-case name used on the command line and in
	// finding codes.
	Name string

	// Title is the name as its makers write it.
	Title string

	// Program is the usual name of the server's program.
	Program string

	// Dialect is the name of the handoff dialect in pkg/sendfile that the
	// server speaks.
	Dialect string

	// Samples are healthy site configurations, the plainest first. They are
	// shown to users as they are and run, rendered, against the real server.
	Samples []Sample

	// Snippet is the part of a site that takes downloads, to be added to one that
	// has none, with paths of its own. The zero value: there is none.
	Snippet Sample

	// Launch starts the real server.
	Launch func(context.Context, LaunchOptions) (Process, error)

	// Finder finds the configuration that a server on this machine uses.
	Finder Finder

	// Load reads a configuration from a file, a folder, or a dump; "-" is
	// stdin, and replaces its secrets (see package mask). It fails where there
	// is nothing to read. nil: this kind's configurations cannot be read.
	Load func(path string, stdin io.Reader) (conf.Source, error)
	// Parse says what is wrong with a configuration: nil or a *conf.Error.
	Parse func(conf.Source) error
	// Detect says that a text has the shape of a configuration of this kind.
	Detect func(text string) bool
	// Route follows a request through a configuration that Parse accepts. nil:
	// that cannot be done.
	Route func(conf.Source, RouteRequest) (RouteResult, error)

	// Families are the looks that the kind's rules need, Rules its causes, and
	// Enrich what it adds to any finding.
	Families []diag.Family
	Rules    []diag.Rule
	Enrich   diag.Enrich
	// Intent is the handoff that a configuration is made for where it takes the
	// download URL, if it tells. nil: that cannot be told.
	Intent func(source conf.Source, proxy *url.URL) (Intent, bool)
	// Environment says that ${NAME} in a configuration is the server's own way to
	// name what is in its environment.
	Environment bool
	// Sandbox tries configurations. nil: that cannot be done.
	Sandbox Sandboxer
	// Way follows a request through a configuration. nil: that cannot be done.
	Way diag.Trace
}

// Intent is the handoff that a configuration is made for.
type Intent struct {
	// Prefix is what the handoff's value begins with.
	Prefix string
	// Location is the place that says so.
	Location diag.Location
}

// LaunchOptions say how a server is started.
type LaunchOptions struct {
	// Site returns the configuration to run, for a server that is to listen
	// on addr ("127.0.0.1:40123"). It is what users put into their
	// distribution's folder for sites: everything about the site, nothing
	// about the process. The kind adds the rest (worker's user, log, process
	// id, scratch folders). Site may be called again with another address
	// where the first one turned out to be taken.
	Site func(addr string) string

	// Binary is the path of the program to start. Empty: Kind.Program is looked
	// up in PATH and in the system's sbin folders.
	Binary string

	// Without names modules that are left out although the kind would load them
	// of itself, as its configuration calls them ("xsendfile"). A kind that loads
	// none of itself does not look at it.
	Without []string

	// StartTimeout limits the time until the server answers. 0 means 10 s.
	StartTimeout time.Duration
}

// Process is a server that was started and has answered once. It lives until
// Stop, until the context given to Launch ends, or until this program ends,
// however it ends.
type Process interface {
	// Addr is the address that the server listens on, "127.0.0.1:40123".
	Addr() string

	// ErrorLog is the path of the server's error log, at level "warn" or the
	// nearest to it. It is gone after Stop.
	ErrorLog() string

	// Output is what the server wrote to its standard output and error: the
	// last 64 KiB.
	Output() string

	// Stop ends the server, waits until every process of it is gone, and
	// removes what was made for it. Its error says what could not be removed,
	// or how the server ended where it had ended by itself before. Further
	// calls return the same.
	Stop() error
}

// Sample is a healthy configuration for one site, commented and ready to be
// adapted. It stands as a user would write it, so its addresses and folders
// look real: those of Placeholders.
type Sample struct {
	Name  string // file name
	Title string // what it shows, one line
	Text  string // the file
	// Between is what stands in Text between the host and the port of an address
	// where the server's language keeps them apart. "": they are written as
	// host:port everywhere.
	Between string

	Path     string // URL path under which downloads are asked for, on both ports: "/dl/"
	Direct   string // URL path that serves the storage as it is; empty: none
	Sendfile string // the handoff's dialect and prefix: what --sendfile is given
	Storage  string // the folder that holds the files: what --storage is given
}

// Values are what a site's configuration says about its surroundings.
type Values struct {
	Listen  string // address that the proxy listens on, host:port
	Backend string // address of the application, host:port
	Storage string // folder that holds the files, absolute, no slash at the end
}

// Placeholders are the values that stand in every Sample.
func Placeholders() Values {
	return Values{Listen: "127.0.0.1:8080", Backend: "127.0.0.1:8000", Storage: "/srv/media"}
}

// Render returns the sample with the placeholders replaced by v, in all its
// fields. A value that is empty keeps its placeholder. Values are put in as
// they are: quoting what a configuration language treats specially is the
// caller's part.
func (s Sample) Render(v Values) Sample {
	from := Placeholders()
	var pairs []string
	for _, p := range [][2]string{{from.Listen, v.Listen}, {from.Backend, v.Backend}, {from.Storage, v.Storage}} {
		if p[1] == "" {
			continue
		}
		pairs = append(pairs, p[0], p[1])
		if old, ok := s.apart(p[0]); ok {
			if replacement, ok := s.apart(p[1]); ok {
				pairs = append(pairs, old, replacement)
			}
		}
	}
	r := strings.NewReplacer(pairs...)
	s.Text = r.Replace(s.Text)
	s.Sendfile = r.Replace(s.Sendfile)
	s.Storage = r.Replace(s.Storage)
	return s
}

// apart is an address as it stands in Text where host and port are kept apart.
func (s Sample) apart(addr string) (text string, ok bool) {
	host, port, err := net.SplitHostPort(addr)
	return host + s.Between + port, err == nil && s.Between != ""
}

// Has says that an address stands in Text, in either spelling.
func (s Sample) Has(addr string) bool {
	apart, ok := s.apart(addr)
	return strings.Contains(s.Text, addr) || ok && strings.Contains(s.Text, apart)
}
