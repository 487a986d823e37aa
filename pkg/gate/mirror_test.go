package gate

import (
	"os"
	"path/filepath"
	"testing"
)

// TestMirror makes the symbolic links of a path in another folder, absolute
// ones and relative ones.
func TestMirror(t *testing.T) {
	machine, root := t.TempDir(), filepath.Join(t.TempDir(), "root")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(machine, "disk/media"), 0o755),
		os.MkdirAll(filepath.Join(machine, "srv"), 0o755),
		os.Symlink(filepath.Join(machine, "disk"), filepath.Join(machine, "srv/far")),
		os.Symlink("../disk/media", filepath.Join(machine, "srv/near")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{"srv/far/media/pictures", "srv/near/new", "srv/near"} {
		if err := mirror(root, filepath.Join(machine, folder)); err != nil {
			t.Fatal(err)
		}
	}
	for link, want := range map[string]string{"srv/far": root + filepath.Join(machine, "disk"), "srv/near": root + filepath.Join(machine, "disk/media")} {
		if got, err := os.Readlink(root + filepath.Join(machine, link)); err != nil || got != want {
			t.Errorf("%s: %q, %v", link, got, err)
		}
	}
	for _, folder := range []string{"disk/media/pictures", "disk/media/new"} {
		if info, err := os.Stat(root + filepath.Join(machine, folder)); err != nil || !info.IsDir() {
			t.Errorf("%s: %v", folder, err)
		}
	}
	if list, err := os.ReadDir(filepath.Join(machine, "disk/media")); err != nil || len(list) > 0 {
		t.Errorf("the machine's own folder has %v, %v", list, err)
	}
}
