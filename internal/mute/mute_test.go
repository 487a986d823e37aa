package mute

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

const site = `server {
    # proxydiag: ignore a-code  it is meant

    # another comment
    root /a;
    root /b; # proxydiag: ignore b-code, it is
    # proxydiag: ignore
    root /c; #proxydiag:ignore c-code
    # proxydiag: ignore late-code the end
`

func source() conf.Source {
	return conf.Source{Files: []conf.File{{Path: "x.conf", Text: site}}}
}

func TestComments(t *testing.T) {
	got, problems := Comments(source())
	want := []*Comment{
		{Pos: conf.Pos{File: "x.conf", Line: 2, Column: 5}, Line: 5, Code: "a-code", Reason: "it is meant"},
		{Pos: conf.Pos{File: "x.conf", Line: 6, Column: 14}, Line: 6, Code: "b-code,", Reason: "it is"},
		{Pos: conf.Pos{File: "x.conf", Line: 9, Column: 5}, Line: 0, Code: "late-code", Reason: "the end"},
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Comment{})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	var lines []int
	for _, p := range problems {
		lines = append(lines, p.Pos.Line)
	}
	if d := cmp.Diff([]int{7, 8}, lines); d != "" {
		t.Errorf("comments without a code or a reason (-want +got):\n%s", d)
	}
}

func found(code string, line int) diag.Finding {
	return diag.Finding{Code: code, Severity: diag.Warning, Culprit: diag.PartProxy, Check: "c", Location: &diag.Location{File: "x.conf", Line: line, Text: "root /a;"}}
}

func TestApply(t *testing.T) {
	comments, _ := Comments(source())
	r := Rules{Codes: []string{"flag-code"}, Comments: comments, Name: func(f string) string { return f }}
	rep := diag.Report{
		Checks:   []diag.CheckResult{{ID: "c", Status: diag.Fail}, {ID: "d", Status: diag.Pass}},
		Findings: []diag.Finding{found("a-code", 5), found("a-code", 6), found("flag-code", 1)},
	}
	r.Apply(&rep)
	var codes []string
	for _, f := range rep.Findings {
		codes = append(codes, f.Code+": "+f.Muted)
	}
	want := []string{"a-code: ", "a-code: ignored at x.conf:2: it is meant", "flag-code: --ignore flag-code"}
	if d := cmp.Diff(want, codes); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if rep.Status != diag.Misconfigured || rep.Checks[0].Status != diag.Fail {
		t.Errorf("one finding is left: %s, %+v", rep.Status, rep.Checks)
	}
	if unused := r.Unused(func(string) bool { return true }); len(unused) != 2 || unused[0].Pos.Line != 6 {
		t.Errorf("unused: %v", unused)
	}

	r.Codes = append(r.Codes, "a-code")
	r.Apply(&rep)
	if rep.Status != diag.Healthy || rep.Culprit != diag.PartNone || rep.Checks[0].Status != diag.Skip || !strings.Contains(rep.Checks[0].Reason, "muted") {
		t.Errorf("nothing is left: %s, %s, %+v", rep.Status, rep.Culprit, rep.Checks)
	}
}

func TestBaseline(t *testing.T) {
	name := func(f string) string { return f }
	reps := []diag.Report{{Stack: diag.Stack{Name: "s"}, Findings: []diag.Finding{found("b", 1), found("a", 2), found("a", 9)}}}
	file := filepath.Join(t.TempDir(), "baseline.json")
	data, err := BaselineOf(reps, name).JSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := ReadBaseline(file)
	if err != nil || len(b.Findings) != 2 || b.Findings[0].Code != "a" {
		t.Fatalf("%v: %+v", err, b)
	}
	later := diag.Report{Stack: diag.Stack{Name: "s"}, Findings: []diag.Finding{found("a", 30), found("new", 1)}}
	Rules{Baseline: b, Name: name}.Apply(&later)
	if later.Findings[0].Code != "new" || later.Findings[0].Muted != "" || later.Findings[1].Muted != inBaseline {
		t.Errorf("what is known on another line is known, and what is new is not: %+v", later.Findings)
	}
	if gone := b.Gone([]string{"s"}); len(gone) != 1 || gone[0].Code != "b" {
		t.Errorf("gone: %+v", gone)
	}
	if gone := b.Gone([]string{"other"}); len(gone) != 0 {
		t.Errorf("nothing is known of a stack that was not checked: %+v", gone)
	}
	elsewhere := diag.Report{Stack: diag.Stack{Name: "t"}, Findings: []diag.Finding{found("a", 2)}}
	Rules{Baseline: b, Name: name}.Apply(&elsewhere)
	if elsewhere.Findings[0].Muted != "" {
		t.Error("what is known of one stack is taken for known of another")
	}

	for text, want := range map[string]string{
		"":                             "is no baseline",
		"[]":                           "is no baseline",
		`{"version": 1, "finding": 1}`: `unknown field "finding"`,
		`{"version": 2}`:               "version 2",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadBaseline(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzComments(f *testing.F) {
	f.Add(site)
	f.Add("# proxydiag: ignore\n\r\n#proxydiag:ignore x y")
	f.Fuzz(func(t *testing.T, text string) {
		list, problems := Comments(conf.Source{Files: []conf.File{{Path: "x", Text: text}}})
		lines := strings.Count(text, "\n") + 1
		for _, c := range list {
			if c.Code == "" || c.Reason == "" || c.Line > lines || c.Pos.Line > lines {
				t.Errorf("%+v", c)
			}
		}
		for _, p := range problems {
			if p.Pos.Line < 1 || p.Pos.Line > lines {
				t.Errorf("%+v", p)
			}
		}
	})
}
