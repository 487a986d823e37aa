package servertest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// Tree makes a folder that workers of any user can read, and files in it, each of
// which holds before and its own path.
func Tree(t testing.TB, before string, names ...string) string {
	t.Helper()
	root, err := os.MkdirTemp("", "proxydiag-tree-") //nolint:usetesting // its parents are closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(before+path), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// Look is what is at a path, for a router.
func Look(path string) route.FileKind {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return route.FileMissing
	case info.IsDir():
		return route.FileFolder
	}
	return route.FileRegular
}
