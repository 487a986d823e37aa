package sendfile

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSpec(t *testing.T) {
	for in, want := range map[string]string{
		"nginx:/protected/":      "nginx:/protected/",
		"nginx:/protected":       "nginx:/protected/",
		"NGINX:/":                "nginx:/",
		"nginx:/my%20files":      "nginx:/my files/",
		"nginx:/gesch%c3%bctzt/": "nginx:/geschützt/",
		"nginx:/100%25/":         "nginx:/100%25/",
		"nginx:/100%/":           "nginx:/100%25/",
		"nginx:/%ff/":            "nginx:/%25ff/",
		"apache:/srv//media":     "apache:/srv/media/",
		"apache:/srv/a:b c?/":    "apache:/srv/a:b c?/",
		"lighttpd:/srv/100%/":    "lighttpd:/srv/100%/",
		"caddy:/x/":              "caddy:/x/",
		"litespeed:/x/":          "litespeed:/x/",
	} {
		got, err := ParseSpec(in, "")
		if err != nil || got.String() != want {
			t.Errorf("ParseSpec(%q) = %v, %v; want %v", in, got, err, want)
			continue
		}
		again, err := ParseSpec(got.String(), "")
		if err != nil {
			t.Errorf("ParseSpec(%q): %v", got, err)
		}
		if diff := cmp.Diff(got, again); diff != "" {
			t.Error(diff)
		}
	}
	spec, err := ParseSpec("caddy:/x/", "2.8.4")
	if err != nil || spec.Dialect.Coding != Percent {
		t.Errorf("the version is not heeded: %v, %v", spec, err)
	}
	if value, err := spec.Encode("a?"); err != nil || value != "/x/a%3F" {
		t.Errorf("Encode = %q, %v", value, err)
	}
	if name, err := spec.Decode("/x/a%3F"); err != nil || name != "a?" {
		t.Errorf("Decode = %q, %v", name, err)
	}
}

func TestParseSpecErrors(t *testing.T) {
	for in, want := range map[string][]string{
		"":                {"no colon", "nginx:/protected/"},
		"nginx":           {"no colon", "e.g. nginx:/protected/"},
		"apache":          {"no colon", "e.g. apache:/srv/media/"},
		"iis:/x/":         {`no dialect "iis"`, "nginx, apache", "e.g. nginx:/protected/"},
		"nginx:":          {"begin with a slash", "e.g. nginx:/protected/"},
		"nginx:x/":        {"begin with a slash"},
		"lighttpd:/a/../": {`".."`, "e.g. lighttpd:/srv/media/"},
		"caddy:/a?b/":     {"'?'", "e.g. caddy:/protected/"},
	} {
		_, err := ParseSpec(in, "")
		if err == nil {
			t.Errorf("ParseSpec(%q): no error", in)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("ParseSpec(%q): %q does not say %q", in, err, part)
			}
		}
	}
	if _, err := ParseSpec("caddy:/a?b/", ""); !errors.Is(err, ErrNotExpressible) {
		t.Errorf("got %v, want ErrNotExpressible", err)
	}
}

func FuzzParseSpec(f *testing.F) {
	for _, s := range []string{"nginx:/protected/", "apache:/srv", "caddy:/a?", ":", "x:y:z", "nginx:/../"} {
		f.Add(s, "2.7")
	}
	f.Fuzz(func(t *testing.T, s, version string) {
		spec, err := ParseSpec(s, version)
		if err != nil {
			return
		}
		again, err := ParseSpec(spec.String(), version)
		if err != nil || again != spec {
			t.Errorf("ParseSpec(%q) = %v, but read again %v, %v", s, spec, again, err)
		}
		checkEncode(t, spec.Dialect, spec.Prefix, "a b")
		if _, err := spec.Encode("a"); err != nil {
			t.Errorf("ParseSpec(%q) accepted a prefix that cannot be used: %v", s, err)
		}
	})
}
