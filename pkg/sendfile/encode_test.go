package sendfile

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/quick"

	"github.com/google/go-cmp/cmp"
)

// anyDialect returns every dialect and the versions that differ.
func anyDialect(t testing.TB) []Dialect {
	return append(Dialects(), mustLookup(t, "caddy", "2.7"))
}

// TestEncodeNames: the values are those with which the real servers delivered
// the files (nginx 1.22, mod_xsendfile 0.12, lighttpd 1.4.69, Caddy 2.6.2).
func TestEncodeNames(t *testing.T) {
	const no = "" // not expressible
	tests := []struct{ name, nginx, apache, lighttpd, caddy string }{
		{"a.pdf", "a.pdf", "a.pdf", "a.pdf", "a.pdf"},
		{"a b", "a%20b", "a b", "a%20b", "a b"},
		{"100%", "100%25", "100%", "100%25", "100%"},
		{"a%20b", "a%2520b", "a%20b", "a%2520b", "a%20b"},
		{"a?b", "a%3Fb", "a?b", "a%3Fb", no},
		{"a#b", "a%23b", "a#b", "a%23b", "a#b"},
		{"a+b&c;d", "a%2Bb%26c%3Bd", "a+b&c;d", "a%2Bb%26c%3Bd", "a+b&c;d"},
		{`q"u'o\`, "q%22u%27o%5C", `q"u'o\`, "q%22u%27o%5C", `q"u'o\`},
		{"é文😀", "%C3%A9%E6%96%87%F0%9F%98%80", "é文😀", "%C3%A9%E6%96%87%F0%9F%98%80", "é文😀"},
		{"\xff", "%FF", "\xff", no, "\xff"},
		{"end ", "end%20", no, "end%20", no},
		{" begin", "%20begin", " begin", "%20begin", " begin"},
		{"a\tb", "a%09b", "a\tb", "a\tb", "a\tb"},
		{"a\t", "a%09", no, no, no},
		{"a\nb", "a%0Ab", no, no, no},
		{"a\x01b", "a%01b", no, no, no},
		{"a\x00b", no, no, no, no},
		{"sub/..a/.b", "sub/..a/.b", "sub/..a/.b", "sub/..a/.b", "sub/..a/.b"},
		{"{x}$1@*", "%7Bx%7D%241%40%2A", "{x}$1@*", "%7Bx%7D%241%40%2A", "{x}$1@*"},
	}
	for _, tt := range tests {
		for name, want := range map[string]string{"nginx": tt.nginx, "apache": tt.apache, "lighttpd": tt.lighttpd, "caddy": tt.caddy} {
			d := mustLookup(t, name, "")
			got, err := d.Encode("/p/", tt.name)
			if want == no {
				if !errors.Is(err, ErrNotExpressible) {
					t.Errorf("%s: Encode(%q) = %q, %v; want ErrNotExpressible", name, tt.name, got, err)
				}
				continue
			}
			if err != nil || got != "/p/"+want {
				t.Errorf("%s: Encode(%q) = %q, %v; want %q", name, tt.name, got, err, "/p/"+want)
			}
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, d := range anyDialect(t) {
		for _, name := range []string{"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../../b", "a/./b", "a/.."} {
			if got, err := d.Encode("/p/", name); !errors.Is(err, ErrOutsideRoot) {
				t.Errorf("%s: Encode(%q) = %q, %v; want ErrOutsideRoot", d.Name, name, got, err)
			}
		}
		for _, prefix := range []string{"", "p/", "http://x/", "/p/../q/", "/p\x00/"} {
			if got, err := d.Encode(prefix, "a"); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s: Encode with prefix %q = %q, %v; want ErrMalformed", d.Name, prefix, got, err)
			}
		}
	}
}

func TestEncodePrefix(t *testing.T) {
	for _, prefix := range []string{"/p", "/p/", "//p//", "/./p/"} {
		if got, err := mustLookup(t, "nginx", "").Encode(prefix, "a"); err != nil || got != "/p/a" {
			t.Errorf("Encode with prefix %q = %q, %v", prefix, got, err)
		}
	}
	if got, err := mustLookup(t, "lighttpd", "").Encode("/100%25 é/", "a"); err != nil || got != "/100%2525%20%C3%A9/a" {
		t.Errorf("a prefix is escaped like a name: got %q, %v", got, err)
	}
	if got, err := mustLookup(t, "apache", "").Encode("/", "a"); err != nil || got != "/a" {
		t.Errorf("Encode with the root as prefix = %q, %v", got, err)
	}
}

func TestDecode(t *testing.T) {
	tests := []struct {
		dialect, value, want string
		err                  error
	}{
		{"nginx", "/p/a%20b", "a b", nil},
		{"nginx", "/p/a b", "a b", nil},
		{"nginx", "/%70/a", "a", nil},
		{"nginx", "/p/a?x=/../y", "a", nil},
		{"nginx", "/p//a/./b", "a/b", nil},
		{"nginx", "/p/100%", "", ErrMalformed},
		{"nginx", "/p/%zz", "", ErrMalformed},
		{"nginx", "/p/a%00b", "", ErrMalformed},
		{"nginx", "", "", ErrMalformed},
		{"nginx", "p/a", "", ErrMalformed},
		{"nginx", "http://x/p/a", "", ErrMalformed},
		{"nginx", "/q/a", "", ErrWrongPrefix},
		{"nginx", "/pa", "", ErrWrongPrefix},
		{"nginx", "//p/a", "", ErrWrongPrefix},
		{"nginx", "/p/../a", "", ErrOutsideRoot},
		{"nginx", "/p/%2e%2E/a", "", ErrOutsideRoot},
		{"nginx", "/p/x/../a", "", ErrOutsideRoot},
		{"nginx", "/p/", "", ErrOutsideRoot},
		{"nginx", "/p", "", ErrOutsideRoot},
		{"nginx", "/p/a/", "", ErrOutsideRoot},
		{"apache", "/p/a%20b?c", "a%20b?c", nil},
		{"apache", "/p/x/../a", "a", nil},
		{"apache", "/q/../p/a", "a", nil},
		{"apache", "/p/../q/a", "", ErrOutsideRoot},
		{"apache", "/q/a", "", ErrWrongPrefix},
		{"lighttpd", "/p/a%20b?c", "a b?c", nil},
		{"lighttpd", "/p/100%", "100%", nil},
		{"lighttpd", "/p/%zz%4", "%zz%4", nil},
		{"lighttpd", "/p/a%0ab", "a_b", nil},
		{"lighttpd", "/p/a%3fb", "a?b", nil},
		{"caddy", "/p/a%20b", "a%20b", nil},
		{"caddy", "/p/a?b", "a", nil},
		{"caddy", "/p/x/../a", "a", nil},
		{"caddy", "/p/../a", "", ErrOutsideRoot},
		{"caddy", "/q/../p/a", "", ErrWrongPrefix},
	}
	for _, tt := range tests {
		got, err := mustLookup(t, tt.dialect, "").Decode("/p/", tt.value)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: Decode(%q) = %q, %v; want %q, %v", tt.dialect, tt.value, got, err, tt.want, tt.err)
		}
	}
}

func TestLookup(t *testing.T) {
	for version, want := range map[string]Coding{
		"": Raw, "2.6.2": Raw, "v2.6": Raw, "1.99": Raw, "2.7": Percent, "v2.7.6": Percent, "2.7-beta1": Percent, "2.10.0": Percent, "3.0": Percent,
	} {
		if got := mustLookup(t, "Caddy", version).Coding; got != want {
			t.Errorf("caddy %q: %v, want %v", version, got, want)
		}
	}
	for _, version := range []string{"2", "x.y", "2.", "latest"} {
		if d, err := Lookup("caddy", version); err == nil {
			t.Errorf("caddy %q: got %v, want an error", version, d)
		}
	}
	if _, err := Lookup("iis", ""); err == nil || !strings.Contains(err.Error(), "nginx, apache, lighttpd, caddy, litespeed") {
		t.Errorf("unknown name: %v does not list the known ones", err)
	}
	for _, d := range Dialects() {
		if !slices.Contains(Headers(), d.Header) {
			t.Errorf("Headers lacks %s", d.Header)
		}
	}
	if diff := cmp.Diff(mustLookup(t, "nginx", "1.22"), mustLookup(t, "nginx", "")); diff != "" {
		t.Error(diff)
	}
}

func TestStrings(t *testing.T) {
	got := []string{URI.String(), Path.String(), Form(9).String(), Percent.String(), Decoded.String(), Raw.String(), Coding(9).String(),
		Keep.String(), Own.String(), MayOwn.String(), Drop.String(), Fate(9).String()}
	want := []string{"uri", "path", "Form(9)", "percent", "decoded", "raw", "Coding(9)", "keep", "own", "may-own", "drop", "Fate(9)"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// checkEncode: a name comes back as it was or is refused, and nothing that is
// encoded leaves the root or breaks the header.
func checkEncode(t *testing.T, d Dialect, prefix, name string) {
	value, err := d.Encode(prefix, name)
	if err != nil {
		if !errors.Is(err, ErrNotExpressible) && !errors.Is(err, ErrOutsideRoot) && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: Encode(%q, %q): untyped error %v", d.Name, prefix, name, err)
		}
		return
	}
	if strings.ContainsFunc(value, isControl) || strings.Trim(value, " \t") != value {
		t.Errorf("%s: Encode(%q, %q) = %q cannot stand in a header", d.Name, prefix, name, value)
	}
	if !filepath.IsLocal(name) {
		t.Errorf("%s: Encode(%q, %q) = %q leaves the root", d.Name, prefix, name, value)
	}
	if back, err := d.Decode(prefix, value); err != nil || back != name {
		t.Errorf("%s: Decode(%q, %q) = %q, %v; want %q", d.Name, prefix, value, back, err, name)
	}
}

func TestEncodeProperty(t *testing.T) {
	for _, d := range anyDialect(t) {
		property := func(name string, raw []byte) bool {
			checkEncode(t, d, "/p/", name)
			checkEncode(t, d, "/p", string(raw))
			checkEncode(t, d, name, string(raw))
			checkEncode(t, d, "/"+name, "a/"+name)
			return !t.Failed()
		}
		if err := quick.Check(property, &quick.Config{MaxCount: 300}); err != nil {
			t.Error(err)
		}
		for c := range 256 {
			checkEncode(t, d, "/p/", "a"+string([]byte{byte(c)})+"b")
			checkEncode(t, d, "/p/", "a"+string([]byte{byte(c)}))
			checkEncode(t, d, "/p/", string([]byte{byte(c)})+"b")
		}
	}
}

func FuzzEncode(f *testing.F) {
	for _, name := range []string{"a b", "100%", "..", "a/../b", "é", "a?b#c", "a\r\nSet-Cookie: x", "\xff", "a\t", "%2e%2e/x"} {
		f.Add("/protected/", name)
	}
	f.Add("/srv/100% é", "x")
	f.Fuzz(func(t *testing.T, prefix, name string) {
		for _, d := range anyDialect(t) {
			checkEncode(t, d, prefix, name)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, value := range []string{"/p/a", "/p/%2e%2e/a", "/p/..%2fa", "/p/a?b", "/p//", "/q", "", "/p/%", "/p/a%00", "//p/../p/a"} {
		f.Add("/p/", value)
	}
	f.Fuzz(func(t *testing.T, prefix, value string) {
		for _, d := range anyDialect(t) {
			name, err := d.Decode(prefix, value)
			if err != nil {
				if name != "" || !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrWrongPrefix) && !errors.Is(err, ErrOutsideRoot) {
					t.Errorf("%s: Decode(%q, %q) = %q, %v", d.Name, prefix, value, name, err)
				}
				continue
			}
			if local(name) != nil || !filepath.IsLocal(name) {
				t.Errorf("%s: Decode(%q, %q) = %q leaves the root", d.Name, prefix, value, name)
			}
			checkEncode(t, d, prefix, name)
		}
	})
}
