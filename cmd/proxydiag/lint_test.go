package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// TestLintSamples: our own samples have nothing to be found, and their shape
// tells whose they are.
func TestLintSamples(t *testing.T) {
	t.Parallel()
	looked := 0
	for _, k := range readable() {
		for _, s := range k.Samples {
			path := filepath.Join(t.TempDir(), s.Name)
			if err := os.WriteFile(path, []byte(s.Text), 0o600); err != nil {
				t.Fatal(err)
			}
			var c terminal
			if status := c.run(t.Context(), "lint", path); status != exitHealthy || c.out.Len()+c.err.Len() > 0 {
				t.Errorf("%s, %s: status %d: %s%s", k.Title, s.Name, status, &c.out, &c.err)
			}
			looked++
		}
	}
	if looked == 0 {
		t.Error("no sample was looked at")
	}
}

// TestBinaryConfiguration: whosever it is, a file that is no text is told with
// its place.
func TestBinaryConfiguration(t *testing.T) {
	file := filepath.Join(t.TempDir(), "site.conf")
	if err := os.WriteFile(file, []byte("server {\n\x00}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := loadConfiguration(file, "", streams{})
	if err != nil || len(c.problems) != 1 || c.problems[0].Kind != conf.NotText || c.problems[0].Pos.Line != 2 {
		t.Errorf("got %+v, %v", c, err)
	}
}
