// Package lighttpd is the kind of server that lighttpd 1.4 is: how to start it,
// how it reads its configuration, which way a request takes through it, and
// what in it breaks downloads.
package lighttpd

import "github.com/proxydiag/proxydiag/pkg/server"

const (
	kindName = "lighttpd" // also of the dialect
	program  = "lighttpd" // the name of lighttpd's program
)

// Kind is lighttpd.
var Kind = server.Kind{
	Name:    kindName,
	Title:   "lighttpd",
	Program: program,
	Dialect: kindName,
	Samples: samples,
	Launch:  Launch,
}
