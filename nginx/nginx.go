// Package nginx is the kind of server that nginx is.
package nginx

import "github.com/proxydiag/proxydiag/pkg/server"

// program is the name of nginx's program.
const program = "nginx"

// Kind is nginx.
var Kind = server.Kind{
	Name:    "nginx",
	Title:   "nginx",
	Program: program,
	Dialect: "nginx",
	Samples: samples,
	Launch:  Launch,
}
