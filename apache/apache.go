// Package apache is the kind of server that the Apache HTTP Server with
// mod_xsendfile is: how to start it, how it reads its configuration, which way
// a request takes through it, and what in it breaks downloads.
package apache

import (
	"io"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

const (
	kindName = "apache"  // also of the dialect
	program  = "apache2" // the name of Apache's program on Debian and its kin
)

// Kind is the Apache HTTP Server.
var Kind = server.Kind{
	Name:    kindName,
	Title:   "Apache",
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
		c, _ := Parse(source)
		return secrets.Source(source, c.Top), nil
	},
	Parse: func(s conf.Source) error {
		_, err := Parse(s)
		return err
	},
	Detect:      detect,
	Route:       follow,
	Intent:      intent,
	Families:    []diag.Family{looks, twinAsked},
	Rules:       rules(),
	Enrich:      cause.Enrich(siteOf, (*site).responsible),
	Way:         way,
	Sandbox:     trials{},
	Environment: true,
}
