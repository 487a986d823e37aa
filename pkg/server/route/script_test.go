package route

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestScripts: a file is wanted where the request comes to the application with
// it only.
func TestScripts(t *testing.T) {
	wants := func(files ...string) func(func(string) FileKind) Outcome {
		return func(look func(string) FileKind) Outcome {
			for _, f := range files {
				if look(f) != FileRegular {
					return Refused
				}
			}
			return Proxied
		}
	}
	static := func(look func(string) FileKind) Outcome {
		if look("/srv/a.php") == FileRegular {
			return File
		}
		return Refused
	}
	for name, c := range map[string]struct {
		uri    string
		follow func(func(string) FileKind) Outcome
		want   []string
	}{
		"a script":               {"/get.php?f=x", wants("/srv/get.php"), []string{"/srv/get.php"}},
		"with the name behind":   {"/get.php/x.bin", wants("/srv/get.php"), []string{"/srv/get.php"}},
		"none is wanted":         {"/get.php?f=x", wants(), nil},
		"another one is wanted":  {"/get.php?f=x", wants("/srv/index.php"), nil},
		"it would be sent":       {"/a.php?f=x", static, nil},
		"a folder of the name":   {"/dl/x", wants("/srv/dl"), nil},
		"one of them is no part": {"/get.php", wants("/srv/get.php", "/srv/on.lock"), nil},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			if d := cmp.Diff(c.want, Scripts(c.uri, c.follow)); d != "" {
				t.Error(d)
			}
		})
	}
}
