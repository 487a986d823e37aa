package demo

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// nameFaults are those that only files with special names meet.
func nameFaults() []Fault {
	return []Fault{
		{"backend-name-double-encoded", "The application escapes names that are escaped already.",
			value(func(_ *setup, v string) string { return strings.ReplaceAll(v, "%", "%25") })},
		{"backend-plus-for-space", "The application escapes names as a form does.",
			value(func(_ *setup, v string) string { return strings.ReplaceAll(v, "%20", "+") })},
		{"backend-name-encoded", "The application escapes names for a proxy that takes them as they are.", func(s *setup) {
			s.byPath(sendfile.Raw)
			value(func(_ *setup, v string) string { return diag.EscapePath(v) })(s)
		}},
		{"backend-name-unencoded", "The application writes names into the handoff as they are.",
			value(func(_ *setup, v string) string { return plain(v) })},
		{"backend-mojibake", "The application takes the bytes of names for letters.",
			value(func(_ *setup, v string) string { return diag.EscapePath(letters(plain(v))) })},
		{"handoff-name-encoding", "A rule of the proxy takes downloads only if their names are plain.",
			inFront(instead(func(r *http.Request) bool { return strings.ContainsAny(r.URL.Path, " %?é") }, refuse(http.StatusNotFound)))},
		{"storage-case-mismatch", "The application writes all names in lower case.",
			value(func(_ *setup, v string) string { return strings.ToLower(v) })},
		{"storage-unicode-normalization", "The application composes the accents in names.",
			value(func(_ *setup, v string) string { return strings.ReplaceAll(v, "e%CC%81", "%C3%A9") })},
	}
}

// plain is a handoff value without its escapes.
func plain(value string) string {
	p, _ := url.PathUnescape(value) // the companion writes what can be read
	return p
}

// letters takes each byte for a letter.
func letters(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}
