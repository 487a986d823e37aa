package lighttpd

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// Load reads a configuration from the disk.
func Load(name string, stdin io.Reader) (conf.Source, error) {
	l := &loader{seen: map[string]int{}, lists: map[string]int{}}
	folder := ""
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		folder = name[:i+1]
	}
	if _, ok := l.read(name); !ok {
		return conf.Source{}, &conf.Error{Problems: []conf.Problem{{Pos: conf.Pos{File: name}, Kind: conf.Missing, Message: "not there"}}}
	}
	p := newParser(l, folder)
	p.file(name, nil)
	return conf.Source{Roots: []string{name}, Prefix: folder, Files: l.files}, nil
}

type loader struct {
	files []conf.File
	seen  map[string]int
	lists map[string]int
}

func (l *loader) read(name string) (conf.File, bool) {
	if i, ok := l.seen[name]; ok {
		if i < 0 {
			return conf.File{}, false
		}
		return l.files[i], true
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENOTDIR) {
		l.seen[name] = -1
		return conf.File{}, false
	}
	l.seen[name] = len(l.files)
	l.files = append(l.files, conf.File{Path: name, Text: string(data)})
	return l.files[len(l.files)-1], true
}

func (l *loader) list(folder string) ([]string, bool) {
	entries, err := os.ReadDir(path.Join(folder, "."))
	if err != nil {
		return nil, false
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	if _, ok := l.lists[folder]; !ok {
		l.lists[folder] = len(l.files)
		l.files = append(l.files, conf.File{Path: folder, Kind: kindFolder, Text: strings.Join(names, "\n")})
	}
	return names, true
}
