package main

import (
	"os"
	"path/filepath"
	"testing"
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
