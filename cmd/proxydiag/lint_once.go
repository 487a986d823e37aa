package main

import (
	"fmt"
	"path/filepath"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// onceOnly knows what was told already: the same file may be reached in several
// ways, as an argument, in a folder, by an include, through a link.
type onceOnly map[string]bool

func (o onceOnly) seen(format string, args ...any) bool {
	key := fmt.Sprintf(format, args...)
	seen := o[key]
	o[key] = true
	return seen
}

// configuration says that the same configuration was read before.
func (o onceOnly) configuration(c *configuration) bool {
	if c.path == "-" || len(c.source.Roots) == 0 {
		return false
	}
	files := make([]string, len(c.source.Roots))
	for i, root := range c.source.Roots {
		files[i] = realName(root)
	}
	return o.seen("configuration %s %q", c.kind.Name, files)
}

// finding says that the same was found at the same place before.
func (o onceOnly) finding(f diag.Finding) bool {
	if f.Location == nil {
		return false
	}
	return o.seen("finding %s %q %d %d %s", f.Code, realName(f.Location.File), f.Location.Line, f.Location.Column, f.Detail)
}

// problem says that the same was told of the same place before.
func (o onceOnly) problem(p conf.Problem) bool {
	return !p.Pos.IsZero() && o.seen("problem %q %d %d %s", realName(p.Pos.File), p.Pos.Line, p.Pos.Column, p.Message)
}

// realName is one name for all the names of a file.
func realName(name string) string {
	abs, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real
	}
	return abs
}
