package lighttpd

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/internal/servertest"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// readCorpus returns the configurations of testdata/read.txtar, by name.
func readCorpus(t testing.TB) map[string]servertest.ReadCase {
	t.Helper()
	cases := servertest.ReadCorpus(t, "testdata/read.txtar", "main.conf")
	cases["ok/carriage-returns"].Files["main.conf"] = strings.ReplaceAll(cases["ok/carriage-returns"].Files["main.conf"], "\n", "\r\n")
	for _, name := range []string{"ok/no-newline-at-end", "bad/name-at-end"} {
		cases[name].Files["main.conf"] = strings.TrimSuffix(cases[name].Files["main.conf"], "\n")
	}
	cases["ok/no-break-space"] = servertest.ReadCase{OK: true, Files: map[string]string{"main.conf": "server.tag\u00a0= \"x\"\n"}}
	cases["ok/zero"] = servertest.ReadCase{OK: true, Files: map[string]string{"main.conf": "server.tag = \"x\"\n\x00nonsense\n"}}
	return cases
}

// write puts the files of a case into a folder and returns the main file. What
// every configuration needs stands in another file, which includes it.
func write(t testing.TB, c servertest.ReadCase, dir string) string {
	t.Helper()
	c.Write(t, dir, nil)
	main := filepath.Join(dir, "lighttpd.conf")
	if err := os.WriteFile(main, []byte("server.document-root = \"/\"\nserver.bind = \"/nonexistent/socket\"\ninclude \"main.conf\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return main
}

// ask has lighttpd read a configuration: what it says against it, "" for nothing.
func ask(t testing.TB, args ...string) (out, problem string) {
	t.Helper()
	cmd := exec.Command(need.Server(t, program), args...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", "refused: " + stderr.String()
	}
	return stdout.String(), ""
}

// parsed reads a configuration from the disk.
func parsed(t testing.TB, name string) (*Config, []conf.Problem) {
	t.Helper()
	s, err := Load(name, load.Options{})
	c := &Config{Top: &conf.Directive{}}
	if err == nil {
		c, err = Parse(s)
	}
	if err == nil {
		return c, nil
	}
	var e *conf.Error
	if !errors.As(err, &e) || len(e.Problems) == 0 {
		t.Fatalf("not a conf.Error with a problem: %#v", err)
	}
	return c, e.Problems
}

// flat are the blocks and settings of a configuration, one a line.
func flat(c *Config) []string {
	var lines []string
	for _, b := range c.Blocks {
		line := fmt.Sprintf("block %d", b.Index)
		if b.Parent != nil {
			line += fmt.Sprintf(" in %d: %s", b.Parent.Index, b.Cond)
		}
		if b.Prev != nil {
			line += fmt.Sprintf(", else of %d", b.Prev.Index)
		}
		lines = append(lines, line)
		for _, name := range slices.Sorted(slices.Values(b.Names())) {
			if name != "var.CWD" && name != "var.PID" {
				lines = append(lines, "  "+name+" = "+show(b.Get(name).Value))
			}
		}
	}
	return lines
}

func show(v *Value) string {
	switch v.Kind {
	case String:
		return fmt.Sprintf("%q", v.Text)
	case Integer:
		return fmt.Sprint(v.Number)
	}
	var items []string
	for _, i := range v.Items {
		key := ""
		if i.HasKey && v.Items[0].HasKey { // otherwise lighttpd -p prints no keys
			key = fmt.Sprintf("%q => ", i.Key)
		}
		items = append(items, key+show(i.Value))
	}
	return "(" + strings.Join(items, ", ") + ")"
}

// printed is a configuration as `lighttpd -p` prints it, read again.
func printed(t testing.TB, main string) (*Config, string) {
	t.Helper()
	out, problem := ask(t, "-p", "-f", main)
	if problem != "" {
		return nil, problem
	}
	for _, name := range []string{"var.CWD", "var.PID"} {
		if i := strings.Index(out, name); i >= 0 {
			end := i + strings.IndexByte(out[i:], '\n')
			out = out[:i] + out[end:]
		}
	}
	c, err := Parse(conf.Source{Roots: []string{"printed"}, Files: []conf.File{{Path: "printed", Text: out}}})
	if err != nil {
		t.Fatalf("what lighttpd -p prints cannot be read: %v\n%s", err, out)
	}
	return c, ""
}

func TestReadsAsLighttpdDoes(t *testing.T) {
	need.Server(t, program)
	cases := readCorpus(t)
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		c := cases[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			main := write(t, c, t.TempDir())
			_, refusal := ask(t, "-tt", "-f", main)
			if c.OK != (refusal == "") {
				t.Fatalf("lighttpd says %q", refusal)
			}
			got, problems := parsed(t, main)
			if c.OK != (problems == nil) {
				t.Fatalf("we say %v, lighttpd %q", problems, refusal)
			}
			if !c.OK {
				return
			}
			want, refusal := printed(t, main)
			if refusal != "" {
				t.Fatal(refusal)
			}
			if d := cmp.Diff(flat(want), flat(got)); d != "" {
				t.Errorf("-lighttpd +we:\n%s", d)
			}
		})
	}
}

// TestReadsMutations changes the corpus at random, a byte or a line at a time,
// and asks lighttpd whether it takes what comes out.
func TestReadsMutations(t *testing.T) {
	need.Server(t, program)
	count := 150
	if os.Getenv("PROXYDIAG_MUTATIONS") != "" {
		_, _ = fmt.Sscan(os.Getenv("PROXYDIAG_MUTATIONS"), &count)
	}
	cases := readCorpus(t)
	names := slices.Sorted(maps.Keys(cases))
	seed := uint64(1)
	if os.Getenv("PROXYDIAG_SEED") != "" {
		_, _ = fmt.Sscan(os.Getenv("PROXYDIAG_SEED"), &seed)
	}
	r := rand.New(rand.NewPCG(seed, 2))
	for i := range count {
		name := names[r.IntN(len(names))]
		c := cases[name]
		text := mutate(r, c.Files["main.conf"])
		if strings.Contains(text, "include_shell") || strings.Contains(text, "env.") {
			continue
		}
		changed := servertest.ReadCase{Files: maps.Clone(c.Files)}
		changed.Files["main.conf"] = text
		main := write(t, changed, t.TempDir())
		if out, _ := ask(t, "-p", "-f", main); strings.Contains(out, "= -") {
			continue // a negative number cannot be written
		}
		want, refusal := printed(t, main)
		got, problems := parsed(t, main)
		switch {
		case refusal != "" && !strings.Contains(refusal, "parser failed"): // for what it means, not for its form
		case (refusal == "") != (problems == nil):
			t.Errorf("%d, %s: lighttpd says %q, we %v:\n%s", i, name, refusal, problems, text)
		case refusal == "":
			if d := cmp.Diff(flat(want), flat(got)); d != "" && !strings.Contains(d, `\n`) { // lighttpd -p indents within strings
				t.Errorf("%d, %s: -lighttpd +we:\n%s\n%s", i, name, d, text)
			}
		}
	}
}

func mutate(r *rand.Rand, text string) string {
	pieces := []string{"\"", "(", ")", "{", "}", "=", "=>", "+=", ":=", ",", "\n", "$HTTP[\"url\"] == \"/m\" { }\n", "else", "else { }\n", "+", " ", "#", "x", ".", "var.q = 1\n", "[", "]", "~", "5", "\\", "global { var.r = 1 }\n"}
	for range 1 + r.IntN(2) {
		at := r.IntN(len(text) + 1)
		switch r.IntN(3) {
		case 0:
			text = text[:at] + pieces[r.IntN(len(pieces))] + text[at:]
		case 1:
			end := min(len(text), at+1+r.IntN(3))
			text = text[:at] + text[end:]
		default:
			lines := strings.SplitAfter(text, "\n")
			i, j := r.IntN(len(lines)), r.IntN(len(lines))
			lines[i], lines[j] = lines[j], lines[i]
			text = strings.Join(lines, "")
		}
	}
	return text
}
