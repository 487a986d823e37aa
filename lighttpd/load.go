package lighttpd

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// Load reads a configuration: every file of it, and nothing else; no command
// is executed. name is a main file, a part of a configuration such as a file of
// conf-available, a folder (its lighttpd.conf or, without one, its *.conf), the
// output of `lighttpd -p` in a file, or "-" for any of these texts on standard
// input.
//
// A *conf.Error says that there is nothing to read. What is wrong inside, an
// include that is missing or unreadable among it, is kept in the source and
// reported by Parse.
func Load(name string, o load.Options) (conf.Source, error) {
	l := &loader{load.NewReader(o.FS, "lighttpd -p -f "+mainPath)}
	if name == "-" {
		l.Stdin(o.Stdin)
		return l.load([]string{load.Stdin})
	}
	roots, err := l.Roots(name, l.sitesOf)
	if err != nil {
		return conf.Source{}, err
	}
	return l.load(roots)
}

// mainPath is where distributions keep the main file.
const mainPath = "/etc/lighttpd/" + mainFile

// loader reads files and keeps what it has read.
type loader struct{ *load.Reader }

// load reads the roots and all that they include.
func (l *loader) load(roots []string) (conf.Source, error) {
	first, err := l.First(roots[0])
	switch {
	case err != nil:
		return conf.Source{}, err
	case len(roots) == 1 && strings.TrimSpace(first.Text) == "":
		return conf.Source{}, load.Problem(roots[0], conf.Empty, "there is no configuration in it")
	}
	s := conf.Source{Roots: roots, Prefix: l.prefix(roots[0])}
	p := newParser(l, s.Prefix)
	for _, root := range roots {
		p.file(root, nil)
	}
	s.Files = l.Files
	return s, nil
}

// prefix is the folder that relative names are relative to: that of the main
// file, which is the lighttpd.conf beside a file or in the folder above, as for
// conf-available/, or the file itself.
func (l *loader) prefix(root string) string {
	if root == load.Stdin {
		return ""
	}
	folder := load.FolderOf(root)
	if !l.There(load.Join(folder, mainFile)) && l.There(load.Join(load.Above(folder), mainFile)) {
		return load.Above(folder)
	}
	return folder
}

// sitesOf returns the files of a folder to begin with: its lighttpd.conf, or
// all *.conf in it, in its conf-enabled or conf.d.
func (l *loader) sitesOf(folder string) ([]string, error) {
	if main := load.Join(folder, mainFile); l.There(main) {
		return []string{main}, nil
	}
	for _, sub := range []string{"", "conf-enabled", "vhosts.d", "conf.d"} {
		in := folder
		if sub != "" {
			in = load.Join(folder, sub)
		}
		var roots []string
		names, _ := l.Names(in)
		for _, name := range names {
			if file := load.Join(in, name); strings.HasSuffix(name, ".conf") && !strings.HasPrefix(name, ".") && l.Regular(file) {
				roots = append(roots, file)
			}
		}
		if len(roots) > 0 {
			return roots, nil
		}
	}
	return nil, load.Problem(folder, conf.Empty, "the folder holds neither %s nor any *.conf: name the configuration's file", mainFile)
}
