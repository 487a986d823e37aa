package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// Load reads a configuration: every file of it, and nothing else; no command
// is executed. path is a main file, a file without http { } such as those of
// sites-available, a folder (its nginx.conf or, without one, its sites: see
// sitesOf), the output of `nginx -T` in a file, or "-" for that on standard
// input.
//
// A *conf.Error says that there is nothing to read. What is wrong inside, an
// include that is missing or unreadable among it, is kept in the source and
// reported by Parse.
func Load(path string, o load.Options) (conf.Source, error) {
	l := &loader{load.NewReader(o.FS, "nginx -T")}
	if path != "-" {
		roots, err := l.Roots(path, l.sitesOf)
		if err != nil {
			return conf.Source{}, err
		}
		return l.load(roots)
	}
	if f := l.Stdin(o.Stdin); f.Kind == "" && strings.TrimSpace(f.Text) == "" {
		return conf.Source{}, &conf.Error{Problems: []conf.Problem{{Kind: conf.Empty,
			Message: "standard input is empty: `nginx -T` prints nothing where its test fails or where it may not read a file; run it as root and look at its error"}}}
	}
	return l.load([]string{load.Stdin})
}

// loader reads files and keeps what it has read.
type loader struct{ *load.Reader }

// load reads the roots and all that they include.
func (l *loader) load(roots []string) (conf.Source, error) {
	first, err := l.First(roots[0])
	switch {
	case err != nil:
		return conf.Source{}, err
	case len(roots) == 1 && strings.TrimSpace(first.Text) == "":
		return conf.Source{}, load.Problem(roots[0], conf.Empty, "the file is empty")
	case isDump(first.Text):
		return splitDump(first.Text), nil
	}
	if refused := refusalOf(first.Text); refused != nil && len(roots) == 1 {
		return conf.Source{}, &conf.Error{Problems: []conf.Problem{*refused}}
	}
	s := conf.Source{Roots: roots, Prefix: l.prefix(roots[0], first.Text)}
	p := &parser{files: l, prefix: s.Prefix}
	for _, root := range roots {
		p.file(root, &conf.Directive{}, nil)
	}
	s.Files = l.Files
	return s, nil
}

// prefix is the folder that included files are relative to: that of the main
// file. Where a file has no http { } its main file is not known: it is the
// nginx.conf beside it or in the folder above, as for sites-available/; without
// one it is where what is included lies.
func (l *loader) prefix(root, text string) string {
	folder := load.FolderOf(root)
	p := &parser{files: load.NewKept(conf.Source{})}
	top := &conf.Directive{}
	p.block(&lexer{file: root, text: text, line: 1}, top, nil)
	if isMain(top) || l.There(load.Join(folder, mainFile)) {
		return folder
	}
	above := load.Above(folder)
	if l.There(load.Join(above, mainFile)) {
		return above
	}
	top.Walk(func(d *conf.Directive) bool { // what it includes tells
		if name := d.Arg(0); d.Name == "include" && !strings.HasPrefix(name, "/") && !load.HasMeta(name) &&
			!l.There(load.Join(folder, name)) && l.There(load.Join(above, name)) {
			folder = above
		}
		return true
	})
	return folder
}
