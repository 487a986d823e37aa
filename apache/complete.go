package apache

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// aboutTLS are folders whose files only say how TLS is spoken, which a sandbox
// does with a certificate of its own: what certbot writes.
var aboutTLS = []string{"/etc/letsencrypt/"}

// Complete implements server.Completer: included files that the source lacks and
// that are about certificates only are empty.
func (trials) Complete(source conf.Source) (conf.Source, []conf.Problem) {
	var told []conf.Problem
	c, err := Parse(source)
	var problems *conf.Error
	if !errors.As(err, &problems) {
		return source, nil
	}
	source.Files = slices.Clone(source.Files)
	c.Top.Walk(func(d *conf.Directive) bool {
		missing := slices.ContainsFunc(problems.Problems, func(p conf.Problem) bool { return p.Pos == d.Pos && p.Kind == conf.Missing })
		name := path.Clean(d.Arg(0))
		if d.Name != "Include" || !missing || load.HasMeta(name) || !slices.ContainsFunc(aboutTLS, func(folder string) bool { return strings.HasPrefix(name, folder) }) {
			return true
		}
		source.Files = slices.DeleteFunc(source.Files, func(f conf.File) bool { return f.Path == name })
		source.Files = append(source.Files, conf.File{Path: name})
		told = append(told, conf.Problem{Pos: d.Pos, Kind: conf.Doubtful, Message: fmt.Sprintf("%q is not there: it is left out, for the sandbox has a certificate of its own", name)})
		return true
	})
	return source, told
}

// missing are the problems of a configuration that leave out a part of it; ok is
// false where there are others.
func missing(err error) (left []conf.Problem, ok bool) {
	var problems *conf.Error
	if err == nil {
		return nil, true
	}
	if !errors.As(err, &problems) {
		return nil, false
	}
	for _, p := range problems.Problems {
		if p.Kind != conf.Missing && p.Kind != conf.Unreadable && p.Kind != conf.Doubtful {
			return nil, false
		}
	}
	return problems.Problems, true
}
