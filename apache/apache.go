// Package apache is the kind of server that the Apache HTTP Server with
// mod_xsendfile is.
package apache

import "github.com/proxydiag/proxydiag/pkg/server"

// program is the name of Apache's program on Debian and its kin.
const program = "apache2"

// Kind is the Apache HTTP Server.
var Kind = server.Kind{
	Name:    "apache",
	Title:   "Apache",
	Program: program,
	Dialect: "apache",
	Samples: samples,
	Launch:  Launch,
}
