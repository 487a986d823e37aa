package report

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// TestSARIFIsValid holds every report to the schema of SARIF 2.1.0.
func TestSARIFIsValid(t *testing.T) {
	for _, c := range cases() {
		log, err := sarif.FromString(write(t, "sarif", c.rep, c.opts))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if err := log.Validate(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got, want := len(log.Runs[0].Results), len(c.rep.Findings); got != want {
			t.Errorf("%s: %d results for %d findings", c.name, got, want)
		}
	}
}

// TestJUnitCounts holds the numbers of the test suite to what stands in it.
func TestJUnitCounts(t *testing.T) {
	for _, c := range cases() {
		text := write(t, "junit", c.rep, c.opts)
		tests, bad := 0, 0
		for d := xml.NewDecoder(strings.NewReader(text)); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v\n%s", c.name, err, text)
			}
			switch e, _ := token.(xml.StartElement); e.Name.Local {
			case "testcase":
				tests++
			case "failure", "error":
				bad++
			}
		}
		if tests < len(c.rep.Checks) || tests == 0 {
			t.Errorf("%s: %d test cases for %d checks", c.name, tests, len(c.rep.Checks))
		}
		if (bad > 0) != (c.rep.Status != diag.Healthy) {
			t.Errorf("%s: %s, and %d failures", c.name, c.rep.Status, bad)
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
