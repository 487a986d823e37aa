package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// TestLook: what would be behind a file is missing.
func TestLook(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "f")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]route.FileKind{
		dir: route.FileFolder, file: route.FileRegular, file + "/x": route.FileMissing, file + "/": route.FileMissing, dir + "/none/x": route.FileMissing,
	} {
		if got := look(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}
