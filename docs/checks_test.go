// Package docs holds what the documentation is held to.
package docs

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/project"
	"github.com/proxydiag/proxydiag/pkg/health/checks"
)

// TestChecks: each kind of check stands in the table of serve.md with all its
// settings, and in the schema.
func TestChecks(t *testing.T) {
	text, err := os.ReadFile("serve.md")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile("proxydiag.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(schema) {
		t.Error("the schema is no JSON")
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if kind, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), ": "); ok && strings.HasPrefix(line, "| `") {
			rows[kind] = line
		}
	}
	for _, k := range checks.Kinds() {
		for _, name := range project.Fields(k.New()) {
			if name != k.Name && !strings.Contains(rows[k.Name], "`"+name+"`") {
				t.Errorf("the row of %s does not tell of %s: %q", k.Name, name, rows[k.Name])
			}
			if !strings.Contains(string(schema), `"`+name+`"`) {
				t.Errorf("the schema does not know %s of %s", name, k.Name)
			}
		}
	}
}
