// Package lighttpd is the kind of server that lighttpd 1.4 is: how to start it,
// how it reads its configuration, which way a request takes through it, and
// what in it breaks downloads.
package lighttpd

import (
	"io"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

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
	Snippet: addition,
	Launch:  Launch,
	Finder:  finder,
	Load: func(path string, stdin io.Reader) (conf.Source, error) {
		source, err := Load(path, load.Options{Stdin: stdin})
		return secrets.Source(source, nil), err
	},
	Parse: func(s conf.Source) error {
		_, err := Parse(s)
		return err
	},
	Detect:   detect,
	Route:    follow,
	Families: []diag.Family{looks, twinAsked},
	Rules:    rules(),
	Enrich:   cause.Enrich(siteOf, (*site).responsible),
	Way:      cause.Way(siteOf, (*site).follow),
	Intent:   intent,
	Sandbox:  trials{},
}

// follow is the router for people: a URL's way in neutral words.
func follow(source conf.Source, q server.RouteRequest) (server.RouteResult, error) {
	c, _ := Parse(source) // what is wrong with it was told before
	return server.Follow(NewRouter(c, RouterOptions{Files: q.Look}), q, handoffField, written), nil
}
