package report

import (
	"strings"
	"testing"

	"github.com/joshdk/go-junit"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// TestJUnitIsRead: another program's reader finds a test case for each check, or pair, and
// failures where the report is not healthy.
func TestJUnitIsRead(t *testing.T) {
	for _, c := range cases() {
		suites, err := junit.IngestReader(strings.NewReader(write(t, "junit", c.rep, c.opts)))
		if err != nil || len(suites) != 1 {
			t.Fatalf("%s: %v, %d suites", c.name, err, len(suites))
		}
		total, asked := suites[0].Totals, len(c.rep.Checks)
		if n := len(c.rep.Pairs); n > 0 {
			asked = n
		}
		if total.Tests < asked || total.Tests == 0 || total.Tests != len(suites[0].Tests) {
			t.Errorf("%s: %+v for %d checks", c.name, total, asked)
		}
		if bad := total.Failed + total.Error; (bad > 0) != (c.rep.Status != diag.Healthy) {
			t.Errorf("%s: %s, and %+v", c.name, c.rep.Status, total)
		}
		for _, test := range suites[0].Tests {
			if test.Name == "" || !strings.HasPrefix(test.Classname, "proxydiag") {
				t.Errorf("%s: %+v", c.name, test)
			}
			if failed := test.Status == junit.StatusFailed; failed && (test.Message == "" || test.Error.Error() == "") {
				t.Errorf("%s: %s fails without a reason", c.name, test.Name)
			}
		}
	}
}

func TestGitHubEscapes(t *testing.T) {
	rep := diag.Report{Status: diag.Misconfigured, Findings: []diag.Finding{{
		Code: "c", Severity: diag.Error, Title: "100 %, a: b", Detail: "one\ntwo %", Fix: "do",
		Location: &diag.Location{File: "/work/a,b:c.conf", Line: 3, Column: 2, Text: "x"},
	}}}
	want := "::error file=a%2Cb%3Ac.conf,line=3,col=2,title=100 %25%2C a%3A b (c)::one%0Atwo %25 Fix: do\n"
	if got := write(t, "github", rep, Options{Root: "/work"}); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestMarkdownEscapes(t *testing.T) {
	for _, tt := range []struct{ name, got, want string }{
		{"text", markdownText("a*b <i> | #"), `a\*b \<i\> \| \#`},
		{"code in a text", markdownProse("Write `alias /a_b/;` in *here*."), "Write `alias /a_b/;` in \\*here\\*."},
		{"a backtick in a text", markdownProse("a`b_c"), "a\\`b\\_c"},
		{"backticks on two lines", markdownProse("a`b\nc`d"), "a\\`b\nc\\`d"},
		{"code", markdownCode("a``b"), "```a``b```"},
		{"code that begins with one", markdownCode("`a"), "`` `a ``"},
		{"block", markdownBlock("```\n"), "````\n```\n````\n"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestFingerprintIgnoresTheLine(t *testing.T) {
	a := diag.Finding{Code: "c", Location: &diag.Location{File: "/w/x.conf", Line: 1, Text: "root  /a;"}}
	b := diag.Finding{Code: "c", Location: &diag.Location{File: "x.conf", Line: 9, Text: "root /a;"}}
	other := diag.Finding{Code: "c", Location: &diag.Location{File: "x.conf", Line: 9, Text: "root /b;"}}
	named := Options{Root: "/w"}.Named
	if a.Fingerprint(named) != b.Fingerprint(named) || a.Fingerprint(named) == other.Fingerprint(named) {
		t.Error("the fingerprint is of code, file and directive")
	}
}
