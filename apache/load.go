package apache

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// FS opens the files of a configuration. Names are as the configuration
// writes them: absolute, or relative to the working folder. A folder's file
// implements fs.ReadDirFile.
type FS interface {
	Open(name string) (fs.File, error)
}

// LoadOptions say where Load reads; the zero value reads this machine's files.
type LoadOptions struct {
	// FS is where files are opened. nil: this machine's file system.
	FS FS
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
	l := &loader{fs: o.FS, seen: map[string]int{}}
	if l.fs == nil {
		l.fs = machine{}
	}
	if name == "-" {
		in := o.Stdin
		if in == nil {
			in = os.Stdin
		}
		f := text(stdin, in)
		l.files, l.seen[f.Path] = []conf.File{f}, 0
		return l.load([]string{f.Path}, o.Env)
	}
	name = cleanEnd(name)
	f, err := l.fs.Open(name)
	if err != nil {
		return conf.Source{}, failed(name, err)
	}
	info, err := f.Stat()
	_ = f.Close()
	if err != nil {
		return conf.Source{}, failed(name, err)
	}
	roots := []string{name}
	if info.IsDir() {
		if roots, err = l.sitesOf(name); err != nil {
			return conf.Source{}, err
		}
	}
	return l.load(roots, o.Env)
}

// stdin is what standard input is called.
const stdin = "standard input"

// cleanEnd removes slashes at the end of a folder's name.
func cleanEnd(name string) string {
	if t := strings.TrimRight(name, "/"); t != "" {
		return t
	}
	return name
}

// loader reads files and keeps what it has read.
type loader struct {
	fs    FS
	files []conf.File
	seen  map[string]int // index in files by name, -1: not there
	total int
}

// load reads the roots and all that they include.
func (l *loader) load(roots []string, env map[string]string) (conf.Source, error) {
	first, ok := l.read(roots[0])
	problem := conf.Problem{Pos: conf.Pos{File: roots[0]}, Kind: conf.Empty}
	switch {
	case !ok:
		return conf.Source{}, failed(roots[0], fs.ErrNotExist)
	case first.Kind != "":
		problem.Kind, problem.Message = first.Kind, first.Problem
		return conf.Source{}, &conf.Error{Problems: []conf.Problem{problem}}
	case len(roots) == 1 && emptyDump(first.Text):
		problem.Message = "there is no configuration in it. If it was to be a dump: Apache prints one only where mod_info is loaded: " + dumpCommand
		return conf.Source{}, &conf.Error{Problems: []conf.Problem{problem}}
	case isDump(first.Text):
		return conf.Source{Roots: roots[:1], Files: append([]conf.File{first}, views(first.Text)...)}, nil
	}
	s := conf.Source{Roots: roots, Prefix: l.prefix(roots[0], first.Text)}
	given := env
	env = map[string]string{}
	if roots[0] != stdin {
		if f, ok := l.read(joinPart(s.Prefix, envFile)); ok && f.Kind == "" {
			assignments(f.Text, env)
		}
	}
	maps.Copy(env, given)
	if len(env) > 0 {
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(env)) {
			fmt.Fprintf(&b, "%s='%s'\n", name, env[name])
		}
		l.seen[envGive] = len(l.files)
		l.files = append(l.files, conf.File{Path: envGive, Text: b.String()})
	}
	p := newParser(l, s.Prefix, env)
	for _, root := range roots {
		f, _ := l.read(root)
		p.main = p.main || isMain(f.Text)
		p.file(root, &conf.Directive{}, nil, false)
	}
	s.Files = l.files
	return s, nil
}

// prefix is the folder that relative names are relative to where the
// configuration does not say ServerRoot: that of the main file. For a part of a
// configuration that is where a main file is: beside it or in the folder above,
// as for sites-available/.
func (l *loader) prefix(root, text string) string {
	folder := folderOf(root)
	if isMain(text) {
		return folder
	}
	above := ".."
	if folder != "" {
		above = folderOf(folder)
	}
	for _, name := range mainFiles {
		if l.there(joinPart(folder, name)) {
			return folder
		}
		if l.there(joinPart(above, name)) {
			return above
		}
	}
	return folder
}

// folderOf is the folder of a file's name, without a slash at its end; "" for
// the working folder.
func folderOf(name string) string {
	i := strings.LastIndexByte(name, '/')
	if i == 0 {
		return "/"
	}
	return name[:max(i, 0)]
}

func joinPart(folder, name string) string {
	if folder == "" {
		return name
	}
	return path.Join(folder, name)
}

// read implements store.
func (l *loader) read(name string) (conf.File, bool) {
	if i, ok := l.seen[name]; ok && (i < 0 || l.files[i].Kind != kindPresent) {
		if i < 0 {
			return conf.File{}, false
		}
		return l.files[i], true
	}
	f := conf.File{Path: name}
	opened, err := l.fs.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		l.seen[name] = -1
		return f, false
	case err != nil:
		f.Kind, f.Problem = conf.Unreadable, reason(name, err)
	case l.total > maxTotal:
		f.Kind, f.Problem = conf.TooLarge, fmt.Sprintf("the files of the configuration exceed %d MiB", maxTotal>>20)
	default:
		f = text(name, opened)
	}
	if opened != nil {
		_ = opened.Close()
	}
	l.total += len(f.Text)
	l.keep(f)
	return f, true
}

func (l *loader) keep(f conf.File) {
	l.seen[f.Path] = len(l.files)
	l.files = append(l.files, f)
}

// text reads a file's text.
func text(name string, from io.Reader) conf.File {
	data, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	switch {
	case err != nil:
		return conf.File{Path: name, Kind: conf.Unreadable, Problem: reason(name, err)}
	case len(data) > maxFile:
		return conf.File{Path: name, Kind: conf.TooLarge, Problem: fmt.Sprintf("%q is larger than %d MiB: this is no configuration", name, maxFile>>20)}
	}
	return conf.File{Path: name, Text: string(data)}
}

// list implements store. What was listed goes into the source.
func (l *loader) list(folder string) (names []string, ok bool) {
	if i, ok := l.seen[folder]; ok && (i < 0 || l.files[i].Kind != kindPresent) {
		if i >= 0 && l.files[i].Kind == kindFolder {
			return sourceFiles{folder: l.files[i]}.list(folder)
		}
		return nil, false
	}
	names, ok = l.names(folder)
	if ok {
		l.keep(conf.File{Path: folder, Kind: kindFolder, Text: strings.Join(names, "\n")})
	}
	return names, ok
}

// names lists a folder in byte order.
func (l *loader) names(folder string) (names []string, ok bool) {
	if folder == "" {
		folder = "."
	}
	f, err := l.fs.Open(folder)
	if err != nil {
		return nil, false
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.IsDir() {
		return nil, false
	}
	d, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil, false
	}
	entries, err := d.ReadDir(-1)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return names, err == nil
}

// there says that a name is there, whether it can be opened or not.
func (l *loader) there(name string) bool {
	f, err := l.fs.Open(name)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR)
	}
	_ = f.Close()
	return true
}

// exists implements store. What is there goes into the source.
func (l *loader) exists(name string) bool {
	if i, ok := l.seen[name]; ok {
		return i >= 0
	}
	if !l.there(name) {
		l.seen[name] = -1
		return false
	}
	l.seen[name] = len(l.files)
	l.files = append(l.files, conf.File{Path: name, Kind: kindPresent, Problem: "it was only looked whether it is there"})
	return true
}
