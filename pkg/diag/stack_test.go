package diag

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestURLFor(t *testing.T) {
	for _, c := range []struct{ url, name, want string }{
		{"http://h/dl/", "a.bin", "http://h/dl/a.bin"},
		{"http://h/dl", "a.bin", "http://h/dl/a.bin"},
		{"http://h", "a.bin", "http://h/a.bin"},
		{"http://h/dl/?t=1", "a b.bin", "http://h/dl/a%20b.bin?t=1"},
		{"http://h/{name}/raw", "a?.bin", "http://h/a%3F.bin/raw"},
		{"http://h/get?f={name}", "é", "http://h/get?f=%C3%A9"},
		{"http://h/dl/", "x/y.bin", "http://h/dl/x/y.bin"},
	} {
		if got := URL(c.url).For(c.name); got != c.want {
			t.Errorf("%s for %q: got %s, want %s", c.url, c.name, got, c.want)
		}
	}
}

func TestURLParts(t *testing.T) {
	for _, c := range []struct{ url, origin, base, path string }{
		{"http://h:1/dl/", "http://h:1", "/dl/", "/dl/"},
		{"http://h", "http://h", "/", "/"},
		{"https://h/a/{name}/raw", "https://h", "/a/", "/a/{name}/raw"},
		{"http://h/get?f={name}", "http://h", "/get", "/get?f={name}"},
		{"http://h/d%20l/", "http://h", "/d%20l/", "/d%20l/"},
	} {
		u := URL(c.url)
		if diff := cmp.Diff([]string{c.origin, c.base, c.path}, []string{u.Origin(), u.Base(), u.path()}); diff != "" {
			t.Errorf("%s: %s", c.url, diff)
		}
	}
}

func FuzzEscapePath(f *testing.F) {
	f.Add("a b%20?#é\x00\xff/../")
	f.Fuzz(func(t *testing.T, name string) {
		escaped := EscapePath(name)
		if rest := strings.Trim(strings.ToLower(escaped), "abcdefghijklmnopqrstuvwxyz0123456789-._~/%"); rest != "" {
			t.Errorf("%q: %q has characters that do not belong into a path: %q", name, escaped, rest)
		}
		if back, err := url.PathUnescape(escaped); err != nil || back != name {
			t.Errorf("%q: %q comes back as %q (%v)", name, escaped, back, err)
		}
	})
}
