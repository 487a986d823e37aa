package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v4"
)

const top = "../.."

func readTop(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	invocation = regexp.MustCompile("(?:^|[\\s`/(])proxydiag +([a-z][a-z-]*(?: [a-z]+)?)")
	longFlag   = regexp.MustCompile(`(?:^|[\s"'(\x60])--([a-z][a-z-]*)`)
)

// TestFlagsInDocs: each flag in what people read and what runs for them is one
// of the command that it stands behind or, in a text, of some command.
func TestFlagsInDocs(t *testing.T) {
	t.Parallel()
	root := newRoot(stdio())
	var anywhere []string
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) { anywhere = append(anywhere, f.Name) })
		for _, c := range cmd.Commands() {
			walk(c)
		}
	}
	walk(root)
	anywhere = append(anywhere, "help")
	docs, err := filepath.Glob(filepath.Join(top, "docs/*.md"))
	if err != nil || docs == nil {
		t.Fatal(docs, err)
	}
	names := []string{"README.md", "CONTRIBUTING.md", "action.yml", ".pre-commit-hooks.yaml", "scripts/github-action"}
	for _, path := range docs {
		names = append(names, "docs/"+filepath.Base(path))
	}
	seen := 0
	for _, name := range names {
		text := strings.ReplaceAll(readTop(t, name), "\\\n", " ")
		for line := range strings.Lines(text) {
			cmd := invoked(root, line)
			for _, m := range longFlag.FindAllStringSubmatch(line, -1) {
				seen++
				switch {
				case cmd == nil && !slices.Contains(anywhere, m[1]):
					t.Errorf("%s: no command has the flag --%s: %s", name, m[1], line)
				case cmd != nil && m[1] != "help" && cmd.Flags().Lookup(m[1]) == nil:
					t.Errorf("%s: %s has no flag --%s: %s", name, cmd.Name(), m[1], line)
				}
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d flags were seen", seen)
	}
}

// invoked is the command of a line that invokes exactly one.
func invoked(root *cobra.Command, line string) *cobra.Command {
	all := invocation.FindAllStringSubmatch(line, -1)
	if len(all) != 1 {
		return nil
	}
	cmd, _, err := root.Find(strings.Fields(all[0][1]))
	if err != nil || cmd == root {
		return nil
	}
	return cmd
}

// TestAction: the action hands each of its inputs to the script, the hook runs a
// command that there is, and the examples use what the action takes.
func TestAction(t *testing.T) {
	t.Parallel()
	var action struct {
		Inputs map[string]struct{ Description string }
		Runs   struct {
			Using string
			Steps []struct {
				Run string
				Env map[string]string
			}
		}
	}
	decode(t, "action.yml", readTop(t, "action.yml"), &action)
	steps := action.Runs.Steps
	if action.Runs.Using != "composite" || len(steps) == 0 {
		t.Fatalf("%+v", action)
	}
	env, script := steps[len(steps)-1].Env, readTop(t, "scripts/github-action")
	for name, input := range action.Inputs {
		variable := "INPUT_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		if env[variable] != "${{ inputs."+name+" }}" || !strings.Contains(script, variable) || input.Description == "" {
			t.Errorf("the input %s does not reach the script as %s", name, variable)
		}
	}
	if len(env) != len(action.Inputs) {
		t.Errorf("%d inputs, %d variables", len(action.Inputs), len(env))
	}

	var hooks []struct{ ID, Entry, Files string }
	decode(t, "hooks", readTop(t, ".pre-commit-hooks.yaml"), &hooks)
	for _, h := range hooks {
		if invoked(newRoot(stdio()), " "+h.Entry) == nil {
			t.Errorf("%s runs %q, which is no command", h.ID, h.Entry)
		}
		files := regexp.MustCompile(h.Files)
		for path, want := range map[string]bool{
			"deploy/nginx/site.conf": true, "nginx.conf": true, "etc/apache2/sites-available/a.conf": true,
			"redis.conf": false, "src/nginx/main.go": false, "conf/mynginx/readme.txt": false,
		} {
			if files.MatchString(path) != want {
				t.Errorf("%s: files matches %s: %v", h.ID, path, !want)
			}
		}
	}

	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readTop(t, "docs/ci.md"), -1)
	if len(blocks) < 3 {
		t.Fatalf("%d examples", len(blocks))
	}
	used := 0
	for _, m := range blocks {
		var workflow struct {
			Jobs map[string]struct {
				Steps []struct {
					Uses string
					With map[string]string
				}
			}
		}
		decode(t, "docs/ci.md", m[1], &workflow)
		for _, job := range workflow.Jobs {
			for _, step := range job.Steps {
				if !strings.HasPrefix(step.Uses, "proxydiag/") {
					continue
				}
				used++
				for key := range step.With {
					if _, ok := action.Inputs[key]; !ok {
						t.Errorf("docs/ci.md: the action has no input %s", key)
					}
				}
			}
		}
	}
	if used == 0 {
		t.Error("no example uses the action")
	}
}

func decode(t *testing.T, name, text string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), into); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}
