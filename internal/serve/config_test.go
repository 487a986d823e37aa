package serve

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/project"
)

// TestMisspeltKind: a kind of check that is not quite called so is named.
func TestMisspeltKind(t *testing.T) {
	t.Parallel()
	_, err := project.Parse("p.yaml", "serve: {checks: {a: {interval: 1s, htttp: x}}}", project.Options{
		Serve: func(n project.Node) { Read(n) },
		Suggest: func(word string, list []string) string {
			if word == "htttp" {
				return " (did you mean http?)"
			}
			return ""
		},
	})
	if err == nil || !strings.Contains(err.Error(), "there is no setting htttp (did you mean http?)") {
		t.Error(err)
	}
}

// TestRelativePaths: paths of checks are relative to the file, wherever that is,
// and however it is named.
func TestRelativePaths(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := filepath.EvalSymlinks(".")
	if err != nil {
		t.Fatal(err)
	}
	here, err = filepath.Abs(here)
	if err != nil {
		t.Fatal(err)
	}
	const text = `serve: {checks: {
		a: {disk: media}, b: {sqlite: db.sqlite3}, c: {storage: media}, d: {storage: "webdav+https://dav.example.org/x"}, e: {storage: /srv}}}`
	for file, dir := range map[string]string{"p.yaml": here, "conf/p.yaml": filepath.Join(here, "conf"), "/etc/p.yaml": "/etc"} {
		var got []string
		_, err := project.Parse(file, text, project.Options{Serve: func(n project.Node) {
			for _, c := range Read(n).Checks {
				got = append(got, reflect.ValueOf(c.Check).Elem().Field(0).String())
			}
		}})
		want := []string{filepath.Join(dir, "media"), filepath.Join(dir, "db.sqlite3"), filepath.Join(dir, "media"), "webdav+https://dav.example.org/x", "/srv"}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
}
