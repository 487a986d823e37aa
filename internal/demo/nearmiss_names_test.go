package demo

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

func nameMisses() []Fault {
	escape := regexp.MustCompile(`%[0-9A-F]{2}`)
	return []Fault{
		{"backend-name-double-encoded", "letters are escaped that need not be",
			value(func(_ *setup, v string) string { return strings.ReplaceAll(v, "a", "%61") })},
		{"backend-plus-for-space", "a plus sign stands for itself",
			value(func(_ *setup, v string) string { return strings.ReplaceAll(v, "%2B", "+") })},
		{"backend-name-encoded", "names have escapes in them, and are written as they are", func(s *setup) { s.byPath(sendfile.Raw) }},
		{"backend-name-unencoded", "spaces are not escaped",
			value(func(_ *setup, v string) string { return strings.ReplaceAll(v, "%20", " ") })},
		{"backend-mojibake", "letters beyond ASCII are not escaped", value(func(_ *setup, v string) string {
			return regexp.MustCompile(`(%[89A-F][0-9A-F])+`).ReplaceAllStringFunc(v, plain)
		})},
		{"handoff-name-encoding", "the proxy hides names that begin with a dot",
			inFront(instead(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/.") }, refuse(http.StatusForbidden)))},
		{"handoff-name-encoding", "the application knows plain names only",
			inBackend(instead(func(r *http.Request) bool { return strings.ContainsAny(r.URL.Path, " %?é+#&") }, refuse(http.StatusNotFound)))},
		{"storage-case-mismatch", "the escapes are in lower case", value(func(_ *setup, v string) string {
			return escape.ReplaceAllStringFunc(v, strings.ToLower)
		})},
		{"storage-unicode-normalization", "the application refuses accents in two parts", inBackend(instead(
			func(r *http.Request) bool { return strings.Contains(r.URL.Path, "\u0301") }, refuse(http.StatusNotFound)))},
	}
}
