package project

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var keys = []Key{{Name: "storage", Path: true}, {Name: "proxy"}, {Name: "header", List: true}, {Name: "companion"}}

func env(name string) (string, bool) {
	value, ok := map[string]string{"TOKEN": "t0ken", "EMPTY": ""}[name]
	return value, ok
}

func TestParse(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "secret"), []byte("hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Parse(filepath.Join(folder, "proxydiag.yaml"), `
defaults:
  storage: media            # relative to this file
  header: "X-Token: ${env:TOKEN}"
stacks:
  staging:
    proxy: http://h/${env:TOKEN}/
    companion: true
  production:
    storage: s3://bucket/x
    header: [ "A: 1", "Cookie: ${file:secret}" ]
`, Options{Keys: keys, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	storage := Setting{Name: "storage", Values: []string{filepath.Join(folder, "media")}}
	token := Setting{Name: "header", Values: []string{"X-Token: t0ken"}}
	want := []Stack{
		{"staging", []Setting{storage, token, {Name: "proxy", Values: []string{"http://h/t0ken/"}}, {Name: "companion", Values: []string{"true"}}}},
		{"production", []Setting{storage, token, {Name: "storage", Values: []string{"s3://bucket/x"}}, {Name: "header", Values: []string{"A: 1", "Cookie: hush"}}}},
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(Setting{}, "Pos")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if p := got[0].Settings[2].Pos; p.Line != 7 || p.Column != 5 {
		t.Errorf("proxy stands at %s", p)
	}
}

func TestOnlyTheWantedStackNeedsItsSecrets(t *testing.T) {
	text := "stacks:\n  a: {proxy: '${env:NONE}'}\n  b: {proxy: x}\n"
	if _, err := Parse("p.yaml", text, Options{Keys: keys, Env: env, Only: "b"}); err != nil {
		t.Error(err)
	}
	if _, err := Parse("p.yaml", text, Options{Keys: keys, Env: env, Only: "a"}); err == nil {
		t.Error("the variable is not set, and nobody says so")
	}
}

// TestMerge: what a stack says itself wins, then what is merged first.
func TestMerge(t *testing.T) {
	stacks, err := Parse("p.yaml", `
stacks:
  one: &one {storage: a, proxy: x}
  two: &two
    <<: *one
    proxy: y
  three:
    header: [h]
    <<: [*two, *one, {storage: b}]
`, Options{Keys: keys, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range stacks {
		for _, set := range s.Settings {
			got[s.Name] += set.Name + "=" + strings.Join(set.Values, ",") + " "
		}
	}
	want := map[string]string{"one": "storage=a proxy=x ", "two": "proxy=y storage=a ", "three": "header=h proxy=y storage=a "}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestProblems(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string // of the error, in their order
	}{
		"empty":             {"", []string{"p.yaml: the file is empty"}},
		"only a comment":    {"# nothing\n", []string{"the file is empty"}},
		"a text":            {"hello\n", []string{"p.yaml:1:1: the file is to hold names and values", "1 | hello"}},
		"no stacks":         {"defaults: {proxy: x}\n", []string{"there is no stack in it"}},
		"empty stacks":      {"stacks: {}\n", []string{"there is no stack in it"}},
		"not YAML":          {"stacks:\n  a: [\n", []string{"p.yaml:2:7: not YAML: ", "2 |   a: [\n  |       ^"}},
		"deep":              {"stacks:\n  a:\n    storage: /srv\n   proxy: x\n", []string{"p.yaml:4:4: not YAML: did not find expected key, while parsing a block mapping that begins at line 2", "4 |    proxy: x\n  |    ^"}},
		"no end":            {"stacks:\n  a:\n    proxy: \"x\n    storage: y\n\n", []string{"p.yaml:3:12: not YAML: ", "that begins here"}},
		"no anchor":         {"stacks:\n  a:\n    proxy: *x\n", []string{"p.yaml:3:12: not YAML: unknown anchor 'x'"}},
		"merged text":       {"stacks:\n  a:\n    <<: x\n", []string{"p.yaml:3:5: << merges names and values"}},
		"merged into":       {"stacks:\n  a: &a\n    <<: *a\n", []string{"p.yaml:3:5: << merges what it stands in itself"}},
		"wrong where named": {"stacks:\n  a: &a {proxi: x}\n  b: {<<: *a}\n", []string{"p.yaml:2:10: there is no setting proxi", "p.yaml:2:10: there is no setting proxi"}},
		"a tab":             {"stacks:\n\ta: {}\n", []string{"p.yaml:2:1: not YAML: found character that cannot start any token"}},
		"unknown at once":   {"stack: {}\nstacks:\n  a:\n    proxi: x\n    stor: y\n", []string{"p.yaml:1:1: there is no setting stack", "p.yaml:4:5: there is no setting proxi", "p.yaml:5:5: there is no setting stor"}},
		"twice":             {"stacks:\n  a:\n    proxy: x\n    proxy: y\n", []string{"p.yaml:4", "proxy"}},
		"list for one":      {"stacks: {a: {proxy: [x]}}\n", []string{"p.yaml:1:21: proxy has one value, not a list"}},
		"mapping for text":  {"stacks: {a: {header: {x: y}}}\n", []string{"header has a text as its value"}},
		"list of mappings":  {"stacks: {a: {header: [{x: y}]}}\n", []string{"header is a list of texts"}},
		"no value":          {"stacks:\n  a:\n    proxy:\n", []string{"p.yaml:3:5: proxy has no value"}},
		"no such variable":  {"stacks: {a: {proxy: '${env:NONE}'}}\n", []string{"the environment variable NONE is not set"}},
		"no such file":      {"stacks: {a: {proxy: '${file:none}'}}\n", []string{"${file:…} cannot be read", "no such file"}},
		"a name with slash": {"stacks: {a/b: {proxy: x}}\n", []string{`"a/b" cannot be a stack's name`}},
		"a stack of text":   {"stacks: {a: x}\n", []string{"p.yaml:1:13: a stack is to hold names and values"}},
		"a list as key":     {"stacks: {[a]: {proxy: x}}\n", []string{"a name is to stand here"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("p.yaml", c.text, Options{Keys: keys, Env: env})
			if err == nil {
				t.Fatal("nothing is wrong with it")
			}
			rest := err.Error()
			for _, want := range c.want {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Fatalf("%q is not in its place in:\n%v", want, err)
				}
				rest = after
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("defaults: {storage: a}\nstacks:\n  a: {header: [x, '${env:TOKEN}']}\n")
	f.Add("a: &x {b: *x}\nstacks: *x\n")
	f.Add("stacks: {<<: {a: {}}}\n")
	f.Fuzz(func(t *testing.T, text string) {
		stacks, err := Parse("p.yaml", text, Options{Keys: keys, Env: env})
		if err == nil && len(stacks) == 0 {
			t.Error("no stack and no error")
		}
		if err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	})
}
