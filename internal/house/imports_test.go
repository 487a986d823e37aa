package house

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/proxydiag/proxydiag"

// floors is the direction of imports, from the ground up: a package may import
// what stands on a lower floor, and what stands within the same entry.
var floors = [][]string{
	{"pkg/conf", "pkg/compare", "pkg/sendfile", "pkg/appserver", "pkg/fixture"},
	{"pkg/diag"},
	{"pkg/server", "pkg/check"},
	{"pkg/server/cause"},
	{"nginx", "apache", "lighttpd", "caddy", "pkg/fixture/s3", "pkg/fixture/webdav", "pkg/fixture/sftp"},
	{"internal/all"},
	{"pkg/gate", "pkg/health", "pkg/report", "internal/demo", "internal/project", "internal/mute", "internal/propose", "internal/running"},
	{"internal/serve"},
	{"cmd"},
}

// place returns the floor of a package and the entry that it belongs to: the
// longest that is the package's path or a folder above it. ok is false for
// what is on no floor: the tests' own helpers.
func place(pkg string) (floor int, entry string, ok bool) {
	for i, entries := range floors {
		for _, e := range entries {
			if (pkg == e || strings.HasPrefix(pkg, e+"/")) && len(e) > len(entry) {
				floor, entry, ok = i, e, true
			}
		}
	}
	return floor, entry, ok
}

func allowed(from, to string) bool {
	fromFloor, fromEntry, ok := place(from)
	if !ok {
		return true
	}
	toFloor, toEntry, ok := place(to)
	return fromEntry == toEntry || ok && toFloor < fromFloor
}

func TestAllowed(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"pkg/diag", "pkg/compare", true},
		{"pkg/compare", "pkg/diag", false},
		{"pkg/compare", "pkg/sendfile", false},
		{"pkg/diag", "pkg/server", false},
		{"pkg/diag", "pkg/check", false},
		{"pkg/check", "pkg/server", false},
		{"nginx", "pkg/server/proc", true},
		{"pkg/server/cause", "pkg/check", true},
		{"pkg/server", "pkg/server/cause", false},
		{"nginx", "apache", false},
		{"pkg/fixture/s3", "pkg/fixture", true},
		{"pkg/fixture", "pkg/fixture/s3", false},
		{"pkg/report", "nginx", true},
		{"pkg/report", "internal/need", false},
		{"cmd/proxydiag", "internal/all", true},
		{"e2e", "nginx", true},
	} {
		if got := allowed(c.from, c.to); got != c.want {
			t.Errorf("%s imports %s: allowed = %v", c.from, c.to, got)
		}
	}
}

func TestImportsGoOneWay(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	checked := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, imported := range p.Imports {
			to, ours := strings.CutPrefix(imported, module+"/")
			if !ours {
				continue
			}
			checked++
			if !allowed(from, to) {
				t.Errorf("%s must not import %s", from, to)
			}
		}
	}
	if checked == 0 {
		t.Error("no import was looked at")
	}
}
