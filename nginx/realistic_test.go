package nginx

import (
	"path/filepath"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/conf/load"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// TestRealisticConfigurations holds the rules that need no run to silence on
// configurations such as well-known applications document them.
func TestRealisticConfigurations(t *testing.T) {
	files, err := filepath.Glob("testdata/realistic/*.conf")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var static []diag.Rule
	for _, r := range Kind.Rules {
		if r.Static {
			static = append(static, r)
		}
	}
	if len(static) == 0 {
		t.Fatal("no rule judges a configuration alone")
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
			rec := &diag.Record{Config: &diag.Config{Kind: Kind.Name, Source: source}}
			for _, f := range diag.Judge(rec, static, nil).Findings {
				t.Errorf("%s: %s (%+v)", f.Code, f.Detail, f.Location)
			}
		})
	}
}
