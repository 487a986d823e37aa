package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPagesOfFindings holds docs/findings to the program; make docs writes them.
func TestPagesOfFindings(t *testing.T) {
	folder := filepath.FromSlash("../../docs/findings")
	update := os.Getenv("UPDATE_GOLDEN") != ""
	want := map[string][]byte{}
	var index bytes.Buffer
	if err := writeIndex(&index, catalogue()); err != nil {
		t.Fatal(err)
	}
	want["README.md"] = index.Bytes()
	for _, d := range catalogue() {
		var page bytes.Buffer
		if err := writePage(&page, d); err != nil {
			t.Fatal(err)
		}
		want[d.Code+".md"] = page.Bytes()
	}
	if update {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range want {
			if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatalf("%v; make docs writes the pages", err)
	}
	var there []string
	for _, e := range entries {
		there = append(there, e.Name())
		if want[e.Name()] == nil {
			t.Errorf("docs/findings/%s belongs to no code", e.Name())
		}
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || !slices.Contains(there, name) {
			t.Errorf("docs/findings/%s: %v; make docs writes it", name, err)
			continue
		}
		if d := cmp.Diff(string(text), string(got)); d != "" {
			t.Errorf("docs/findings/%s is stale, make docs writes it anew (-program +file):\n%s", name, d)
		}
	}
}
