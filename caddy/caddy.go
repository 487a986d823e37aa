// Package caddy is the kind of server that Caddy is: how to start it, how it
// reads its configuration, which way a request takes through it, and what in
// it breaks downloads.
package caddy

import (
	"io"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

const (
	kindName = "caddy" // also of the dialect
	program  = "caddy" // the name of Caddy's program
)

// Kind is Caddy.
var Kind = server.Kind{
	Name:    kindName,
	Title:   "Caddy",
	Program: program,
	Dialect: kindName,
	Samples: samples,
	Snippet: addition,
	Launch:  Launch,
	Finder:  finder,
	Load: func(path string, stdin io.Reader) (conf.Source, error) {
		source, err := Load(path, LoadOptions{Stdin: stdin})
		if err != nil {
			return source, err
		}
		c, _ := Parse(source) // what is wrong with it is told by the kind's Parse
		return withoutSecrets(source, c.Top), nil
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

// follow follows a request through a configuration.
func follow(source conf.Source, q server.RouteRequest) (server.RouteResult, error) {
	c, err := Parse(source)
	if len(c.Servers) == 0 && err != nil {
		return server.RouteResult{}, err
	}
	return server.Follow(NewRouter(c, RouterOptions{Files: q.Look}), q, handoffFields[0], written), nil
}
