package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/lipgloss"
	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var update = flag.Bool("update", os.Getenv("UPDATE_GOLDEN") != "", "write the expected outputs anew")

func write(t *testing.T, format string, rep diag.Report, o Options) string {
	t.Helper()
	f, err := Lookup(format)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b, rep, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGoldens(t *testing.T) {
	expected := map[string]bool{}
	for _, c := range cases() {
		for _, f := range Formats() {
			if f.Name != "text" && (c.opts.Color || c.opts.Width != 0) {
				continue // the options change the text only
			}
			path := filepath.Join("testdata", c.name+"."+f.Name)
			expected[path] = true
			t.Run(c.name+"/"+f.Name, func(t *testing.T) {
				golden(t, path, write(t, f.Name, c.rep, c.opts))
			})
		}
	}
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !expected[f] {
			t.Errorf("%s belongs to no case", f)
		}
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; go test -update writes it anew):\n%s", path, diff)
	}
}

func TestLookupNamesWhatThereIs(t *testing.T) {
	_, err := Lookup("xml")
	want := `there is no format "xml": choose one of text, json, junit, sarif, github, markdown, html`
	if err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestPlainTextKeepsWithinItsWidth(t *testing.T) {
	for _, c := range cases() {
		for _, width := range []int{1, 24, 27, 32, 39, 40, 59, 60, 71, 72, 80, 100, 500} {
			out := write(t, "text", c.rep, Options{Width: width})
			columns := min(max(width, narrowest), 120)
			for line := range strings.Lines(out) {
				line = strings.TrimSuffix(line, "\n")
				if lipgloss.Width(line) > columns && !strings.HasPrefix(line, "proxydiag explain") {
					t.Errorf("%s at %d: %d columns: %q", c.name, width, lipgloss.Width(line), line)
				}
				if strings.TrimRight(line, " ") != line {
					t.Errorf("%s at %d: spaces at the end of %q", c.name, width, line)
				}
			}
		}
	}
}

// Colour adds nothing but escape sequences of colour.
func TestColorSaysTheSame(t *testing.T) {
	for _, c := range cases() {
		plain := write(t, "text", c.rep, Options{})
		color := write(t, "text", c.rep, Options{Color: true})
		if !strings.Contains(color, "\x1b[") {
			t.Errorf("%s: no colour", c.name)
		}
		if diff := cmp.Diff(plain, trimLines(withoutColor(color))); diff != "" {
			t.Errorf("%s: (-plain +colour)\n%s", c.name, diff)
		}
	}
}

func withoutColor(s string) string {
	var b strings.Builder
	for s != "" {
		before, after, found := strings.Cut(s, "\x1b[")
		b.WriteString(before)
		if !found {
			break
		}
		_, s, _ = strings.Cut(after, "m")
	}
	return b.String()
}

func trimLines(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}

// Whatever field of a report a peer's text gets into, no format lets through
// what could act on a terminal.
func FuzzNothingHostileGetsThrough(f *testing.F) {
	f.Add(hostileText, 80, 2)
	f.Add(hostileText, 40, 99)
	f.Add("", 40, 47)
	f.Add("\n\t \r\n"+strings.Repeat("漢", 99), 72, -1)
	f.Fuzz(func(t *testing.T, text string, width, column int) {
		rep := several()
		rep.Findings = append(rep.Findings, handoffCulprit().Findings...)
		fill(reflect.ValueOf(&rep).Elem(), text)
		for i, severity := range []diag.Severity{diag.Error, diag.Warning, diag.Info, diag.Severity(text), diag.Error} {
			f := &rep.Findings[i]
			f.Severity, f.Location = severity, &diag.Location{File: text, Line: column, Column: column, Text: " " + text}
		}
		for _, status := range []diag.Verdict{diag.Misconfigured, diag.Verdict(text)} {
			rep.Status = status
			for _, format := range Formats() {
				harmless(t, format.Name, write(t, format.Name, rep, Options{Width: width}))
			}
		}
	})
}

func harmless(t *testing.T, format, out string) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Errorf("%s: not UTF-8", format)
	}
	for _, r := range out {
		if r != '\n' && !unicode.IsPrint(r) && (r != '\t' || format == "text") {
			t.Errorf("%s: %U got through", format, r)
		}
	}
}

// fill puts a text into every string of a value.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem(), text)
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i), text)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Field(i).CanSet() {
				fill(v.Field(i), text)
			}
		}
	}
}

func TestWritingLeavesTheReportAsItIs(t *testing.T) {
	for _, f := range Formats() {
		rep := hostile()
		write(t, f.Name, rep, Options{})
		if diff := cmp.Diff(hostile(), rep); diff != "" {
			t.Errorf("%s changed the report:\n%s", f.Name, diff)
		}
	}
}

func TestJSONReadsBack(t *testing.T) {
	for _, c := range cases() {
		if c.name == "hostile" {
			continue // bytes that are no UTF-8 do not survive
		}
		var got diag.Report
		if err := json.Unmarshal([]byte(write(t, "json", c.rep, Options{})), &got); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		ignoreNil := cmp.FilterValues(func(a, b []diag.Evidence) bool { return len(a)+len(b) == 0 }, cmp.Ignore())
		none := cmp.FilterValues(func(a, b []diag.Finding) bool { return len(a)+len(b) == 0 }, cmp.Ignore())
		if diff := cmp.Diff(c.rep, got, ignoreNil, none); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

func TestJSONEscapesMeanTheSame(t *testing.T) {
	rep := healthy()
	rep.Findings[0].Title = "\x1b\u009b\u202e\x7f\U000e0041"
	var got diag.Report
	if err := json.Unmarshal([]byte(write(t, "json", rep, Options{})), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rep.Findings[0].Title, got.Findings[0].Title); diff != "" {
		t.Error(diff)
	}
}

func TestEmptyReport(t *testing.T) {
	out := write(t, "json", diag.Report{Findings: []diag.Finding{{}}}, Options{})
	if strings.Contains(out, "null") {
		t.Errorf("null in %s", out)
	}
	if out := write(t, "text", diag.Report{}, Options{}); !strings.Contains(out, "proxydiag explain") {
		t.Errorf("text = %s", out)
	}
	write(t, "text", diag.Report{Findings: []diag.Finding{{Severity: diag.Error, Location: &diag.Location{Column: 9, Text: "x"}}}}, Options{})
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func TestWriteErrorsAreReturned(t *testing.T) {
	full := errors.New("no space left on device")
	for _, f := range Formats() {
		if err := f.Write(brokenWriter{full}, healthy(), Options{}); !errors.Is(err, full) {
			t.Errorf("%s: error = %v", f.Name, err)
		}
	}
}

// The picture marks one culprit, at the place that culprit and checks name.
func TestPictureMarksTheBrokenLink(t *testing.T) {
	faulty := several()
	direct := several()
	direct.Culprit, direct.Findings = diag.PartProxy, direct.Findings[2:]
	for _, c := range []struct {
		name string
		rep  diag.Report
		want string
	}{
		{"healthy", healthy(), ""},
		{"inconclusive", inconclusive(), ""},
		{"storage", storageCulprit(), "storage BROKEN"},
		{"backend", backendCulprit(), "backend BROKEN"},
		{"proxy", proxyCulprit(), "proxy BROKEN"},
		{"handoff", handoffCulprit(), "handoff BROKEN"},
		{"handoff of a download that arrives", faulty, "handoff FAULTY"},
		{"direct location", direct, "direct FAULTY"},
	} {
		m := legsOf(c.rep)
		var got []string
		for _, at := range []struct {
			name string
			mark mark
		}{
			{"end-to-end", m.EndToEnd}, {"proxy", m.Proxy}, {"handoff", m.Handoff},
			{"backend", m.Backend}, {"direct", m.Direct}, {"storage", m.Storage},
		} {
			if at.mark.Culprit {
				got = append(got, at.name+" "+at.mark.Word)
			}
		}
		if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

func TestExcerptPointsAtTheColumn(t *testing.T) {
	for _, c := range []struct {
		l    diag.Location
		want string
	}{
		{diag.Location{Line: 14, Column: 7, Text: "root /srv/media;"}, "    14 │ root /srv/media;\n       │ ^^^^\n"},
		{diag.Location{Line: 14, Column: 7, Text: "      root /srv/media;"}, "    14 │ root /srv/media;\n       │ ^^^^\n"},
		{diag.Location{Line: 3, Column: 18, Text: "  location /a/ { alias /b; }"}, "    3 │ location /a/ { alias /b; }\n      │                ^^^^^\n"},
		{diag.Location{Line: 3, Column: 8, Text: "\tset é; root;"}, "    3 │ set é; root;\n      │      ^\n"},
		{diag.Location{Line: 3, Column: 99, Text: "\troot;"}, "    3 │ root;\n      │      ^\n"},
	} {
		p := newPage(&bytes.Buffer{}, Options{})
		p.location(&c.l)
		_, got, _ := strings.Cut(strings.TrimPrefix(p.String(), "\n"), "\n")
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%+v:\n%s", c.l, diff)
		}
	}
}

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"plain é 漢 \t\n":           "plain é 漢 \t\n",
		"\x1b[31m\r\x00\x7f":       `\x1b[31m\x0d\x00\x7f`,
		"\u009b\u202e\u200b\u2028": `\u009b\u202e\u200b\u2028`,
		"\xff\xc2 \U000e0041":      `\xff\xc2 \U000e0041`,
		"�":                        "�",
		strings.Repeat("x", 2001):  strings.Repeat("x", 2000) + "… (1 bytes more)",
	} {
		if diff := cmp.Diff(want, Visible(text)); diff != "" {
			t.Errorf("Visible(%q):\n%s", text, diff)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 5, nil},
		{"one two three", 7, []string{"one two", "three"}},
		{"a\n\nb", 7, []string{"a", "", "b"}},
		{"/srv/media/files", 12, []string{"/srv/media/", "files"}},
		{"abcdefgh", 3, []string{"abc", "def", "gh"}},
		{"漢字かな", 5, []string{"漢字", "かな"}},
		{"漢字", 1, []string{"漢", "字"}},
	} {
		if diff := cmp.Diff(c.want, wrap(c.text, c.width)); diff != "" {
			t.Errorf("wrap(%q, %d):\n%s", c.text, c.width, diff)
		}
	}
}

func TestColumnWidths(t *testing.T) {
	for _, c := range []struct {
		need  []int
		width int
		want  []int
	}{
		{[]int{3, 4}, 20, []int{3, 4}},
		{[]int{3, 40, 40}, 23, []int{3, 10, 10}},
		{[]int{3, 8, 40}, 31, []int{3, 8, 20}},
		{[]int{0, 4}, 9, []int{1, 4}},
	} {
		var row []string
		for _, n := range c.need {
			row = append(row, strings.Repeat("x", n))
		}
		if diff := cmp.Diff(c.want, columnWidths([][]string{row}, c.width)); diff != "" {
			t.Errorf("%v in %d:\n%s", c.need, c.width, diff)
		}
	}
}

func TestDuration(t *testing.T) {
	for ms, want := range map[float64]string{0: "", 0.42: "0.4 ms", 84.2: "84 ms", 1500: "1.5 s"} {
		if got := duration(ms); got != want {
			t.Errorf("duration(%v) = %q, want %q", ms, got, want)
		}
	}
}
