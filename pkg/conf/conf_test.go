package conf

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPos(t *testing.T) {
	for p, want := range map[Pos]string{
		{"a.conf", 3, 7}: "a.conf:3:7",
		{"a.conf", 3, 0}: "a.conf:3",
		{"a.conf", 0, 0}: "a.conf",
		{}:               "",
	} {
		if got := p.String(); got != want {
			t.Errorf("%#v: %q", p, got)
		}
		if p.IsZero() != (want == "") {
			t.Errorf("%#v: IsZero = %v", p, p.IsZero())
		}
	}
}

func TestExcerpt(t *testing.T) {
	text := "server {\n\troot /srv/m\u00e9dia;\r\n    alias \"\x1b[31m\";\n" + strings.Repeat("x", 300) + "\n"
	for _, c := range []struct {
		name         string
		line, column int
		length       int
		want         string
	}{
		{"start", 1, 1, 6, "1 | server {\n  | ^~~~~~\n"},
		{"a tab stays a tab", 2, 2, 4, "2 | \troot /srv/média;\n  | \t^~~~\n"},
		{"bytes are counted, characters are shown", 2, 18, 1, "2 | \troot /srv/média;\n  | \t               ^\n"},
		{"marks characters", 2, 7, 11, "2 | \troot /srv/média;\n  | \t     ^~~~~~~~~~\n"},
		{"an escape sequence is not sent to the terminal", 3, 5, 0, "3 |     alias \".[31m\";\n  |     ^\n"},
		{"behind the end", 1, 99, 5, "1 | server {\n  |         ^\n"},
		{"a long line", 4, 100, 3, "4 | …" + strings.Repeat("x", 119) + "…\n  | " + strings.Repeat(" ", 41) + "^~~\n"},
		{"a long mark", 4, 1, 300, "4 | " + strings.Repeat("x", 120) + "…\n  | ^" + strings.Repeat("~", 120) + "\n"},
		{"no such line", 9, 1, 1, ""},
		{"no line", 0, 0, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, Excerpt(text, Pos{"f", c.line, c.column}, c.length)); d != "" {
				t.Error(d)
			}
		})
	}
	s := Source{Files: []File{{Path: "f", Text: text}}}
	if got := s.Excerpt(Pos{"f", 1, 1}, 6); got != "1 | server {\n  | ^~~~~~\n" {
		t.Errorf("Source.Excerpt: %q", got)
	}
	if got := s.Excerpt(Pos{"other", 1, 1}, 6); got != "" {
		t.Errorf("Source.Excerpt of another file: %q", got)
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add("a\n\tb\n", 2, 2, 3)
	f.Add(strings.Repeat("\u00e9", 500), 1, 300, 7)
	f.Fuzz(func(t *testing.T, text string, line, column, length int) {
		got := Excerpt(text, Pos{"f", line, column}, length)
		if got != "" && strings.Count(got, "\n") != 2 {
			t.Errorf("%q is not two lines", got)
		}
	})
}

func TestDirective(t *testing.T) {
	leaf := func(name, arg string) *Directive {
		return &Directive{Name: name, Args: []Arg{{Raw: `"` + arg + `"`, Text: arg}}}
	}
	d := &Directive{Name: "server", IsBlock: true, Block: []*Directive{
		leaf("a", "1"), leaf("b", "2"), leaf("a", "3  4"), {Name: "c", IsBlock: true, Block: []*Directive{leaf("a", "5")}},
	}}
	names := func(found []*Directive) (s []string) {
		for _, d := range found {
			s = append(s, d.String())
		}
		return s
	}
	if d := cmp.Diff([]string{`a "1"`, `b "2"`, `a "3 4"`}, names(d.All("a", "b"))); d != "" {
		t.Error(d)
	}
	if got := d.First("b"); got.Arg(0) != "2" || got.Arg(1) != "" || got.Arg(-1) != "" {
		t.Errorf("First: %v", got)
	}
	if d.First("x") != nil || (*Directive)(nil).First("x") != nil || (*Directive)(nil).All("x") != nil {
		t.Error("found what is not there")
	}
	var walked []string
	d.Walk(func(d *Directive) bool {
		walked = append(walked, d.Name)
		return d.Name != "c"
	})
	if d := cmp.Diff([]string{"server", "a", "b", "a", "c"}, walked); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"2"}, d.First("b").Texts(0)); d != "" {
		t.Error(d)
	}
}

func TestLargeBlock(t *testing.T) {
	d := &Directive{Name: "http"}
	for i := range 3 * large {
		d.Block = append(d.Block, &Directive{Name: string(rune('a' + i%3)), Parent: d})
		if got := d.First("b"); (got != nil) != (i >= 1) || got != nil && got != d.Block[1] {
			t.Fatalf("of %d: %v", i+1, got)
		}
	}
	all := d.All("c", "a", "c")
	if len(all) != 2*large || all[0] != d.Block[0] || all[1] != d.Block[2] || all[2] != d.Block[3] {
		t.Errorf("%d: %v", len(all), all[:3])
	}
	if d.First("x") != nil || d.All("x") != nil {
		t.Error("found what is not there")
	}
}

func TestError(t *testing.T) {
	e := &Error{Problems: []Problem{
		{Pos{"a", 1, 2}, Missing, "no such file"},
		{Pos{}, Empty, "nothing there"},
	}}
	if got, want := e.Error(), "a:1:2: no such file\nnothing there"; got != want {
		t.Errorf("got %q", got)
	}
	if !e.Only(Missing, Empty) || e.Only(Missing) {
		t.Error("Only")
	}
	for range 10 {
		e.Problems = append(e.Problems, e.Problems[0])
	}
	if got := e.Error(); !strings.HasSuffix(got, "\nand 2 more") || strings.Count(got, "\n") != 10 {
		t.Errorf("got %q", got)
	}
}

func TestFileJSON(t *testing.T) {
	for _, f := range []File{
		{Path: "a", Text: "root /srv/médi\xe1;\n"}, {Path: "b", Text: "plain"}, {Path: "c", Kind: Missing, Problem: "gone"}, {},
	} {
		data, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var got File
		if err := json.Unmarshal(data, &got); err != nil || got != f {
			t.Errorf("%q became %q by way of %s (%v)", f, got, data, err)
		}
		if strings.Contains(string(data), "raw") != (f.Path == "a") {
			t.Errorf("%s", data)
		}
	}
}
