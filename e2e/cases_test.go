package e2e

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/all"
)

// unshown are the codes that no stack of these tests shows, with the reason:
// none at present. They have unit cases, and their near misses are real.
func unshown() map[string]string {
	return nil
}

// TestCases: every finding has a stack that shows it and one that nearly does.
// Which those are is kept for explain.
func TestCases(t *testing.T) {
	cases := casesOf(t)
	for _, r := range all.Rules() {
		c, why := cases[r.Code], unshown()[r.Code]
		switch {
		case len(c.Shown) == 0 && why == "":
			t.Errorf("no stack shows %s", r.Code)
		case len(c.Shown) > 0 && why != "":
			t.Errorf("%s is shown by %s: it does not belong on the list (%s)", r.Code, c.Shown[0], why)
		}
		if len(c.Near) == 0 {
			t.Errorf("no stack is a near miss of %s", r.Code)
		}
		c.Unshown = why
		cases[r.Code] = c
	}
	for _, code := range slices.Sorted(maps.Keys(cases)) {
		documentation(t, code)
	}
	golden(t, "../internal/all/cases.json", marshal(t, cases)+"\n")
}

// casesOf reads the cases out of the rows of this package's tests, by code.
func casesOf(t *testing.T) map[string]all.Cases {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]all.Cases{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			fields := texts(literal)
			if fields["name"] == "" {
				return true
			}
			path := "e2e/" + file + ": " + fields["name"]
			if code := fields["code"]; code != "" {
				c := cases[code]
				c.Shown = append(c.Shown, path)
				cases[code] = c
			}
			for code := range strings.FieldsSeq(fields["near"]) {
				c := cases[code]
				c.Near = append(c.Near, path)
				cases[code] = c
			}
			return true
		})
	}
	return cases
}

// texts are the fields of a composite literal that are texts.
func texts(literal *ast.CompositeLit) map[string]string {
	fields := map[string]string{}
	for _, e := range literal.Elts {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		key, isName := pair.Key.(*ast.Ident)
		value, isText := pair.Value.(*ast.BasicLit)
		if !isName || !isText || value.Kind != token.STRING {
			continue
		}
		if text, err := strconv.Unquote(value.Value); err == nil {
			fields[key.Name] = text
		}
	}
	return fields
}
