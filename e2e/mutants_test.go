package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/report"
)

// mutated are the records that others are made of: long ones, of which every
// so many members are tried, and short ones.
func mutated() []string {
	return []string{
		"nginx/healthy-downloads.conf", "nginx/handoff-internal-exposed", "nginx/backend-name-unencoded", "apache/proxy-header-lost",
		"nginx/handoff-not-found", "apache/handoff-ignored", "nginx/storage-not-writable", "nginx/proxy-not-routed", "apache/backend-wrong-prefix",
	}
}

// judged judges what may be a record, and writes the report.
func judged(t testing.TB, rec *diag.Record, what string) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s: %v\n%s", what, p, guilty(debug.Stack()))
		}
	}()
	rep := all.Judge(rec)
	for _, f := range report.Formats()[:2] {
		var b bytes.Buffer
		if err := f.Write(&b, rep, report.Options{Width: 60}); err != nil {
			t.Errorf("%s as %s: %v", what, f.Name, err)
		}
	}
}

// guilty are the innermost lines of a panic's stack that are of this module.
func guilty(stack []byte) string {
	var lines []string
	for line := range strings.Lines(string(stack)) {
		if strings.HasPrefix(line, "\t") && (strings.Contains(line, "/pkg/") || strings.Contains(line, "/internal/")) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return strings.Join(lines[:min(3, len(lines))], "\n")
}

// fresh is a record with the same members, and with nothing computed yet.
func fresh(rec *diag.Record) *diag.Record {
	from, to := reflect.ValueOf(rec).Elem(), reflect.New(reflect.TypeOf(*rec))
	for i := range from.NumField() {
		if from.Type().Field(i).IsExported() {
			to.Elem().Field(i).Set(from.Field(i))
		}
	}
	return to.Interface().(*diag.Record)
}

// spot is a member or an element, and how to take it out and put it back.
type spot struct {
	path      string
	drop, put func()
}

// spots are all of a value, the outer ones first. Fields of a message are taken
// out whole.
func spots(path string, v reflect.Value, visit func(spot)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			spots(path, v.Elem(), visit)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() || v.Type() == reflect.TypeFor[compare.Field]() {
			return
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() || v.Field(i).IsZero() {
				continue
			}
			member, kept := v.Field(i), reflect.New(f.Type).Elem()
			kept.Set(member)
			visit(spot{path + "." + f.Name, member.SetZero, func() { member.Set(kept) }})
			spots(path+"."+f.Name, member, visit)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		kept := reflect.New(v.Type()).Elem()
		kept.Set(v)
		for i := range kept.Len() {
			at := fmt.Sprintf("%s[%d]", path, i)
			visit(spot{at, func() {
				less := reflect.MakeSlice(v.Type(), 0, kept.Len())
				v.Set(reflect.AppendSlice(reflect.AppendSlice(less, kept.Slice(0, i)), kept.Slice(i+1, kept.Len())))
			}, func() { v.Set(kept) }})
			spots(at, kept.Index(i), visit)
		}
	}
}

// TestMutants takes each fixture, each exchange and each other member out of
// several records, one at a time: whoever wrote them, they are judged.
func TestMutants(t *testing.T) {
	t.Parallel()
	for _, name := range mutated() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec, n := load(t, name), 0
			step := 1
			if len(rec.Exchanges) > 20 {
				step = 7
			}
			spots("", reflect.ValueOf(rec), func(s spot) {
				n++
				element := strings.Count(s.path, ".") == 1
				if !element && n%step != 0 {
					return
				}
				s.drop()
				judged(t, fresh(rec), name+" without "+s.path)
				s.put()
			})
		})
	}
}

// FuzzMutants judges records in which several places are changed at random:
// dropped, emptied, made huge or small, or given the value of another place.
func FuzzMutants(f *testing.F) {
	var records [][]byte
	for i, name := range mutated() {
		f.Add(uint8(i), uint64(i), uint8(3))
		var text bytes.Buffer
		if err := load(f, name).Save(&text); err != nil {
			f.Fatal(err)
		}
		records = append(records, text.Bytes())
	}
	f.Fuzz(func(t *testing.T, which uint8, seed uint64, changes uint8) {
		which %= uint8(len(records))
		var root any
		if err := json.Unmarshal(records[which], &root); err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(seed, uint64(which)))
		var done []string
		for range changes%8 + 1 {
			done = append(done, mutate(random, root))
		}
		text, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		rec, err := diag.ReadRecord(bytes.NewReader(text))
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a word")
			}
			return
		}
		judged(t, rec, fmt.Sprint(mutated()[which], done))
	})
}

// mutate walks down a tree at random and changes what it comes to.
func mutate(random *rand.Rand, at any) (path string) {
	for {
		var children []any
		var set func(i int, value any)
		var drop func(i int)
		var label func(i int) string
		switch node := at.(type) {
		case map[string]any:
			names := slices.Sorted(maps.Keys(node))
			for _, name := range names {
				children = append(children, node[name])
			}
			set = func(i int, value any) { node[names[i]] = value }
			drop = func(i int) { delete(node, names[i]) }
			label = func(i int) string { return "." + names[i] }
		case []any:
			children = node
			set = func(i int, value any) { node[i] = value }
			drop = func(i int) { node[i] = map[string]any{} }
			label = func(i int) string { return fmt.Sprintf("[%d]", i) }
		}
		if len(children) == 0 {
			return path
		}
		i := random.IntN(len(children))
		path += label(i)
		switch children[i].(type) {
		case map[string]any, []any:
			if random.IntN(6) > 0 {
				at = children[i]
				continue
			}
		}
		values := []any{nil, "", "x", "/", "%", "http://", "\x00é", -1, 0, 1 << 62, 1e300, true, []any{}, map[string]any{}, children[random.IntN(len(children))]}
		if k := random.IntN(len(values) + 3); k < len(values) {
			set(i, values[k])
		} else {
			drop(i)
		}
		return path
	}
}
