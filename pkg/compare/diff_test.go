package compare

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// answer makes an exchange of field lines "Name: value".
func answer(status int, body Body, lines ...string) Exchange {
	x := Exchange{Status: status, Body: body}
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ": ")
		x.Header = append(x.Header, Field{name, value})
	}
	return x
}

// judged is a Difference without its prose.
type judged struct {
	Field   string
	Verdict Verdict
}

func judge(t *testing.T, all []Difference) []judged {
	t.Helper()
	var list []judged
	for _, d := range all {
		if d.Meaning == "" || !strings.HasSuffix(d.Meaning, ".") || strings.HasSuffix(d.Meaning, "..") {
			t.Errorf("%s: the meaning %q is no sentence", d.Field, d.Meaning)
		}
		list = append(list, judged{d.Field, d.Verdict})
	}
	return list
}

func TestDiffFields(t *testing.T) {
	for _, test := range []struct {
		name           string
		rule           Rule
		backend, proxy []string // values of X-Field
		volatile       bool
		want           Verdict // "": nothing to tell
	}{
		{"kept", Rule{Fate: Keep}, []string{"a"}, []string{"a"}, false, ""},
		{"absent on both sides", Rule{Fate: Keep}, nil, nil, false, ""},
		{"lost", Rule{Fate: Keep}, []string{"a"}, nil, false, Lost},
		{"changed", Rule{Fate: Keep}, []string{"a"}, []string{"b"}, false, Changed},
		{"reordered", Rule{Fate: Keep}, []string{"a", "b"}, []string{"b", "a"}, false, Changed},
		{"joined", Rule{Fate: Keep}, []string{"a", "b"}, []string{"a, b"}, false, Same},
		{"doubled", Rule{Fate: Keep}, []string{"a"}, []string{"a", "a"}, false, Duplicated},
		{"grown", Rule{Fate: Keep}, []string{"a"}, []string{"a", "b"}, false, Changed},
		{"added", Rule{Fate: Keep}, nil, []string{"a"}, false, Added},
		{"volatile value", Rule{Fate: Keep}, []string{"a"}, []string{"b"}, true, Fleeting},
		{"volatile, yet lost", Rule{Fate: Keep}, []string{"a"}, nil, true, Lost},
		{"volatile addition", Rule{Fate: Keep}, nil, []string{"a"}, true, Fleeting},
		{"value named", Rule{Fate: Keep, Values: []string{"b"}}, []string{"a"}, []string{"b"}, false, AsExpected},
		{"value named, not met", Rule{Fate: Keep, Values: []string{"b"}}, []string{"a"}, []string{"a"}, false, Changed},
		{"value named, absent", Rule{Fate: Keep, Values: []string{"b"}}, nil, nil, false, Lost},
		{"own", Rule{Fate: Own}, []string{"a"}, []string{"b"}, false, AsExpected},
		{"own, same", Rule{Fate: Own}, []string{"a"}, []string{"a"}, false, ""},
		{"own, new", Rule{Fate: Own}, nil, []string{"b"}, false, AsExpected},
		{"own, missing", Rule{Fate: Own}, []string{"a"}, nil, false, Lost},
		{"own, missing on both sides", Rule{Fate: Own}, nil, nil, false, Lost},
		{"own, wrong", Rule{Fate: Own, Values: []string{"9"}}, []string{"0"}, []string{"5"}, false, Changed},
		{"may own", Rule{Fate: MayOwn}, []string{"a"}, []string{"b"}, false, AsExpected},
		{"may own, new", Rule{Fate: MayOwn}, nil, []string{"b"}, false, AsExpected},
		{"may own, none", Rule{Fate: MayOwn}, []string{"a"}, nil, false, AsExpected},
		{"may own, none at all", Rule{Fate: MayOwn}, nil, nil, false, ""},
		{"dropped", Rule{Fate: Drop}, []string{"a"}, nil, false, AsExpected},
		{"dropped, yet there", Rule{Fate: Drop}, []string{"a"}, []string{"a"}, false, Same},
		{"dropped, replaced", Rule{Fate: Drop}, []string{"a"}, []string{"b"}, false, AsExpected},
		{"dropped, added", Rule{Fate: Drop}, nil, []string{"b"}, false, Added},
	} {
		for _, named := range []bool{true, false} {
			var b, p Exchange
			for _, v := range test.backend {
				b.Header = append(b.Header, Field{"x-field", v})
			}
			for _, v := range test.proxy {
				p.Header = append(p.Header, Field{"X-Field", v})
			}
			var volatile []string
			if test.volatile {
				volatile = []string{"x-field"}
			}
			want := Expected{Rest: test.rule.Fate}
			spelling := "X-Field"
			if named {
				rule := test.rule
				rule.Name = spelling
				want = Expected{Header: []Rule{rule}}
			} else if len(test.rule.Values) > 0 || len(b.Header)+len(p.Header) == 0 {
				continue // only a rule can say this
			} else if len(b.Header) > 0 {
				spelling = "x-field"
			}
			var expect []judged
			if test.want != "" {
				expect = []judged{{spelling, test.want}}
			}
			if d := cmp.Diff(expect, judge(t, Diff(b, p, want, volatile))); d != "" {
				t.Errorf("%s, rule named %t (-want +got):\n%s", test.name, named, d)
			}
		}
	}
}

// What a proxy makes of a handoff: a whole diff.
func TestDiffOfADownload(t *testing.T) {
	want := Expected{Status: 200, Rest: Drop, Header: []Rule{
		{Name: "Content-Type", Fate: Keep},
		{Name: "Content-Disposition", Fate: Keep},
		{Name: "Set-Cookie", Fate: Keep},
		{Name: "Cache-Control", Fate: Keep},
		{Name: "Content-Length", Fate: Own, Values: []string{"9"}, Why: "it is the stored file's size"},
		{Name: "ETag", Fate: Own, Why: "it is made of time and size."},
	}}
	backend := answer(200, Body{Declared: 0, Match: Empty, FirstDiff: -1},
		"Server: app", "Date: 1", "Connection: X-Hop", "X-Hop: 1", "Content-Type: application/pdf", "Content-Disposition: attachment",
		"Cache-Control: private", "Set-Cookie: a=1", "Set-Cookie: b=1", "Content-Length: 0", `ETag: "b"`, "X-Accel-Redirect: /p/a", "X-Custom: 1")
	good := answer(200, Body{Length: 9, Declared: 9, Match: Equal, FirstDiff: -1},
		"Server: proxy", "Date: 2", "Connection: keep-alive", "Content-Type: application/pdf", "Content-Length: 9",
		"Content-Disposition: attachment", "Cache-Control: private", "Set-Cookie: a=1", "Set-Cookie: b=1", `ETag: "p"`)
	all := Diff(backend, good, want, nil)
	expected := []judged{
		{":body", AsExpected}, {"Connection", HopByHop}, {"Content-Length", AsExpected}, {"Date", Fleeting},
		{"ETag", AsExpected}, {"Server", Fleeting}, {"X-Accel-Redirect", AsExpected}, {"X-Custom", AsExpected}, {"X-Hop", HopByHop},
	}
	if d := cmp.Diff(expected, judge(t, all)); d != "" {
		t.Errorf("healthy (-want +got):\n%s", d)
	}
	etag := Difference{
		Field: "ETag", Backend: []string{`"b"`}, Proxy: []string{`"p"`}, Expected: "the proxy's own", Verdict: AsExpected,
		Meaning: "The proxy sends its own ETag, as it should: it is made of time and size.",
	}
	if d := cmp.Diff(etag, all[4]); d != "" {
		t.Error(d)
	}

	bad := answer(404, Body{Length: 4, Declared: 4, Match: Differs, FirstDiff: 0},
		"Content-Type: text/html", "Content-Disposition: attachment", "Content-Disposition: inline",
		"Cache-Control: private", "Set-Cookie: a=1", "Content-Length: 4", "X-Accel-Redirect: /p/a", "X-New: 1")
	expected = []judged{
		{":body", Changed}, {":status", Changed}, {"Connection", HopByHop}, {"Content-Disposition", Duplicated},
		{"Content-Length", Changed}, {"Content-Type", Changed}, {"Date", Fleeting}, {"ETag", Lost}, {"Server", Fleeting},
		{"Set-Cookie", Changed}, {"X-Accel-Redirect", Same}, {"X-Custom", AsExpected}, {"X-Hop", HopByHop}, {"X-New", Added},
	}
	all = Diff(backend, bad, want, nil)
	if d := cmp.Diff(expected, judge(t, all)); d != "" {
		t.Errorf("broken (-want +got):\n%s", d)
	}
	if _, err := json.Marshal(all); err != nil {
		t.Error(err)
	}
}

func TestDiffBody(t *testing.T) {
	for _, test := range []struct {
		backend, proxy Body
		volatile       bool
		want           Verdict
	}{
		{Body{Match: Empty}, Body{Match: Empty}, false, Lost},
		{Body{Match: Equal, Length: 9}, Body{Match: Equal, Length: 9}, false, ""},
		{Body{Match: Empty}, Body{Match: Prefix, Length: 4}, false, Lost},
		{Body{Match: Empty}, Body{Match: Longer, Length: 12, FirstDiff: 9}, false, Added},
		{Body{Match: Differs, Length: 9, FirstDiff: 1}, Body{Match: Differs, Length: 9, FirstDiff: 1}, true, Changed},
		{Body{Length: 9, SHA256: "aa"}, Body{Length: 9, SHA256: "bb"}, false, Changed},
		{Body{Length: 9, SHA256: "aa"}, Body{Length: 9, SHA256: "bb"}, true, Fleeting},
		{Body{Length: 9, SHA256: "aa"}, Body{Length: 9, SHA256: "aa"}, false, ""},
		{Body{}, Body{}, false, ""},
	} {
		var volatile []string
		if test.volatile {
			volatile = []string{BodyField}
		}
		var want []judged
		if test.want != "" {
			want = []judged{{BodyField, test.want}}
		}
		if d := cmp.Diff(want, judge(t, Diff(Exchange{Body: test.backend}, Exchange{Body: test.proxy}, Expected{}, volatile))); d != "" {
			t.Errorf("%+v, %+v (-want +got):\n%s", test.backend, test.proxy, d)
		}
	}
}

func TestDiffStatus(t *testing.T) {
	for _, test := range []struct {
		backend, proxy, want int
		verdict              Verdict
	}{
		{200, 200, 0, ""}, {200, 206, 206, AsExpected}, {200, 404, 200, Changed}, {403, 200, 0, Changed}, {200, 200, 206, Changed},
	} {
		var want []judged
		if test.verdict != "" {
			want = []judged{{StatusField, test.verdict}}
		}
		got := Diff(Exchange{Status: test.backend}, Exchange{Status: test.proxy}, Expected{Status: test.want}, nil)
		if d := cmp.Diff(want, judge(t, got)); d != "" {
			t.Errorf("%+v (-want +got):\n%s", test, d)
		}
	}
	for status := range 600 {
		if statusMeaning(status) == "" {
			t.Errorf("status %d means nothing", status)
		}
	}
}

func TestDiffFailures(t *testing.T) {
	refused := Exchange{Failure: failf(Refused, PhaseConnect, "nothing listens")}
	short := answer(200, Body{Length: 4, Declared: 9, Match: Prefix, FirstDiff: -1}, "Content-Length: 9")
	short.Failure = failf(ShortBody, PhaseBody, "cut off")
	whole := answer(200, Body{Length: 9, Declared: 9, Match: Equal, FirstDiff: -1}, "Content-Length: 9")
	for _, test := range []struct {
		backend, proxy Exchange
		want           []judged
	}{
		{whole, refused, []judged{{FailureField, Changed}}},
		{refused, whole, []judged{{FailureField, Changed}}},
		{refused, refused, []judged{{FailureField, Same}}},
		{whole, short, []judged{{BodyField, Lost}, {FailureField, Changed}}},
	} {
		if d := cmp.Diff(test.want, judge(t, Diff(test.backend, test.proxy, Expected{}, nil))); d != "" {
			t.Error(d)
		}
	}
}

func TestVolatile(t *testing.T) {
	first := answer(200, Body{Length: 1, SHA256: "a"}, "Date: 1", "X-Same: 1", "Set-Cookie: s=1", "X-Sometimes: 1")
	second := answer(200, Body{Length: 1, SHA256: "b"}, "date: 2", "x-same: 1", "Set-Cookie: s=2")
	if d := cmp.Diff([]string{":body", "date", "set-cookie", "x-sometimes"}, Volatile(first, second)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string(nil), Volatile(first, first), cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
}
