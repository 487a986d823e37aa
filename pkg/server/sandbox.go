package server

import (
	"context"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// Sandboxer is what a kind of server has besides where its configurations can
// be tried: in a sandbox, on loopback, with stand-ins for what is around them.
type Sandboxer interface {
	// Offers says which ways in and which ways out a configuration has. It is a
	// pure function of a source that Parse accepts.
	Offers(conf.Source) Offers

	// Start starts the real server with a copy of the configuration that is
	// rewritten to run in a sandbox. An error that the server itself gives is a
	// *conf.Error with the places in the user's files.
	Start(context.Context, conf.Source, SandboxOptions) (*Sandbox, error)
}

// Completer is a Sandboxer that can supply what a configuration includes and
// does not bring along, such as the files that every installation has.
type Completer interface {
	// Complete returns the source with what was missing, and tells each of it.
	Complete(conf.Source) (conf.Source, []conf.Problem)
}

// Offers are the ways in and out of a configuration. All of it is in the words
// of the configuration: its hosts, ports and paths, not the sandbox's.
type Offers struct {
	Ports []Port
	Ways  []WayIn
	Outs  []WayOut
	// Folders are the folders that files are opened in, as far as they are
	// written; those of Outs need not be among them.
	Folders []string
}

// Port is a server block, virtual host or site on one of its addresses.
type Port struct {
	// Origin is scheme://host[:port] by which clients come to it.
	Origin string
	// Listen is the address of the configuration that takes the connection, as
	// the kind writes it: a key of Sandbox.Listens.
	Listen string
	// Scope is the block within which handoffs are acted on, as the kind writes
	// it: ways in and out of one scope make a pair.
	Scope string
}

// WayIn is a place where the configuration hands requests to an application.
type WayIn struct {
	// Name tells it from the others, for people and for --via: host, port and
	// the location as it is written, like "files.example.com:443 /dl/".
	Name string
	Port
	// URL is what clients ask for to come here, as for a Stack: a name is
	// appended to it, or takes the place of {name}. It begins with Origin.
	URL diag.URL
	// App is the application that is asked.
	App App
	// Path is what the application is asked for there, as Stack.Backend's path:
	// a name is appended, or takes the place of {name}. Empty: that is not known,
	// and is the path of URL.
	Path string
	// Location is the directive that hands over.
	Location diag.Location
	// Untried says why it cannot be tried whatever is meant; "" where it can.
	Untried string
}

// WayOut is a place where the configuration takes handoffs.
type WayOut struct {
	// Name tells it from the others, for people and for --to, like
	// "/protected/ (/srv/files)".
	Name  string
	Scope string
	// Sendfile is the handoff that leads here, KIND:PREFIX, and Storage the
	// folder in which the files then lie, absolute.
	Sendfile, Storage string
	// Header is the field that carries the handoff, where it is another one than
	// that of the dialect.
	Header string
	// Object is set where an object store holds the files, and not Storage.
	Object *Object
	// Location is the directive that says so.
	Location diag.Location
	Untried  string
}

// Object is an object store that an internal location asks.
type Object struct {
	// App is the store, as the configuration names it.
	App App
	// Path is what stands before the key of an object in what the store is
	// asked for, unescaped.
	Path string
	// Host is what the store is asked for by Host, "" where that is not known.
	Host string
	// Query says that the handoff's query reaches the store, as presigned URLs
	// need it.
	Query bool
}

// App is an application, or another server, that a configuration asks.
type App struct {
	// Protocol is http, https, fastcgi, uwsgi or scgi.
	Protocol string
	// Address is host:port or unix:/path, as the configuration means it.
	Address string
	// Aside is set where its answer decides only whether or how another one is
	// used: auth_request, mirrors. It is stood in for by something that agrees.
	Aside bool
}

// SandboxOptions say how a sandbox is made.
type SandboxOptions struct {
	// Dir is a folder of the sandbox's own, absolute and short: what is started
	// keeps its configuration, logs and scratch files there.
	Dir string
	// Root is a folder that mirrors the paths of the machine: a path of the
	// configuration, /srv/files, is Root/srv/files. "": paths stay as they are.
	Root string
	// StandIn gives the address at which an application is stood in for: an
	// address on loopback, or unix: and a path where App's is one. It may be
	// called several times for one App, and gives the same then.
	StandIn func(App) (string, error)
	// Certificate gives the paths of a certificate and its key, PEM, made for this
	// sandbox; who asks does not verify it.
	Certificate func() (cert, key string, err error)
	// Stated are the ways in that the user says are meant: the scripts of an
	// application that they ask for are taken to be there.
	Stated []WayIn
	// AllowMissing leaves out includes that are not there.
	AllowMissing bool
	// MadeUp says that nobody stated what the configuration is for: what a part of
	// one may well have in another file is taken to be there.
	MadeUp bool
	// Binary is the server's program; empty: as for Launch.
	Binary string
}

// Sandbox is a server that was started with a user's configuration. It lives
// as a Process does.
type Sandbox struct {
	Process
	// Listens are the sandbox's addresses, host:port on loopback, by those of the
	// configuration as WayIn.Listen has them.
	Listens map[string]string
	// Changes are what was dealt with so that the configuration could be started
	// here, each with its place: what is missing on this machine, what is left
	// out. What every sandbox changes, addresses and paths, is not among them.
	Changes []conf.Problem
	// Original puts what the server says, a line of its log, into the words of
	// the configuration.
	Original func(text string) string
}

// CutName is a request target with {name} in the place of the name that was
// asked for, as WayIn.Path has it: a name at its end is left out. "" where the
// name is not in it.
func CutName(uri, name string) string {
	before, after, ok := strings.Cut(uri, name)
	switch {
	case !ok || before == "":
		return ""
	case after == "" && !strings.Contains(before, "?"):
		return before
	}
	return before + "{name}" + after
}
