package apache

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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
	cases["bad/byte-order-mark"].Files["main.conf"] = "Include @DIR@/bom.conf\n"
	cases["bad/byte-order-mark"].Files["bom.conf"] = "\xef\xbb\xbfTimeout 3\n"
	cases["ok/carriage-returns"] = servertest.ReadCase{OK: true, Files: map[string]string{"main.conf": "Header set X \\\r\n  y\r\n<Location /a>\r\n</Location>\r\n"}}
	cases["ok/no-newline"] = servertest.ReadCase{OK: true, Files: map[string]string{"main.conf": "Timeout 3"}}
	cases["ok/backslash-at-end"] = servertest.ReadCase{OK: true, Files: map[string]string{"main.conf": "Include @DIR@/x.conf\nTimeout 3\n", "x.conf": "Timeout \\\n3 \\\n"}}
	return cases
}

// before stands in front of each main file of the corpus.
func before(dir, modules string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ServerRoot %q\nErrorLog %q\nDefaultRuntimeDir %q\nPidFile %q\nServerName localhost\n", filepath.Dir(modules), dir+"/error.log", dir, dir+"/pid")
	for _, m := range usual() {
		fmt.Fprintf(&b, "LoadModule %s_module modules/mod_%s.so\n", m, m)
	}
	return b.String()
}

// write puts the files of a case into a folder and returns the main file.
func write(t testing.TB, c servertest.ReadCase, dir, modules string) string {
	t.Helper()
	c.Write(t, dir, func(name, text string) string {
		if name == "main.conf" {
			return before(dir, modules) + text
		}
		return text
	})
	return filepath.Join(dir, "main.conf")
}

// ask has Apache test a configuration and print its tree.
func ask(t testing.TB, main, modules string) (dump, problem string) {
	t.Helper()
	cmd := exec.Command(need.Server(t, program), "-f", main, "-C", "LoadModule info_module "+modules+"/mod_info.so", "-t", "-D", "DUMP_CONFIG")
	cmd.Env = []string{"PD_TEST_ENV=from outside"}
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", errs.String()
	}
	return out.String(), ""
}

// parsed reads a configuration from the disk.
func parsed(t testing.TB, name string) (*Config, []conf.Problem) {
	t.Helper()
	s, err := Load(name, LoadOptions{Env: map[string]string{"PD_TEST_ENV": "from outside"}})
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

// flat is a tree as DUMP_CONFIG shows it: one line a directive.
func flat(top *conf.Directive, depth int) (lines []string) {
	for _, d := range top.Block {
		switch d.Name {
		case "Include", "IncludeOptional", "Define", "UnDefine", "LoadModule", "ServerRoot", "DefaultRuntimeDir", "Use", "UndefMacro":
			continue
		}
		at := d.End.Line
		if d.IsBlock {
			at = d.Pos.Line
		}
		lines = append(lines, fmt.Sprintf("%s%s:%d: %s %q", strings.Repeat("  ", depth), filepath.Base(d.Pos.File), at, d.Name, d.Texts(0)))
		lines = append(lines, flat(d, depth+1)...)
	}
	return lines
}

func TestReadsWhatApacheReads(t *testing.T) {
	need.Server(t, program)
	modules, err := modulesFolder()
	if err != nil {
		t.Fatal(err)
	}
	cases := readCorpus(t)
	if len(cases) < 50 {
		t.Errorf("%d cases", len(cases))
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cases[name]
			main := write(t, c, t.TempDir(), modules)
			got, problems := parsed(t, main)
			dump, refused := ask(t, main, modules)
			if c.OK != (len(problems) == 0) {
				t.Errorf("ok is %v, problems: %v", c.OK, problems)
			}
			if c.OK != (refused == "") {
				t.Errorf("Apache says: %s", refused)
			}
			if !c.OK || t.Failed() {
				return
			}
			file := filepath.Join(t.TempDir(), "dump")
			if err := os.WriteFile(file, []byte(dump), 0o644); err != nil {
				t.Fatal(err)
			}
			want, problems := parsed(t, file)
			if len(problems) > 0 || !want.Dump {
				t.Errorf("the dump: %v", problems)
			}
			if name == "ok/continued-section" || name == "ok/backslash-at-end" {
				return // a dump gives the last line, we the first
			}
			if d := cmp.Diff(flat(want.Top, 0), flat(got.Top, 0)); d != "" {
				t.Errorf("- Apache + we\n%s\n%s", d, dump)
			}
			// What is read from the disk and what is parsed from the source must agree.
			if d := cmp.Diff(flat(got.Top, 0), flat(reparsed(t, got.Source).Top, 0)); d != "" {
				t.Error(d)
			}
		})
	}
}

// formal matches those of Apache's refusals that are about the form of a
// configuration, not about what directives mean.
var formal = regexp.MustCompile(`missing closing|without matching|was not closed|Expected </|before end of configuration|Could not open configuration file|No matches for|Macro '.*' undefined`)

// TestReadsMutations changes a few bytes of what Apache takes, each time other
// ones, and asks both again. Apache stops at the first fault, of meaning too,
// but finds those of form first.
func TestReadsMutations(t *testing.T) {
	need.Server(t, program)
	modules, err := modulesFolder()
	if err != nil {
		t.Fatal(err)
	}
	cases := readCorpus(t)
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(cases)), func(n string) bool { return !cases[n].OK || len(cases[n].Files["main.conf"]) < 20 })
	random := rand.New(rand.NewPCG(10, 2))
	const bytes = "<>/\\\"'# \n\r\t!${}a"
	dir := t.TempDir()
	taken, refused := 0, 0
	for i := range 150 {
		name := names[i%len(names)]
		text := servertest.Mutate(random, cases[name].Files["main.conf"], bytes)
		c := servertest.ReadCase{Files: maps.Clone(cases[name].Files)}
		c.Files["main.conf"] = text
		main := write(t, c, filepath.Join(dir, strconv.Itoa(i)), modules)
		_, problems := parsed(t, main)
		dump, problem := ask(t, main, modules)
		switch {
		case problem == "" && len(problems) > 0:
			t.Errorf("Apache takes it, we say: %v", problems)
		case problem != "" && formal.MatchString(lastLine(problem)) && len(problems) == 0:
			t.Errorf("Apache says: %s; we take it", problem)
		case problem != "":
			refused++
		case strings.Contains(dump, "# In file"):
			taken++
		}
		if t.Failed() {
			t.Fatalf("%s, changed to:\n%s", name, text)
		}
	}
	t.Logf("%d taken, %d refused", taken, refused)
	if taken < 15 || refused < 30 {
		t.Error("the test shows little")
	}
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

func reparsed(t testing.TB, s conf.Source) *Config {
	t.Helper()
	c, err := Parse(s)
	if err != nil {
		t.Error(err)
	}
	return c
}

func FuzzParse(f *testing.F) {
	for _, c := range readCorpus(f) {
		f.Add(c.Files["main.conf"], c.Files["x.conf"])
	}
	f.Add("# In file: /a\n#   1:\n<Location /x>\n  #   2:\n  XSendFile on\n</Location>\n", "")
	f.Add("Define A xxxxxxxxxx\nDefine A ${A}${A}${A}${A}\nDefine A ${A}${A}${A}${A}\nHeader set ${A}", "")
	f.Fuzz(func(t *testing.T, text, included string) {
		s := conf.Source{Roots: []string{"main.conf"}, Files: []conf.File{
			{Path: "main.conf", Text: text}, {Path: "x.conf", Text: included}, {Path: "/d", Kind: load.Folder, Text: "a\nb"}, {Path: "/d/a", Text: included},
		}}
		c, _ := Parse(s)
		c.Top.Walk(func(d *conf.Directive) bool {
			if d != c.Top && !c.Dump {
				file, ok := s.File(d.Pos.File)
				if !ok || d.Pos.Line < 1 || d.Pos.Column < 1 || d.Pos.Line > 1+strings.Count(file.Text, "\n") {
					t.Fatalf("%s is at %v", d, d.Pos)
				}
			}
			return true
		})
		c.Loaded("mod_xsendfile.c")
	})
}
