// Package nginx is the kind of server that nginx is: how to start it, how it
// reads its configuration, which way a request takes through it, and what in
// it breaks downloads.
package nginx

import (
	"io"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server"
)

const (
	kindName = "nginx" // also of the dialect
	program  = "nginx" // the name of nginx's program
)

// Kind is nginx.
var Kind = server.Kind{
	Name:    kindName,
	Title:   "nginx",
	Program: program,
	Dialect: kindName,
	Samples: samples,
	Snippet: addition,
	Launch:  Launch,
	Finder:  finder,
	Load: func(path string, stdin io.Reader) (conf.Source, error) {
		source, err := Load(path, load.Options{Stdin: stdin})
		if err != nil {
			return source, err
		}
		c, _ := Parse(source)
		return secrets.Source(source, c.Top), nil
	},
	Parse: func(s conf.Source) error {
		_, err := Parse(s)
		return err
	},
	Detect:   detect,
	Route:    follow,
	Families: []diag.Family{files, twinAsked, hosts, withCredentials},
	Rules:    rules(),
	Enrich:   enrich,
	Way:      way,
	Sandbox:  trials{},
	Intent:   intent,
}
