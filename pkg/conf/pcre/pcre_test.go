package pcre

import (
	"slices"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		fold          bool
		want          []string // nil: no match
	}{
		{pattern: `^/(?!static/)([^/]+)/`, text: "/app/a", want: []string{"/app/", "app"}},
		{pattern: `^/(?!static/)([^/]+)/`, text: "/static/a"},
		{pattern: `(?<=/)(?<name>[a-z]+)\.(txt|bin)$`, text: "/a/report.bin", want: []string{"report.bin", "report", "bin"}},
		{pattern: `^/(\w)\1/`, text: "/aa/x", want: []string{"/aa/", "a"}},
		{pattern: `^/DL/`, text: "/dl/x", fold: true, want: []string{"/dl/"}},
		{pattern: `^/.$`, text: "/é"}, // two bytes
		{pattern: `(*UTF8)^/(.)$`, text: "/é", want: []string{"/é", "é"}},
	} {
		p := New(c.pattern, c.fold)
		got, ok, why := p.Match(c.text)
		if why != "" || p.Wrong() != "" || ok != (c.want != nil) || !slices.Equal(got, c.want) {
			t.Errorf("%s with %s: %q %v %s", c.pattern, c.text, got, ok, why)
		}
	}
	if got := New(`(?<a>x)(y)(?P<b>z)`, false).Names(); !slices.Equal(got, []string{"", "a", "", "b"}) {
		t.Errorf("names %q", got)
	}
	if New(`^/recursive/(\((?1)?\))$`, false).Wrong() == "" {
		t.Error("what no engine runs is not told")
	}
}
