package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/project"
	"github.com/proxydiag/proxydiag/internal/serve"
	"github.com/proxydiag/proxydiag/pkg/health/checks"
)

// TestServeDocs: what docs/serve.md shows is read as it stands there, and each
// setting and each kind of check is told of.
func TestServeDocs(t *testing.T) {
	t.Parallel()
	text := readTop(t, "docs/serve.md")
	shown := 0
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(text, -1) {
		if !strings.HasPrefix(m[1], "serve:") {
			continue
		}
		shown++
		yaml := regexp.MustCompile(`\$\{file:[^}]*\}`).ReplaceAllString(m[1], "secret")
		yaml = strings.ReplaceAll(yaml, "[/usr/local/bin/backup-age", "[/bin/true")
		_, err := project.Parse("docs/serve.md", yaml, project.Options{
			Keys: stackKeys(newCheck(stdio()).Flags()), Serve: func(n project.Node) { serve.Read(n) },
		})
		if err != nil {
			t.Error(err)
		}
	}
	if shown < 2 {
		t.Errorf("%d examples", shown)
	}
	for _, name := range project.Fields(&serve.Config{}) {
		if !strings.Contains(text, "`"+name+"`") && !strings.Contains(text, "`"+name+": ") {
			t.Errorf("docs/serve.md does not tell of the setting %s", name)
		}
	}
	for _, k := range checks.Kinds() {
		if !strings.Contains(text, "`"+k.Name+": ") {
			t.Errorf("docs/serve.md does not tell of the check %s", k.Name)
		}
	}
	for _, name := range serve.Metrics() {
		if !strings.HasPrefix(name, "proxydiag_check_") && !strings.HasPrefix(name, "proxydiag_probe_") && !strings.HasPrefix(name, "proxydiag_build") &&
			!strings.HasPrefix(name, "proxydiag_leg") && !strings.HasPrefix(name, "probe_duration") && !strings.Contains(text, name) {
			t.Errorf("docs/serve.md does not tell of the metric %s", name)
		}
	}
}
