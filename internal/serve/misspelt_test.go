package serve

import (
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/project"
)

// TestMisspeltKind: a kind of check that is not quite called so is named.
func TestMisspeltKind(t *testing.T) {
	t.Parallel()
	_, err := project.Parse("p.yaml", "serve: {checks: {a: {interval: 1s, htttp: x}}}", project.Options{
		Serve: func(n project.Node) { Read(n) },
		Suggest: func(word string, list []string) string {
			if word == "htttp" {
				return " (did you mean http?)"
			}
			return ""
		},
	})
	if err == nil || !strings.Contains(err.Error(), "there is no setting htttp (did you mean http?)") {
		t.Error(err)
	}
}
