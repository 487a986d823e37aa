package nginx

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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
}

// Load reads a configuration: every file of it, and nothing else; no command
// is executed. path is a main file, a file without http { } such as those of
// sites-available, a folder (its nginx.conf or, without one, its sites: see
// sitesOf), the output of `nginx -T` in a file, or "-" for that on standard
// input.
//
// A *conf.Error says that there is nothing to read. What is wrong inside, an
// include that is missing or unreadable among it, is kept in the source and
// reported by Parse.
func Load(path string, o LoadOptions) (conf.Source, error) {
	l := &loader{fs: o.FS, seen: map[string]int{}}
	if l.fs == nil {
		l.fs = machine{}
	}
	if path == "-" {
		in := o.Stdin
		if in == nil {
			in = os.Stdin
		}
		return l.stdin(in)
	}
	path = cleanEnd(path)
	f, err := l.fs.Open(path)
	if err != nil {
		return conf.Source{}, failed(path, err)
	}
	info, err := f.Stat()
	_ = f.Close()
	if err != nil {
		return conf.Source{}, failed(path, err)
	}
	roots := []string{path}
	if info.IsDir() {
		if roots, err = l.sitesOf(path); err != nil {
			return conf.Source{}, err
		}
	}
	return l.load(roots)
}

// cleanEnd removes slashes at the end of a folder's name.
func cleanEnd(path string) string {
	if t := strings.TrimRight(path, "/"); t != "" {
		return t
	}
	return path
}

// loader reads files and keeps what it has read.
type loader struct {
	fs    FS
	files []conf.File
	seen  map[string]int // index in files by name, -1: not there
	total int
}

func (l *loader) stdin(in io.Reader) (conf.Source, error) {
	f := text("standard input", in)
	if f.Kind != "" {
		return conf.Source{}, &conf.Error{Problems: []conf.Problem{{Pos: conf.Pos{File: f.Path}, Kind: f.Kind, Message: f.Problem}}}
	}
	if strings.TrimSpace(f.Text) == "" {
		return conf.Source{}, &conf.Error{Problems: []conf.Problem{{Kind: conf.Empty,
			Message: "standard input is empty: `nginx -T` prints nothing where its test fails or where it may not read a file; run it as root and look at its error"}}}
	}
	if isDump(f.Text) {
		return splitDump(f.Text), nil
	}
	l.files, l.seen[f.Path] = []conf.File{f}, 0
	return l.load([]string{f.Path})
}

// load reads the roots and all that they include.
func (l *loader) load(roots []string) (conf.Source, error) {
	first, ok := l.read(roots[0])
	switch {
	case !ok:
		return conf.Source{}, failed(roots[0], fs.ErrNotExist)
	case first.Kind != "":
		return conf.Source{}, &conf.Error{Problems: []conf.Problem{{Pos: conf.Pos{File: roots[0]}, Kind: first.Kind, Message: first.Problem}}}
	case len(roots) == 1 && strings.TrimSpace(first.Text) == "":
		return conf.Source{}, &conf.Error{Problems: []conf.Problem{{Pos: conf.Pos{File: roots[0]}, Kind: conf.Empty, Message: "the file is empty"}}}
	case isDump(first.Text):
		return splitDump(first.Text), nil
	}
	s := conf.Source{Roots: roots, Prefix: l.prefix(roots[0], first.Text)}
	p := &parser{files: l, prefix: s.Prefix}
	for _, root := range roots {
		p.file(root, &conf.Directive{}, nil)
	}
	s.Files = l.files
	return s, nil
}

// prefix is the folder that included files are relative to: that of the main
// file. Where a file has no http { } its main file is not known: it is the
// nginx.conf beside it or in the folder above, as for sites-available/.
func (l *loader) prefix(root, text string) string {
	folder := folderOf(root)
	p := &parser{files: nothing{}}
	top := &conf.Directive{}
	p.block(&lexer{file: root, text: text, line: 1}, top, nil)
	if isMain(top) || l.exists(joinPart(folder, mainFile)) {
		return folder
	}
	above := ".."
	if folder != "" {
		above = folderOf(folder)
	}
	if l.exists(joinPart(above, mainFile)) {
		return above
	}
	return folder
}

// nothing is a store without files.
type nothing struct{}

func (nothing) read(string) (conf.File, bool) { return conf.File{}, false }
func (nothing) glob(string) []string          { return nil }

// read implements store.
func (l *loader) read(name string) (conf.File, bool) {
	if i, ok := l.seen[name]; ok {
		if i < 0 {
			return conf.File{}, false
		}
		return l.files[i], true
	}
	f := conf.File{Path: name}
	opened, err := l.fs.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
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
	l.seen[name] = len(l.files)
	l.files = append(l.files, f)
	return f, true
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

// glob implements store.
func (l *loader) glob(pattern string) []string { return globTree(pattern, l.list, l.exists) }

func (l *loader) list(folder string) []string {
	if folder == "" {
		folder = "."
	}
	f, err := l.fs.Open(cleanEnd(folder))
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	d, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil
	}
	entries, _ := d.ReadDir(-1)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return names
}

// exists says that a name is there, whether it can be opened or not.
func (l *loader) exists(name string) bool {
	f, err := l.fs.Open(name)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR)
	}
	_ = f.Close()
	return true
}

// reason says in words why a file cannot be read.
func reason(name string, err error) string {
	why := err
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		why = pathErr.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("%q is not there", name)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("%q cannot be read: permission denied: run as a user who may, or give the output of `nginx -T`", name)
	}
	return fmt.Sprintf("%q cannot be read: %v", name, why)
}

func failed(path string, err error) error {
	kind := conf.Unreadable
	if errors.Is(err, fs.ErrNotExist) {
		kind = conf.Missing
	}
	return &conf.Error{Problems: []conf.Problem{{Pos: conf.Pos{File: path}, Kind: kind, Message: reason(path, err)}}}
}

// machine is this machine's file system. What reading could wait for, or what
// has no end, is refused; the pipes of a shell's <(…) are not.
type machine struct{}

func (machine) Open(name string) (fs.File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	special := info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeDevice) != 0
	if special && name != os.DevNull && !strings.HasPrefix(name, "/dev/fd/") && !strings.HasPrefix(name, "/proc/") && name != "/dev/stdin" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	return os.Open(name)
}
