package nginx

import (
	"path/filepath"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// TestRealisticConfigurations holds the rules that need no run to silence on
// configurations such as well-known applications document them.
func TestRealisticConfigurations(t *testing.T) {
	files, err := filepath.Glob("testdata/realistic/*.conf")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			source, err := Load(file, load.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Parse(source); err != nil {
				t.Error(err)
			}
			for _, f := range lint(source) {
				t.Errorf("%s: %s (%+v)", f.Code, f.Detail, f.Location)
			}
		})
	}
}
