package e2e

import (
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/gate"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// realistic is a configuration of testdata/gate, written after what the
// documentation of an application says.
type realistic struct {
	kind server.Kind
	name string // its folder below the kind's
	main string // its main file in there
	// faults are edits, each of which is one fault.
	faults []injected
}

// injected is one fault of a configuration.
type injected struct {
	code     string
	file     string // the one that is edited; empty: the main file
	old, new string
	at       string // a text of the line that is guilty; empty: the first line of new
	intent   gate.Intent
}

// folder is where its files are.
func (d realistic) folder() string { return filepath.Join("testdata", "gate", d.kind.Name, d.name) }

func allRealistic() []realistic {
	return slices.Concat(nginxRealistic(), apacheRealistic(), lighttpdRealistic(), caddyRealistic())
}

// TestGateApplications tries the configurations as they are: without a flag each
// starts, delivers, and has no fault.
func TestGateApplications(t *testing.T) {
	t.Parallel()
	eachRealistic(t, func(t *testing.T, d realistic) {
		rep := tryFile(t, d.kind, filepath.Join(d.folder(), d.main), gate.Intent{})
		for _, f := range rep.Findings {
			if f.Counts(diag.Warning) {
				t.Errorf("%s at %+v: %s", f.Code, f.Location, f.Detail)
			}
		}
		if !slices.ContainsFunc(rep.Pairs, func(p diag.Pair) bool { return p.Status == diag.Healthy }) {
			t.Errorf("no pair is healthy: %s", marshal(t, rep.Pairs))
		}
	})
}

// TestGateApplicationsFaults tries them with one fault each, which gate names by
// code and line, and nothing else beside it.
func TestGateApplicationsFaults(t *testing.T) {
	t.Parallel()
	eachRealistic(t, func(t *testing.T, d realistic) {
		for _, fault := range d.faults {
			t.Run(fault.code, func(t *testing.T) {
				t.Parallel()
				folder := t.TempDir()
				if err := os.CopyFS(folder, os.DirFS(d.folder())); err != nil {
					t.Fatal(err)
				}
				want := fault.inject(t, folder, d.main)
				rep := tryFile(t, d.kind, filepath.Join(folder, d.main), fault.intent)
				var got []string
				for _, f := range rep.Findings {
					if f.Counts(diag.Warning) {
						got = append(got, f.Code+" "+lineOf(t, folder, f.Location))
					}
				}
				if diff := gocmp.Diff([]string{fault.code + " " + want}, got); diff != "" {
					t.Errorf("findings (-want +got):\n%s%s", diff, marshal(t, rep.Findings))
				}
			})
		}
	})
}

// TestGateApplicationByCommand runs the program itself: it finds out whose each
// of them is, and tries one.
func TestGateApplicationByCommand(t *testing.T) {
	t.Parallel()
	binary := build(t)
	for _, d := range allRealistic() {
		out, err := exec.Command(binary, "gate", "--list", filepath.Join(d.folder(), d.main)).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "\npairs:\n  ") {
			t.Errorf("%s of %s: %v\n%s", d.name, d.kind.Title, err, out)
		}
	}
	d := nginxRealistic()[0]
	need.Server(t, d.kind.Program)
	out, err := exec.Command(binary, "gate", "--format", "json", filepath.Join(d.folder(), d.main)).CombinedOutput()
	var rep diag.Report
	if err != nil || json.Unmarshal(out, &rep) != nil || rep.Status != diag.Healthy {
		t.Errorf("%v\n%s", err, out)
	}
}

// eachRealistic runs a test on each configuration whose kind can be tried here.
func eachRealistic(t *testing.T, test func(*testing.T, realistic)) {
	t.Helper()
	for _, d := range allRealistic() {
		t.Run(d.kind.Name+"/"+d.name, func(t *testing.T) {
			t.Parallel()
			if d.kind.Sandbox == nil {
				t.Skipf("configurations of %s cannot be tried", d.kind.Title)
			}
			test(t, d)
		})
	}
}

// inject edits the files in a folder, and returns the place of the fault.
func (i injected) inject(t *testing.T, folder, main string) string {
	t.Helper()
	name := cmp.Or(i.file, main)
	path := filepath.Join(folder, name)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), i.old); n != 1 {
		t.Fatalf("%s has %q %d times", name, i.old, n)
	}
	edited := strings.Replace(string(text), i.old, i.new, 1)
	write(t, path, edited)
	first, _, _ := strings.Cut(strings.TrimSpace(i.new), "\n")
	at := cmp.Or(i.at, first)
	for _, line := range strings.Split(edited, "\n") {
		if strings.Contains(line, at) {
			return name + ": " + strings.TrimSpace(line)
		}
	}
	t.Fatalf("%s with the fault lacks %q", name, at)
	return ""
}

// lineOf is a finding's place as the file below a folder and its line there.
func lineOf(t *testing.T, folder string, l *diag.Location) string {
	t.Helper()
	if l == nil {
		return "nowhere"
	}
	text, err := os.ReadFile(l.File)
	if err != nil {
		t.Fatal(err)
	}
	name, err := filepath.Rel(folder, l.File)
	if err != nil {
		t.Fatal(err)
	}
	return name + ": " + strings.TrimSpace(strings.Split(string(text), "\n")[l.Line-1])
}
