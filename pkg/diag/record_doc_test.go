package diag_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// extra are members of types that write their JSON themselves.
var extra = map[reflect.Type][]string{
	reflect.TypeFor[compare.Field](): {"name", "value", "raw"},
	reflect.TypeFor[conf.File]():     {"path", "text", "raw", "kind", "problem"},
}

// members collects the JSON members of a type and of all types in it, by the
// type's name. What is embedded belongs to the type that embeds it.
func members(t reflect.Type, all map[string][]string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || !strings.Contains(t.PkgPath(), "proxydiag") || all[t.Name()] != nil {
		return
	}
	all[t.Name()] = fields(t, all)
}

func fields(t reflect.Type, all map[string][]string) []string {
	if names, ok := extra[t]; ok {
		return names
	}
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			names = append(names, fields(f.Type, all)...)
			continue
		case name == "-" || !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		names = append(names, name)
		members(f.Type, all)
	}
	return names
}

// TestRecordIsDocumented holds docs/record.md to the types: a section for each,
// and in it a row for each member and for nothing else.
func TestRecordIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/record.md")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	members(reflect.TypeFor[diag.Record](), want)
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")
	got := map[string][]string{}
	for i, section := range strings.Split(string(text), "\n## ") {
		title, body, _ := strings.Cut(section, "\n")
		if i == 0 || want[title] == nil && !row.MatchString(body) {
			continue
		}
		for _, m := range row.FindAllStringSubmatch(body, -1) {
			got[title] = append(got[title], m[1])
		}
	}
	for _, m := range []map[string][]string{want, got} {
		for _, names := range m {
			slices.Sort(names)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("docs/record.md (-types +documented):\n%s", d)
	}
}
