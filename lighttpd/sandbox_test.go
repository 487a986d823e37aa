package lighttpd

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/internal/servertest"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
)

func source(text string) conf.Source {
	return conf.Source{Roots: []string{"lighttpd.conf"}, Prefix: "/etc/lighttpd", Files: []conf.File{{Path: "lighttpd.conf", Text: text}}}
}

// tell writes offers, one a line.
func tell(o server.Offers) string {
	var b strings.Builder
	for _, w := range o.Ways {
		fmt.Fprintf(&b, "in %s %s: %s %s asked for %q, line %d\n", w.Listen, w.URL, w.App.Protocol, w.App.Address, w.Path, w.Location.Line)
		for _, out := range o.Outs {
			if out.Scope == w.Scope {
				fmt.Fprintf(&b, "  out %s: %s, line %d %s\n", out.Name, out.Sendfile, out.Location.Line, out.Untried)
			}
		}
	}
	return b.String()
}

// rewritten is the copy of a configuration, with names for what is made anew for
// each: the folder and the addresses.
func rewritten(t *testing.T, s conf.Source) (copied, dir string, w *rewriting) {
	t.Helper()
	dir = t.TempDir()
	w = newRewriting(inSandbox(s), server.SandboxOptions{
		Dir: dir, Root: filepath.Join(dir, "root"),
		StandIn: func(app server.App) (string, error) {
			if strings.HasPrefix(app.Address, "unix:") {
				return "unix:/stand/in/" + app.Protocol, nil
			}
			return "127.0.0.1:9", nil
		},
	})
	if err := w.listen(); err != nil {
		t.Fatal(err)
	}
	if err := w.scripts(offersOf(w.conf).scripts); err != nil {
		t.Fatal(err)
	}
	out, err := w.print(dir)
	if err != nil {
		t.Fatal(err)
	}
	return out.text.String(), dir, w
}

var mainPort = regexp.MustCompile(`(?m)^server\.port = \d+`)

// TestSandbox: NAME/conf of testdata/sandbox.txtar is a configuration,
// NAME/offers what it offers, NAME/copy what becomes of it, and NAME/changes what
// is told of that, with the files that are made.
func TestSandbox(t *testing.T) {
	program := need.Server(t, program)
	servertest.Golden(t, "testdata/sandbox.txtar", func(file string, files map[string]string) string {
		name, part, _ := strings.Cut(file, "/")
		s := source(files[name+"/conf"])
		got := files[file]
		switch part {
		case "offers":
			got = tell(trials{}.Offers(s))
		case "copy":
			text, dir, w := rewritten(t, s)
			accepted(t, program, text)
			got = anonymous(text, dir, w)
		case "changes":
			_, dir, w := rewritten(t, s)
			got = changesOf(dir, w)
		}
		return got
	})
}

// anonymous puts names into the place of what is another thing each time.
func anonymous(text, dir string, w *rewriting) string {
	for i, s := range w.sockets {
		text = strings.ReplaceAll(text, s.addr, fmt.Sprintf("ADDRESS%d", i))
	}
	host, _, _ := strings.Cut(w.sockets[0].addr, ":")
	text = strings.ReplaceAll(text, `"`+host+`"`, `"HOST"`)
	return strings.ReplaceAll(mainPort.ReplaceAllString(text, "server.port = PORT"), dir, "DIR")
}

func changesOf(dir string, w *rewriting) string {
	var b strings.Builder
	for _, p := range w.changes {
		fmt.Fprintln(&b, p)
	}
	_ = filepath.WalkDir(filepath.Join(dir, "root"), func(name string, d fs.DirEntry, _ error) error {
		if !d.IsDir() {
			fmt.Fprintln(&b, "file", strings.TrimPrefix(name, dir))
		}
		return nil
	})
	return b.String()
}

// accepted asks lighttpd whether it takes a copy.
func accepted(t *testing.T, program, text string) {
	t.Helper()
	main := filepath.Join(t.TempDir(), mainFile)
	if err := os.WriteFile(main, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, problem := ask(t, "-tt", "-f", main); problem != "" && !strings.Contains(problem, "dlopen") {
		t.Errorf("%s says %s of\n%s", program, problem, text)
	}
}

// TestCopiesMeanTheSame: what lighttpd accepts it accepts in the sandbox, and
// the copy has the same settings in the same blocks but for those that a
// sandbox changes.
func TestCopiesMeanTheSame(t *testing.T) {
	program := need.Server(t, program)
	cases := readCorpus(t)
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		c := cases[name]
		if !c.OK {
			continue
		}
		t.Run(name, func(t *testing.T) {
			main := write(t, c, t.TempDir())
			before, problems := parsed(t, main)
			if problems != nil {
				t.Skip(problems)
			}
			for _, b := range before.Blocks {
				for _, n := range b.Names() {
					if why := b.Get(n).Value.unknown(); why != "" && !strings.HasPrefix(n, "var.") {
						t.Skip(why)
					}
				}
			}
			text, _, _ := rewritten(t, before.Source)
			accepted(t, program, text)
			after, err := Parse(source(text))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(conditions(before), conditions(after)); d != "" {
				t.Errorf("-before +after:\n%s\n%s", d, text)
			}
		})
	}
}

// conditions are the conditions and settings of a configuration that a sandbox
// does not change.
func conditions(c *Config) []string {
	var lines []string
	for _, line := range flat(c) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(line, "block") && !strings.Contains(line, "SERVER") || strings.HasPrefix(name, "setenv.") || strings.HasPrefix(name, "url.") {
			lines = append(lines, line)
		}
	}
	return lines
}

// open is a temporary folder that lighttpd's user may enter.
func open(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRefusal(t *testing.T) {
	need.Server(t, program)
	for text, want := range map[string]string{
		"server.document-root = \"/srv\"\nserver.modules = (\"mod_proxi\")\n":                                               "mod_proxi",
		"server.document-root = \"/srv\"\nserver.modules = (\"mod_proxy\")\n\nproxy.server = (\"\" => ((\"port\" => 1)))\n": "lighttpd.conf:4:1: lighttpd refuses the configuration: host",
		"server.document-root = env.HOME\n": "lighttpd.conf:1:1: the environment variable HOME of lighttpd is not known",
	} {
		dir := open(t)
		box, err := trials{}.Start(t.Context(), source(text), server.SandboxOptions{
			Dir: dir, Root: filepath.Join(dir, "root"), StandIn: func(server.App) (string, error) { return "127.0.0.1:9", nil },
		})
		if err == nil {
			_ = box.Stop()
		}
		var refused *conf.Error
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
