package apache

import (
	"path"
	"slices"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// accessFile is what a folder's own configuration is called.
const accessFile = ".htaccess"

// Limits of the search for .htaccess files below the folders that a
// configuration names.
const (
	accessFolders = 200 // folders that are looked into
	accessDepth   = 3   // below a DocumentRoot
)

// accessNames are the names that the files have.
func accessNames(top *conf.Directive) []string {
	var names []string
	top.Walk(func(d *conf.Directive) bool {
		if d.Name == "AccessFileName" {
			names = append(names, d.Texts(0)...)
		}
		return true
	})
	if names == nil {
		return []string{accessFile}
	}
	return names
}

// served are the folders that a configuration names as those of files.
func served(top *conf.Directive, root string) (roots, others []string) {
	top.Walk(func(d *conf.Directive) bool {
		name := ""
		switch d.Name {
		case "DocumentRoot":
			roots = append(roots, path.Clean(absolute(root, d.Arg(0))))
		case "Alias", "ScriptAlias":
			name = d.Arg(len(d.Args) - 1)
		case "Directory", "XSendFilePath":
			name = d.Arg(0)
		}
		if name != "" && name != "~" && !load.HasMeta(name) {
			others = append(others, path.Clean(absolute(root, name)))
		}
		return true
	})
	return roots, others
}

// overriding says that some Directory section lets .htaccess files of a folder
// be read.
func overriding(top *conf.Directive, folder string) bool {
	yes := false
	top.Walk(func(d *conf.Directive) bool {
		if d.Name == "Directory" || d.Name == "DirectoryMatch" {
			_, regex := isRegex(d)
			yes = yes || (regex || inFolder(folder, d.Arg(0))) && !overrideOf([]*conf.Directive{d}).none()
		}
		return !yes
	})
	return yes
}

// access reads the .htaccess files of the folders that a configuration serves,
// of those above them, and of some below its document roots.
func (l *loader) access(top *conf.Directive, root string) {
	names := accessNames(top)
	asked := map[string]bool{}
	ask := func(folder string, note bool) {
		if asked[folder] || !overriding(top, folder) {
			return
		}
		asked[folder] = true
		for _, name := range names {
			file := path.Join(folder, name)
			if _, ok := l.Read(file); ok {
				break
			} else if note {
				l.Keep(conf.File{Path: file, Kind: load.Absent})
			}
		}
	}
	roots, others := served(top, root)
	for _, folder := range slices.Concat(roots, others) {
		if !path.IsAbs(folder) {
			continue
		}
		for at := folder; ; at = path.Dir(at) {
			if ask(at, true); at == "/" {
				break
			}
		}
	}
	left := accessFolders
	for _, folder := range roots {
		if path.IsAbs(folder) && overriding(top, folder) {
			l.below(folder, accessDepth, &left, func(name string) { ask(name, false) })
		}
	}
}

// below visits the folders in a folder, the nearer ones first.
func (l *loader) below(folder string, depth int, left *int, visit func(string)) {
	var inside []string
	for _, name := range l.Folders(folder, 10*accessFolders) {
		inside = append(inside, path.Join(folder, name))
	}
	inside = inside[:min(len(inside), *left)]
	*left -= len(inside)
	for _, name := range inside {
		visit(name)
	}
	if depth > 1 {
		for _, name := range inside {
			l.below(name, depth-1, left, visit)
		}
	}
}

// Access is a .htaccess file: a block of its own, in force for what lies in its
// folder.
type Access struct {
	Block    *conf.Directive
	Problems []conf.Problem // for which Apache answers 500
}

// accessFiles reads the .htaccess files of a source. A nil one is known not to
// be there.
func (p *parser) accessFiles(s conf.Source, top *conf.Directive) map[string]*Access {
	found := map[string]*Access{}
	names := accessNames(top)
	problems, guards := len(p.problems), p.guards
	for _, f := range s.Files {
		switch {
		case !path.IsAbs(f.Path) || !slices.Contains(names, path.Base(f.Path)):
		case f.Kind == load.Absent:
			found[f.Path] = nil
		case f.Kind == "":
			a := &Access{Block: &conf.Directive{IsBlock: true, Pos: conf.Pos{File: f.Path}}}
			p.file(f.Path, a.Block, nil, false)
			a.Problems = slices.Clone(p.problems[problems:])
			found[f.Path] = a
			p.problems, p.guards = p.problems[:problems], guards
		}
	}
	return found
}
