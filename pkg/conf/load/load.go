// Package load reads the files of a configuration, whatever the server's
// language: with limits, without waiting for pipes and devices, and with
// failures in words. What was read is kept, so that it can go into a
// conf.Source.
package load

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// Limits of what is read. A configuration that exceeds them is none.
const (
	MaxFile  = 16 << 20 // bytes of one file
	MaxTotal = 64 << 20 // bytes of all files
)

// Stdin is what standard input is called.
const Stdin = "standard input"

// Kinds of the files of a source that are no texts of a configuration.
const (
	Folder  conf.Kind = "folder"  // Text lists the names in a folder
	Present conf.Kind = "present" // it was asked whether it is there; it was not read
	Absent  conf.Kind = "absent"  // it was looked for, and it is not there
)

// FS opens the files of a configuration. Names are as the configuration
// writes them: absolute, or relative to the working folder. A folder's file
// implements fs.ReadDirFile.
type FS interface {
	Open(name string) (fs.File, error)
}

// Options say where a configuration is read; the zero value reads this
// machine's files.
type Options struct {
	// FS is where files are opened. nil: this machine's file system.
	FS FS
	// Stdin is read for the name "-". nil: standard input.
	Stdin io.Reader
}

// Reader reads files and keeps what it has read.
type Reader struct {
	// Files are what was read, in the order of reading, each once.
	Files []conf.File

	fs    FS
	dump  string
	seen  map[string]int // index in Files by name, -1: not there
	total int
}

// NewReader returns a reader; a nil FS is this machine's file system. dump is
// the command by which the server prints its configuration, for failures; "" if
// it has none.
func NewReader(files FS, dump string) *Reader {
	if files == nil {
		files = machine{}
	}
	return &Reader{fs: files, dump: dump, seen: map[string]int{}}
}

// Roots are the files to begin with: the one that is named, or those that
// inside finds in a folder.
func (r *Reader) Roots(name string, inside func(folder string) ([]string, error)) ([]string, error) {
	name = CleanEnd(name)
	f, err := r.fs.Open(name)
	if err != nil {
		return nil, r.Failed(name, err)
	}
	info, err := f.Stat()
	_ = f.Close()
	if err != nil {
		return nil, r.Failed(name, err)
	}
	if info.IsDir() {
		return inside(name)
	}
	return []string{name}, nil
}

// First reads the first root. Where there is no text it says why, as a
// *conf.Error.
func (r *Reader) First(name string) (conf.File, error) {
	f, ok := r.Read(name)
	switch {
	case !ok:
		return f, r.Failed(name, fs.ErrNotExist)
	case f.Kind != "":
		return f, Problem(name, f.Kind, f.Problem)
	}
	return f, nil
}

// Stdin reads standard input, or what is given in its place, as a file of
// that name.
func (r *Reader) Stdin(in io.Reader) conf.File {
	if in == nil {
		in = os.Stdin
	}
	f := r.text(Stdin, in)
	r.Keep(f)
	return f
}

// Read returns the file of a name; ok is false where there is none. A file
// that cannot be read has a Kind and a Problem.
func (r *Reader) Read(name string) (f conf.File, ok bool) {
	if f, known, ok := r.kept(name); known {
		return f, ok
	}
	f = conf.File{Path: name}
	opened, err := r.fs.Open(name)
	switch {
	case conf.IsMissing(err):
		r.seen[name] = -1
		return f, false
	case err != nil:
		f.Kind, f.Problem = conf.Unreadable, r.reason(name, err)
	case r.total > MaxTotal:
		f.Kind, f.Problem = conf.TooLarge, fmt.Sprintf("the files of the configuration exceed %d MiB", MaxTotal>>20)
	default:
		f = r.text(name, opened)
	}
	if opened != nil {
		_ = opened.Close()
	}
	r.total += len(f.Text)
	r.Keep(f)
	return f, true
}

// kept is what is known about a name from an earlier call.
func (r *Reader) kept(name string) (f conf.File, known, ok bool) {
	i, known := r.seen[name]
	switch {
	case !known:
		return conf.File{}, false, false
	case i < 0:
		return conf.File{}, true, false
	case r.Files[i].Kind == Present:
		return conf.File{}, false, false
	}
	return r.Files[i], true, true
}

// Keep adds a file to what was read.
func (r *Reader) Keep(f conf.File) {
	r.seen[f.Path] = len(r.Files)
	r.Files = append(r.Files, f)
}

func (r *Reader) text(name string, from io.Reader) conf.File {
	data, err := io.ReadAll(io.LimitReader(from, MaxFile+1))
	switch {
	case err != nil:
		return conf.File{Path: name, Kind: conf.Unreadable, Problem: r.reason(name, err)}
	case len(data) > MaxFile:
		return conf.File{Path: name, Kind: conf.TooLarge, Problem: fmt.Sprintf("%q is larger than %d MiB: this is no configuration", name, MaxFile>>20)}
	}
	return conf.File{Path: name, Text: string(data)}
}

// List returns the names in a folder, and keeps them.
func (r *Reader) List(folder string) (names []string, ok bool) {
	if f, known, _ := r.kept(folder); known {
		return namesIn(f)
	}
	names, ok = r.Names(folder)
	if ok {
		r.Keep(conf.File{Path: folder, Kind: Folder, Text: strings.Join(names, "\n")})
	}
	return names, ok
}

// Names returns the names in a folder in byte order; "" is the working folder.
// It is not kept.
func (r *Reader) Names(folder string) (names []string, ok bool) {
	if folder == "" {
		folder = "."
	}
	f, err := r.fs.Open(CleanEnd(folder))
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

// Folders returns the folders in a folder, in byte order, among its first max
// entries. It is not kept.
func (r *Reader) Folders(folder string, max int) (names []string) {
	f, err := r.fs.Open(CleanEnd(folder))
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	if d, ok := f.(fs.ReadDirFile); ok {
		entries, _ := d.ReadDir(max) // what cannot be listed has none
		for _, e := range entries {
			if e.IsDir() {
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	return names
}

// Exists says that a name is there, whether it can be opened or not, and keeps
// that.
func (r *Reader) Exists(name string) bool {
	if i, ok := r.seen[name]; ok {
		return i >= 0
	}
	if !r.There(name) {
		r.seen[name] = -1
		return false
	}
	r.Keep(conf.File{Path: name, Kind: Present, Problem: "it was only looked whether it is there"})
	return true
}

// There is Exists for what does not decide how the configuration is read: it
// is not kept.
func (r *Reader) There(name string) bool {
	f, err := r.fs.Open(name)
	if err != nil {
		return !conf.IsMissing(err)
	}
	_ = f.Close()
	return true
}

// Regular says that a name is a regular file, or cannot be opened: reading it
// says why not.
func (r *Reader) Regular(name string) bool {
	f, err := r.fs.Open(name)
	if err != nil {
		return true
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	return err == nil && info.Mode()&fs.ModeType == 0
}

// reason says in words why a file cannot be read.
func (r *Reader) reason(name string, err error) string {
	why := err
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		why = pathErr.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("%q is not there", name)
	case errors.Is(err, fs.ErrPermission) && r.dump != "":
		return fmt.Sprintf("%q cannot be read: permission denied: run as a user who may, or give the output of `%s`", name, r.dump)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("%q cannot be read: permission denied: run as a user who may", name)
	}
	return fmt.Sprintf("%q cannot be read: %v", name, why)
}

// Failed is the *conf.Error of a file that cannot be opened.
func (r *Reader) Failed(name string, err error) error {
	kind := conf.Unreadable
	if errors.Is(err, fs.ErrNotExist) {
		kind = conf.Missing
	}
	return Problem(name, kind, r.reason(name, err))
}

// Problem is a *conf.Error about a file as a whole.
func Problem(name string, kind conf.Kind, format string, args ...any) error {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	return &conf.Error{Problems: []conf.Problem{{Pos: conf.Pos{File: name}, Kind: kind, Message: format}}}
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
