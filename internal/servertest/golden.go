package servertest

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// Golden compares each file of an archive with what got makes of it, which has
// all of them by name. It writes them anew where UPDATE_GOLDEN is set.
func Golden(t *testing.T, archive string, got func(name string, files map[string]string) string) {
	t.Helper()
	a, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range a.Files {
		files[f.Name] = string(f.Data)
	}
	for i, f := range a.Files {
		text := got(f.Name, files)
		if d := cmp.Diff(files[f.Name], text); d != "" {
			t.Errorf("%s: -want +got:\n%s", f.Name, d)
		}
		a.Files[i].Data = []byte(text)
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(archive, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
