package report

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/xeipuuv/gojsonschema"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// sarifSchema is the schema of the standard (SARIF 2.1.0 Errata 01), which
// allows no member that it does not name. The library that writes the format
// holds it in a file of its own and shows it to nobody; its Validate looks at
// its own types, in which a member that is wrong has no place.
var sarifSchema = sync.OnceValues(func() (*gojsonschema.Schema, error) {
	folder, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif").Output()
	if err != nil {
		return nil, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(folder)), "schema.go"), nil, 0)
	if err != nil {
		return nil, err
	}
	literal := file.Scope.Lookup("schema").Decl.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value
	text, err := strconv.Unquote(literal)
	if err != nil {
		return nil, err
	}
	return gojsonschema.NewSchema(gojsonschema.NewStringLoader(text))
})

// validSARIF holds a text to the schema, and gives it back as it is read.
func validSARIF(t *testing.T, name, text string) *sarif.Report {
	t.Helper()
	schema, err := sarifSchema()
	if err != nil {
		t.Fatal(err)
	}
	result, err := schema.Validate(gojsonschema.NewStringLoader(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, e := range result.Errors() {
		t.Errorf("%s: %s", name, e)
	}
	log, err := sarif.FromString(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return log
}

// TestSARIFIsValid holds every report to the schema of SARIF 2.1.0, and to what
// code scanning wants besides: one run, a file and a line for each result.
func TestSARIFIsValid(t *testing.T) {
	for _, c := range cases() {
		log := validSARIF(t, c.name, write(t, "sarif", c.rep, c.opts))
		if got, want := len(log.Runs[0].Results), len(c.rep.Findings); got != want || len(log.Runs) != 1 {
			t.Errorf("%s: %d results for %d findings in %d runs", c.name, got, want, len(log.Runs))
		}
		for _, r := range log.Runs[0].Results {
			if at := r.Locations[0].PhysicalLocation; at == nil || at.ArtifactLocation.URI == nil || *at.ArtifactLocation.URI == "" || *at.Region.StartLine < 1 {
				t.Errorf("%s: %s has no place", c.name, *r.RuleID)
			}
		}
	}
}

// TestSchemaIsStrict: what the schema does not know is refused.
func TestSchemaIsStrict(t *testing.T) {
	schema, err := sarifSchema()
	if err != nil {
		t.Fatal(err)
	}
	good := write(t, "sarif", handoffCulprit(), Options{})
	for _, change := range [][2]string{
		{`"columnKind"`, `"columnKinds"`}, {`"unicodeCodePoints"`, `"bytes"`}, {`"level": "error"`, `"level": "fatal"`}, {`"startLine": 14`, `"startLine": 0`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		result, err := schema.Validate(gojsonschema.NewStringLoader(bad))
		if err != nil || bad == good || result.Valid() {
			t.Errorf("%s passes for %s: %v", change[1], change[0], err)
		}
	}
}

// TestSARIFIsOneRun: code scanning takes one run of a tool in a file.
func TestSARIFIsOneRun(t *testing.T) {
	var reps []diag.Report
	for i := range 25 {
		rep := storageCulprit()
		rep.Stack.Name = "stack " + strconv.Itoa(i)
		reps = append(reps, rep)
	}
	var b bytes.Buffer
	if err := writeSARIF(&b, reps, Options{}); err != nil {
		t.Fatal(err)
	}
	log := validSARIF(t, "25 stacks", b.String())
	if len(log.Runs) != 1 || len(log.Runs[0].Results) != 25*len(reps[0].Findings) {
		t.Fatalf("%d runs, %d results", len(log.Runs), len(log.Runs[0].Results))
	}
	seen := map[string]bool{}
	for _, r := range log.Runs[0].Results {
		mark := *r.RuleID + r.PartialFingerprints["proxydiag/v1"]
		if seen[mark] || !strings.HasPrefix(*r.Message.Text, "stack ") {
			t.Errorf("%s does not tell which stack it is of", mark)
		}
		seen[mark] = true
	}
}

// TestSpan: places are in characters, as far as the directive reaches.
func TestSpan(t *testing.T) {
	text := "# é漢𝄞\n  set $é \"漢𝄞\"; alias   /é/;\r\n\tproxy_pass\n    http://é;\n# \xff alias /b;"
	rep := diag.Report{Source: &conf.Source{Files: []conf.File{{Path: "a.conf", Text: text}}}}
	column := func(line int, of string) int {
		return strings.Index(strings.Split(text, "\n")[line-1], of) + 1
	}
	for _, c := range []struct {
		l    diag.Location
		want span
	}{
		{diag.Location{File: "a.conf", Line: 2, Column: column(2, "set"), Text: `set $é "漢𝄞";`}, span{2, 3, 2, 15}},
		{diag.Location{File: "a.conf", Line: 2, Column: column(2, "alias"), Text: "alias /é/;"}, span{2, 16, 2, 28}},
		{diag.Location{File: "a.conf", Line: 3, Column: column(3, "proxy_pass"), Text: "proxy_pass http://é;"}, span{3, 2, 4, 14}},
		{diag.Location{File: "a.conf", Line: 5, Column: column(5, "alias"), Text: "alias /b;"}, span{5, 5, 5, 14}},
		{diag.Location{File: "a.conf", Line: 2, Column: column(2, "alias"), Text: "alias redacted;"}, span{2, 16, 2, 21}},
		{diag.Location{File: "a.conf", Line: 2, Column: column(2, "alias")}, span{2, 16, 0, 0}},
		{diag.Location{File: "a.conf", Line: 2, Text: "alias /é/;"}, span{2, 0, 0, 0}},
		{diag.Location{File: "a.conf", Text: "alias /é/;"}, span{1, 0, 0, 0}},
		{diag.Location{File: "b.conf", Line: 2, Column: 4, Text: "alias /é/;"}, span{2, 4, 2, 14}},
		{diag.Location{File: "a.conf", Line: 99, Column: 4, Text: "a\nb"}, span{99, 4, 0, 0}},
	} {
		if got := spanOf(rep, c.l); got != c.want {
			t.Errorf("%+v: %+v, want %+v", c.l, got, c.want)
		}
	}
}

// TestPlacesOfPrograms: what programs read names files as seen from the top of
// the repository, and columns in characters.
func TestPlacesOfPrograms(t *testing.T) {
	at := diag.Location{File: "sites/50 %,é.conf", Line: 1, Column: len("set é; ") + 1, Text: "alias /b;"}
	rep := diag.Report{
		Status: diag.Misconfigured, Source: &conf.Source{Files: []conf.File{{Path: at.File, Text: "set é; alias /b;\n"}}},
		Findings: []diag.Finding{{Code: "c", Title: "t", Severity: diag.Error, Location: &at}},
	}
	for _, c := range []struct {
		o            Options
		file, github string
	}{
		{Options{}, "sites/50%20%25,%C3%A9.conf", "sites/50 %25%2Cé.conf"},
		{Options{Root: "/w/deploy"}, "sites/50%20%25,%C3%A9.conf", "sites/50 %25%2Cé.conf"},
		{Options{Root: "/w/deploy", Top: "/w"}, "deploy/sites/50%20%25,%C3%A9.conf", "deploy/sites/50 %25%2Cé.conf"},
	} {
		got := validSARIF(t, c.file, write(t, "sarif", rep, c.o)).Runs[0].Results[0].Locations[0].PhysicalLocation
		if *got.ArtifactLocation.URI != c.file || *got.Region.StartColumn != 8 || *got.Region.EndColumn != 17 {
			data, _ := json.Marshal(got)
			t.Errorf("%+v: %s", c.o, data)
		}
		want := "::error file=" + c.github + ",line=1,col=8,title=t (c)::"
		if got := write(t, "github", rep, c.o); !strings.HasPrefix(got, want) {
			t.Errorf("%+v: %s", c.o, got)
		}
	}
}
