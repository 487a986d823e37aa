package all_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/all"
)

// TestLoadMasks: what a kind loads holds no secret, in as many bytes.
func TestLoadMasks(t *testing.T) {
	const secret = "hunter2swordfish"
	for _, k := range all.Kinds() {
		if k.Load == nil {
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			text := k.Samples[0].Text + "\n# Authorization: " + secret + "\n"
			file := filepath.Join(t.TempDir(), "site.conf")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			source, err := k.Load(file, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range source.Files {
				if strings.Contains(f.Text, secret) || f.Path == file && len(f.Text) != len(text) {
					t.Errorf("%s:\n%s", f.Path, f.Text)
				}
			}
		})
	}
}
