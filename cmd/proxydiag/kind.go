package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/gate"
	"github.com/proxydiag/proxydiag/pkg/report"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// readable are the kinds of server whose configurations can be read.
func readable() []server.Kind {
	return slices.DeleteFunc(all.Kinds(), func(k server.Kind) bool { return k.Load == nil })
}

func kindNames(kinds []server.Kind) []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.Name)
	}
	return names
}

// findKind finds the kind that a flag names among those that can be read.
func findKind(flag, name string) (server.Kind, error) {
	for _, k := range readable() {
		if k.Name == name {
			return k, nil
		}
	}
	known := strings.Join(kindNames(readable()), ", ")
	return server.Kind{}, fmt.Errorf("%s %s: only configurations of %s can be read", flag, name, known)
}

// configuration is a configuration that was read, and whose it is.
type configuration struct {
	path   string
	kind   server.Kind
	source conf.Source
	// problems are what is wrong with it, and left what of them only leaves
	// something out, an include that is not there, or is no more than doubtful.
	problems, left []conf.Problem
	meant          string // the handoff that is stated, "" for none
}

// loadConfiguration reads the configuration that an argument names. Without
// the name of a kind its shape tells whose it is. The error is for what cannot
// be opened.
func loadConfiguration(path, kindName string, std streams) (*configuration, error) {
	c := &configuration{path: path}
	var err error
	if kindName != "" {
		if c.kind, err = findKind("--server", kindName); err == nil {
			c.source, err = c.kind.Load(path, std.in)
		}
	} else {
		err = c.detect(path, std)
	}
	var unreadable *conf.Error
	switch {
	case errors.As(err, &unreadable) && !unreadable.Only(conf.Missing, conf.Unreadable):
		c.problems = unreadable.Problems
		return c, nil
	case err != nil:
		return nil, err
	}
	c.parse()
	if template := c.template(); template != nil {
		c.problems, c.left = template.Problems, nil
	}
	return c, nil
}

// template says that it has to be rendered before it is a configuration; nil
// where it need not. What only looks like a mark of a template, in something
// that can be read, is none.
func (c *configuration) template() *conf.Error {
	var found *conf.Error
	if !errors.As(gate.Template(c.source), &found) || found.Problems[0].Pos.Line == 0 {
		return nil // the name alone
	}
	pos := found.Problems[0].Pos
	file, _ := c.source.File(pos.File)
	if len(c.problems) > 0 || gate.TemplateName(pos.File) || strings.TrimSpace(strings.Split(file.Text, "\n")[pos.Line-1][:pos.Column-1]) == "" {
		return found
	}
	return nil
}

// parse sorts what is wrong with the configuration.
func (c *configuration) parse() {
	c.problems, c.left = nil, nil
	var unreadable *conf.Error
	if errors.As(c.kind.Parse(c.source), &unreadable) {
		for _, p := range unreadable.Problems {
			if p.Kind == conf.Missing || p.Kind == conf.Unreadable || p.Kind == conf.Doubtful {
				c.left = append(c.left, p)
			} else {
				c.problems = append(c.problems, p)
			}
		}
	}
}

// loadTree reads the configuration that an argument names or, where that is a
// folder without one, each configuration in the folders below it.
func loadTree(path, kindName string, std streams) ([]*configuration, error) {
	c, err := loadConfiguration(path, kindName, std)
	info, failed := os.Stat(path)
	if path == "-" || err == nil && !c.empty() || failed != nil || !info.IsDir() {
		return []*configuration{c}, err
	}
	var list []*configuration
	failed = filepath.WalkDir(path, func(folder string, d fs.DirEntry, problem error) error {
		switch {
		case problem != nil && folder == path:
			return problem
		case problem != nil, d.IsDir() && folder != path && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !d.IsDir() || folder == path:
			return nil
		}
		below, problem := loadConfiguration(folder, kindName, std)
		if problem == nil && !below.empty() {
			list = append(list, below)
			return fs.SkipDir
		}
		return nil // nothing of ours in it; perhaps in the folders below
	})
	if failed == nil && list == nil && err == nil {
		c.problems[0].Message = strings.Replace(c.problems[0].Message, inFolder, inFolder+" and the folders below it", 1)
	}
	if failed != nil || list == nil {
		return []*configuration{c}, err
	}
	return list, nil
}

// empty says that there was nothing to read.
func (c *configuration) empty() bool {
	return len(c.problems) > 0 && !slices.ContainsFunc(c.problems, func(p conf.Problem) bool { return p.Kind != conf.Empty })
}

// detect reads a configuration as each kind of server does, and takes the kind
// whose shape the text has.
func (c *configuration) detect(path string, std streams) error {
	stdin := std.in
	var text []byte
	if path == "-" {
		var err error
		if text, err = io.ReadAll(std.in); err != nil {
			return fmt.Errorf("standard input cannot be read: %w", err)
		}
	}
	var failed error
	read := false
	for _, k := range readable() {
		if path == "-" {
			stdin = bytes.NewReader(text)
		}
		source, err := k.Load(path, stdin)
		if err != nil {
			if failed == nil {
				failed = err
			}
			continue
		}
		read = true
		c.source = source
		main, ok := source.File(source.Roots[0])
		var told *conf.Error
		if ok && strings.IndexByte(main.Text, 0) >= 0 && errors.As(k.Parse(source), &told) {
			return told // whosever it is
		}
		if ok && k.Detect != nil && k.Detect(main.Text) {
			c.kind, c.source = k, source
			return nil
		}
	}
	var told *conf.Error // what a kind of server says of it is more than that it is nobody's
	if errors.As(failed, &told) && told.Only(conf.Syntax, conf.NotText) {
		return failed
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() && !read {
		return &conf.Error{Problems: []conf.Problem{{Pos: conf.Pos{File: path}, Kind: conf.Empty,
			Message: fmt.Sprintf("no configuration of %s was found in %s: name the file", strings.Join(kindNames(readable()), ", "), inFolder)}}}
	}
	if err := gate.Template(c.source); err != nil {
		return err
	}
	if read || failed == nil {
		return fmt.Errorf("%s: nothing tells whose configuration it is; say it, for example --server %s", path, readable()[0].Name)
	}
	return failed
}

// inFolder begins what is said of a folder that nothing was found in.
const inFolder = "the folder"

// tell writes what is wrong with a configuration, each with its place and the
// line.
func (c *configuration) tell(w io.Writer, problems []conf.Problem, mark string) {
	for _, p := range problems {
		fmt.Fprintf(w, "proxydiag: %s%s\n", mark, report.Visible(p.String()))
		fmt.Fprint(w, c.source.Excerpt(p.Pos, 1))
	}
}
