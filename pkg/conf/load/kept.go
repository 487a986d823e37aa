package load

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// Kept answers from the files of a source as the Reader did that read them.
type Kept struct {
	files map[string]conf.File
	names []string // of the texts, sorted
}

// NewKept prepares the files of a source.
func NewKept(s conf.Source) *Kept {
	k := &Kept{files: make(map[string]conf.File, len(s.Files))}
	for _, f := range s.Files {
		old, ok := k.files[f.Path]
		if ok && old.Kind != Present && old.Kind != Absent {
			continue
		}
		k.files[f.Path] = f
		if f.Kind != Folder && f.Kind != Present && f.Kind != Absent {
			k.names = append(k.names, f.Path)
		}
	}
	slices.Sort(k.names)
	return k
}

// Read is Reader.Read.
func (k *Kept) Read(name string) (conf.File, bool) {
	f, ok := k.files[name]
	return f, ok && f.Kind != Present && f.Kind != Absent
}

// Exists is Reader.Exists.
func (k *Kept) Exists(name string) bool {
	f, ok := k.files[name]
	return ok && f.Kind != Absent
}

// List is Reader.List.
func (k *Kept) List(folder string) (names []string, ok bool) { return namesIn(k.files[folder]) }

// Glob is Reader.Glob: what it found was read.
func (k *Kept) Glob(pattern string) []string {
	var found []string
	for _, name := range k.names {
		if GlobMatch(pattern, name) {
			found = append(found, name)
		}
	}
	return found
}

// namesIn are the names in a folder that was listed.
func namesIn(f conf.File) (names []string, ok bool) {
	if f.Kind != Folder {
		return nil, false
	}
	if f.Text != "" {
		names = strings.Split(f.Text, "\n")
	}
	return names, true
}
