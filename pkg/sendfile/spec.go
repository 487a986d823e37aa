package sendfile

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// A Spec states how a backend is to hand off: in which dialect, and what the
// storage's root is called in it.
type Spec struct {
	Dialect Dialect `json:"dialect"`
	// Prefix is what the storage's root is called, unescaped, with slashes
	// at both ends: a URI of the proxy ("/protected/") or a folder on its
	// machine ("/srv/media/").
	Prefix string `json:"prefix"`
}

// ParseSpec reads "KIND:PREFIX", e.g. "nginx:/protected/" or
// "apache:/srv/media/". A missing slash at the end is added. A prefix of a
// dialect that escapes may be written escaped, as it stands in the header:
// "nginx:/my%20files/". version is the
// server's, as for [Lookup]. The error says what is wrong and gives an
// example.
func ParseSpec(s, version string) (Spec, error) {
	kind, prefix, found := strings.Cut(s, ":")
	if !found {
		return Spec{}, fmt.Errorf("handoff %q has no colon: write KIND:PREFIX, e.g. %s", s, example(kind))
	}
	d, err := Lookup(kind, version)
	if err != nil {
		return Spec{}, fmt.Errorf("handoff %q: %w, e.g. %s", s, err, example(kind))
	}
	if plain, err := url.PathUnescape(prefix); err == nil && d.escapes() && utf8.ValidString(plain) {
		prefix = plain
	}
	root, err := cleanPrefix(prefix)
	if err != nil {
		return Spec{}, fmt.Errorf("handoff %q: %w, e.g. %s", s, err, example(kind))
	}
	if why := d.unspeakable(root); why != "" {
		return Spec{}, fmt.Errorf("handoff %q: prefix %w: %s, e.g. %s", s, ErrNotExpressible, why, example(kind))
	}
	return Spec{Dialect: d, Prefix: root}, nil
}

// example returns a good specification for a kind, known or not.
func example(kind string) string {
	for _, d := range Dialects() {
		if d.Name == strings.ToLower(kind) {
			if d.Form == Path {
				return d.Name + ":/srv/media/"
			}
			return d.Name + ":/protected/"
		}
	}
	return "nginx:/protected/ or apache:/srv/media/"
}

// String returns the specification as [ParseSpec] reads it.
func (s Spec) String() string {
	prefix := s.Prefix
	if s.Dialect.escapes() {
		prefix = strings.ReplaceAll(prefix, "%", "%25")
	}
	return s.Dialect.Name + ":" + prefix
}

// escapes says that values of the dialect are written with escapes.
func (d Dialect) escapes() bool { return d.Form == URI && d.Coding == Percent }

// Encode returns the header value for a file; see [Dialect.Encode].
func (s Spec) Encode(name string) (string, error) { return s.Dialect.Encode(s.Prefix, name) }

// Decode returns the file that a header value names; see [Dialect.Decode].
func (s Spec) Decode(value string) (string, error) { return s.Dialect.Decode(s.Prefix, value) }
