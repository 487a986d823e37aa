package apache

import (
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// LoadOptions say where Load reads; the zero value reads this machine's files.
type LoadOptions struct {
	// FS is where files are opened. nil: this machine's file system.
	FS load.FS
	// Stdin is read for the path "-". nil: standard input.
	Stdin io.Reader
	// Env are variables of Apache's environment, for ${NAME}. Besides them
	// those count that Debian's file envvars beside the main file sets. The
	// environment of this process does not count: it is not Apache's.
	Env map[string]string
}

// Load reads a configuration: every file of it, and nothing else; no command
// is executed. path is a main file, a part of a configuration such as a file of
// sites-available, a folder (its main file or, without one, its sites: see
// sitesOf), the output of DUMP_CONFIG in a file, or "-" for any of these texts
// on standard input.
//
// A *conf.Error says that there is nothing to read. What is wrong inside, an
// include that is missing or unreadable among it, is kept in the source and
// reported by Parse.
func Load(name string, o LoadOptions) (conf.Source, error) {
	l := &loader{load.NewReader(o.FS, dumpCommand)}
	if name == "-" {
		l.Stdin(o.Stdin)
		return l.load([]string{load.Stdin}, o.Env)
	}
	roots, err := l.Roots(name, l.sitesOf)
	if err != nil {
		return conf.Source{}, err
	}
	return l.load(roots, o.Env)
}

// loader reads files and keeps what it has read.
type loader struct{ *load.Reader }

// load reads the roots and all that they include.
func (l *loader) load(roots []string, env map[string]string) (conf.Source, error) {
	first, err := l.First(roots[0])
	switch {
	case err != nil:
		return conf.Source{}, err
	case len(roots) == 1 && emptyDump(first.Text):
		return conf.Source{}, load.Problem(roots[0], conf.Empty, "there is no configuration in it. If it was to be a dump: Apache prints one only where mod_info is loaded: "+dumpCommand)
	case isDump(first.Text):
		return conf.Source{Roots: roots[:1], Files: append([]conf.File{first}, views(first.Text)...)}, nil
	}
	s := conf.Source{Roots: roots, Prefix: l.prefix(roots[0], first.Text)}
	given := env
	env = map[string]string{}
	if roots[0] != load.Stdin {
		if f, ok := l.Read(path.Join(s.Prefix, envFile)); ok && f.Kind == "" {
			assignments(f.Text, env)
		}
	}
	maps.Copy(env, given)
	if len(env) > 0 {
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(env)) {
			fmt.Fprintf(&b, "%s='%s'\n", name, env[name])
		}
		l.Keep(conf.File{Path: envGive, Text: b.String()})
	}
	p := newParser(l, s.Prefix, env)
	top := &conf.Directive{IsBlock: true}
	for _, root := range roots {
		f, _ := l.Read(root)
		p.main = p.main || isMain(f.Text)
		p.file(root, top, nil, false)
	}
	l.access(top, p.root)
	s.Files = l.Files
	return s, nil
}

// prefix is the folder that relative names are relative to where the
// configuration does not say ServerRoot: that of the main file. For a part of a
// configuration that is where a main file is: beside it or in the folder above,
// as for sites-available/.
func (l *loader) prefix(root, text string) string {
	folder := load.FolderOf(root)
	if isMain(text) {
		return folder
	}
	above := load.Above(folder)
	for _, name := range mainFiles {
		if l.There(path.Join(folder, name)) {
			return folder
		}
		if l.There(path.Join(above, name)) {
			return above
		}
	}
	return folder
}
