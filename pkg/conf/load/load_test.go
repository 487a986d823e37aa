package load_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// locked is a file system in which one file cannot be opened.
type locked struct {
	fstest.MapFS
	name string
}

func (l locked) Open(name string) (fs.File, error) {
	if name == l.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EACCES}
	}
	return l.MapFS.Open(name)
}

func tree() fstest.MapFS {
	m := fstest.MapFS{}
	for _, name := range []string{"main", "d/b.conf", "d/a.conf", "d/.hidden.conf", "d/x", "e/f/a.conf"} {
		m[name] = &fstest.MapFile{Data: []byte("text of " + name), Mode: 0o644}
	}
	return m
}

// TestReader: what was asked of the disk is answered alike from what was kept.
func TestReader(t *testing.T) {
	files := tree()
	r := load.NewReader(files, "")
	type answers interface {
		Read(string) (conf.File, bool)
		List(string) ([]string, bool)
		Exists(string) bool
	}
	ask := func(a answers) (got []any) {
		for _, name := range []string{"e/f/a.conf", "main", "none"} {
			got = append(got, a.Exists(name))
		}
		for _, name := range []string{"main", "none", "d/a.conf"} {
			f, ok := a.Read(name)
			got = append(got, f.Text, ok)
		}
		for _, name := range []string{"d", "none", "main"} {
			names, ok := a.List(name)
			got = append(got, names, ok)
		}
		return got
	}
	want := []any{true, true, false, "text of main", true, "", false, "text of d/a.conf", true,
		[]string{".hidden.conf", "a.conf", "b.conf", "x"}, true, []string(nil), false, []string(nil), false}
	if d := cmp.Diff(want, ask(r)); d != "" {
		t.Errorf("the disk: %s", d)
	}
	if d := cmp.Diff(want, ask(r)); d != "" {
		t.Errorf("the disk, again: %s", d)
	}
	if d := cmp.Diff(want, ask(load.NewKept(conf.Source{Files: r.Files}))); d != "" {
		t.Errorf("what was kept: %s", d)
	}
}

func TestGlob(t *testing.T) {
	r := load.NewReader(tree(), "")
	for pattern, want := range map[string][]string{
		"d/*.conf":  {"d/a.conf", "d/b.conf"},
		"d/*":       {"d/a.conf", "d/b.conf", "d/x"},
		"d/[!a]*":   {"d/b.conf", "d/x"},
		"*/*/?.con": nil,
		"*/f/*.con[a-f]": {
			"e/f/a.conf",
		},
	} {
		got := r.Glob(pattern)
		if len(got)+len(want) > 0 && !cmp.Equal(want, got) {
			t.Errorf("%s: %q", pattern, got)
		}
		for _, name := range got {
			r.Read(name)
			if !load.GlobMatch(pattern, name) {
				t.Errorf("%s does not match %s", pattern, name)
			}
		}
		if again := load.NewKept(conf.Source{Files: r.Files}).Glob(pattern); len(again) != len(got) {
			t.Errorf("%s: %q of what was kept", pattern, again)
		}
	}
}

// TestFailures: what cannot be read is said in words, and how to go on.
func TestFailures(t *testing.T) {
	files := tree()
	files["large"] = &fstest.MapFile{Data: make([]byte, load.MaxFile+1)}
	r := load.NewReader(locked{files, "d/a.conf"}, "server -T")
	for name, want := range map[string]struct {
		kind conf.Kind
		text string
	}{
		"none":     {conf.Missing, `"none" is not there`},
		"d/a.conf": {conf.Unreadable, "give the output of `server -T`"},
		"large":    {conf.TooLarge, "larger than 16 MiB"},
	} {
		_, err := r.First(name)
		var e *conf.Error
		if !errors.As(err, &e) || e.Problems[0].Kind != want.kind || !strings.Contains(err.Error(), want.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.Roots("none", nil); err == nil {
		t.Error("a root that is not there")
	}
}

// TestTotal: all files together have a limit, too.
func TestTotal(t *testing.T) {
	files := fstest.MapFS{}
	const n = load.MaxTotal/load.MaxFile + 2
	for i := range n {
		files[string(rune('a'+i))] = &fstest.MapFile{Data: make([]byte, load.MaxFile)}
	}
	r := load.NewReader(files, "")
	var last conf.File
	for i := range n {
		last, _ = r.Read(string(rune('a' + i)))
	}
	if last.Kind != conf.TooLarge {
		t.Errorf("the last file: %q %s", last.Kind, last.Problem)
	}
}

// TestRefusesToWait: a pipe or a device is no configuration.
func TestRefusesToWait(t *testing.T) {
	r := load.NewReader(nil, "")
	if f, ok := r.Read("/dev/zero"); ok && f.Kind != conf.Unreadable {
		t.Errorf("/dev/zero: %+v", f)
	}
	name := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if f, ok := r.Read(name); !ok || f.Text != "x" {
		t.Errorf("%+v", f)
	}
	if f := r.Stdin(strings.NewReader("y")); f.Text != "y" || f.Path != load.Stdin {
		t.Errorf("standard input: %+v", f)
	}
}

func TestNames(t *testing.T) {
	for in, want := range map[string]string{"/a/b/": "/a/b", "/": "/", "a//": "a"} {
		if got := load.CleanEnd(in); got != want {
			t.Errorf("CleanEnd(%q) = %q", in, got)
		}
	}
	for in, want := range map[string]string{"/a/b": "/a", "/a": "/", "a": "", "a/b": "a"} {
		if got := load.FolderOf(in); got != want {
			t.Errorf("FolderOf(%q) = %q", in, got)
		}
	}
	if load.Above("") != ".." || load.Above("a/b") != "a" || load.Join("", "x") != "x" || load.Join("/", "x") != "/x" || load.Join("a", "x") != "a/x" {
		t.Error("Above or Join")
	}
}
