package sendfile

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"
)

// The ways in which a name or a value can be refused. The errors of this
// package wrap them and say more; test with errors.Is.
var (
	// ErrNotExpressible: the dialect has no header value that would make the
	// server send this file.
	ErrNotExpressible = errors.New("not expressible")
	// ErrOutsideRoot: the name or value leaves the storage's root, or names
	// the root itself.
	ErrOutsideRoot = errors.New("outside the root")
	// ErrWrongPrefix: the value does not begin with the prefix by which the
	// storage's root is called.
	ErrWrongPrefix = errors.New("wrong prefix")
	// ErrMalformed: the value is not of the dialect's form, e.g. empty, not
	// beginning with a slash, or with a broken %-escape.
	ErrMalformed = errors.New("malformed")
)

// Encode returns the header value that makes the server send the file name of
// a storage whose root is called prefix.
//
// name is relative to the root, unescaped, and may contain slashes. prefix is
// what the root is called on the server, unescaped as in its configuration,
// with or without a slash at the end: "/protected/" for a [URI], "/srv/media/"
// for a [Path]. Decode(prefix, Encode(prefix, name)) is name.
//
// Encode refuses with [ErrOutsideRoot] a name that is empty or has an empty,
// "." or ".." segment, and with [ErrNotExpressible] what the server could not
// read back: control characters where they cannot be escaped and blanks that
// a recipient strips (RFC 9110, section 5.5), NUL anywhere, '?' for Caddy up
// to 2.6, and for lighttpd names that are not UTF-8.
func (d Dialect) Encode(prefix, name string) (string, error) {
	root, err := cleanPrefix(prefix)
	if err != nil {
		return "", err
	}
	if err := local(name); err != nil {
		return "", fmt.Errorf("file name %q: %w", name, err)
	}
	if why := d.unspeakable(root + name); why != "" {
		return "", fmt.Errorf("file name %q: %w in %s for %s: %s", name, ErrNotExpressible, d.Header, d.Name, why)
	}
	return d.escape(root + name), nil
}

// Decode returns the name of the file, relative to the root called prefix,
// that the server sends for a header value. It is the inverse of
// [Dialect.Encode], and reads other values as the server does: a query is
// cut off where the dialect has one, repeated slashes count as one.
//
// The error wraps [ErrMalformed], [ErrWrongPrefix] or [ErrOutsideRoot]. A
// ".." segment is resolved first, as by Apache, lighttpd and Caddy; for other
// servers that take a [URI] it is always outside the root, as for nginx.
func (d Dialect) Decode(prefix, value string) (string, error) {
	root, err := cleanPrefix(prefix)
	if err != nil {
		return "", err
	}
	plain, err := d.unescape(value)
	if err != nil {
		return "", fmt.Errorf("%s %q: %w", d.Header, value, err)
	}
	if !strings.HasPrefix(plain, "/") {
		return "", fmt.Errorf("%s %q: %w: it does not begin with a slash", d.Header, value, ErrMalformed)
	}
	clean := path.Clean(plain)
	inside := strings.HasPrefix(clean, root) && clean != root && !strings.HasSuffix(plain, "/")
	if d.Form == URI {
		resolves := d.Name == "caddy" || !hasDotDot(plain)
		inside = inside && strings.HasPrefix(plain, root) && resolves
	}
	switch {
	case inside:
		return strings.TrimPrefix(clean, root), nil
	case strings.HasPrefix(plain, root), clean+"/" == root:
		return "", fmt.Errorf("%s %q: %w %q: it names no file below it", d.Header, value, ErrOutsideRoot, root)
	}
	return "", fmt.Errorf("%s %q: %w: it should begin with %q", d.Header, value, ErrWrongPrefix, root)
}

// cleanPrefix checks a prefix and returns it with one slash at its end.
func cleanPrefix(prefix string) (string, error) {
	switch {
	case !strings.HasPrefix(prefix, "/"):
		return "", fmt.Errorf("prefix %q: %w: it must begin with a slash", prefix, ErrMalformed)
	case strings.ContainsRune(prefix, 0), hasDotDot(prefix):
		return "", fmt.Errorf("prefix %q: %w: it must be plain, without \"..\" and NUL", prefix, ErrMalformed)
	}
	return strings.TrimSuffix(path.Clean(prefix), "/") + "/", nil
}

// local returns why a name is not one of a file below the root, or nil.
func local(name string) error {
	for segment := range strings.SplitSeq(name, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return fmt.Errorf("%w: it has the segment %q", ErrOutsideRoot, segment)
		}
	}
	return nil
}

func hasDotDot(p string) bool {
	for segment := range strings.SplitSeq(p, "/") {
		if segment == ".." {
			return true
		}
	}
	return false
}

// unspeakable returns why the dialect has no value for a path, or "".
func (d Dialect) unspeakable(p string) string {
	if strings.ContainsRune(p, 0) {
		return "no file name contains NUL"
	}
	if d.Coding == Percent {
		return ""
	}
	if strings.ContainsFunc(p, isControl) {
		return "a control character can be neither sent as it is (RFC 9110, section 5.5) nor escaped"
	}
	switch {
	case strings.HasSuffix(p, "\t"), d.Coding == Raw && strings.HasSuffix(p, " "):
		return "blanks at the end of a field are stripped (RFC 9110, section 5.5)"
	case d.Coding == Raw && d.Form == URI && strings.Contains(p, "?"):
		return "the path ends at '?', and escapes are not decoded"
	case d.Coding == Decoded && !utf8.ValidString(p):
		return "the server refuses names that are not UTF-8"
	}
	return ""
}

// isControl reports the characters that may not stand in a field, all
// controls but the tab.
func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
