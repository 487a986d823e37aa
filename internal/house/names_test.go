package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// serverName matches a server's name, in an identifier too.
var serverName = regexp.MustCompile(`(?i)nginx|apache|lighttpd|caddy`)

// headerName is a header that is called after a server. It may be named where
// any response is looked at.
var headerName = regexp.MustCompile(`(?i)X-LIGHTTPD-send-file`)

// atHome are the folders whose files may name a server.
var atHome = []string{"nginx", "apache", "lighttpd", "caddy", "pkg/sendfile", "internal/all", "internal/house", "internal/storetest", "e2e", "docs"}

// names reports whether a line names a server.
func names(line string) bool {
	return serverName.MatchString(headerName.ReplaceAllString(line, ""))
}

func TestNames(t *testing.T) {
	for line, want := range map[string]bool{
		"// as Nginx does":                          true,
		`import "x/apache"`:                         true,
		"func caddyfile()":                          true,
		`case "X-Sendfile", "X-LIGHTTPD-send-file"`: false,
		"// as any proxy does":                      false,
	} {
		if got := names(line); got != want {
			t.Errorf("names(%q) = %v", line, got)
		}
	}
}

// TestServerNamesStayAtHome: what is neutral knows no server. Go files other
// than tests are looked at, comments and strings as well.
func TestServerNamesStayAtHome(t *testing.T) {
	root := os.DirFS("../..")
	checked := 0
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(atHome, path) || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != "." {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		checked++
		for i, line := range strings.Split(string(text), "\n") {
			if names(line) {
				t.Errorf("%s:%d names a server: %s", path, i+1, strings.TrimSpace(line))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked == 0 {
		t.Error("no file was looked at")
	}
}
