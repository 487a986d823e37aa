package proc_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

func TestBelow(t *testing.T) {
	for name, want := range map[string]string{
		"/srv/media/": "/box/srv/media/", "/": "/box/", "/srv/../etc": "/box/etc", "/srv/../../../etc/x/": "/box/etc/x/",
		"/srv/a..b/c": "/box/srv/a..b/c", "/..": "/box/", "/$root/../x": "/box/x",
	} {
		if got := proc.Below("/box", name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestPut: neither .. nor a link leads out, and what is there stays.
func TestPut(t *testing.T) {
	outside, root := t.TempDir(), t.TempDir()
	precious := filepath.Join(outside, "index.php")
	if err := os.WriteFile(precious, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	if err := proc.Put(root, "/srv/www/index.php", "ours"); err != nil {
		t.Error(err)
	}
	if err := proc.Put(root, "/srv/www/index.php", "again"); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(filepath.Join(root, "srv/www/index.php")); err != nil || string(text) != "ours" {
		t.Errorf("%q, %v", text, err)
	}
	if err := proc.Put(root, "/srv/../../../../../../../../"+outside+"/index.php", "x"); err != nil {
		t.Error(err)
	}
	if err := proc.Put(root, "/link/index.php", "x"); err == nil {
		t.Error("a link led out")
	}
	if text, err := os.ReadFile(precious); err != nil || string(text) != "precious" {
		t.Errorf("%q, %v", text, err)
	}
}
