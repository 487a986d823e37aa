package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

func TestNames(t *testing.T) { try(t, nameRows()) }

// nameRows are about files whose names are written wrongly into the handoff, or
// not found by it.
func nameRows() []row {
	folded := value(strings.ToLower)
	return []row{
		{name: "not escaped", code: "backend-name-unencoded", near: "handoff-name-encoding", backend: value(unescaped)},
		{name: "spaces not escaped", near: "backend-name-unencoded",
			backend: value(func(v string) string { return strings.ReplaceAll(v, "%20", " ") })},

		{name: "escaped twice", code: "backend-name-double-encoded", near: "backend-name-encoded",
			backend: value(func(v string) string { return strings.ReplaceAll(v, "%", "%25") })},
		{name: "escape as a part of the name", near: "backend-name-double-encoded", file: "100%25.bin"},

		{name: "more escaped than needed", near: "backend-name-encoded backend-name-double-encoded",
			backend: value(func(v string) string { return strings.ReplaceAll(strings.ReplaceAll(v, "-", "%2d"), ".", "%2e") })},

		{name: "plus for a space", code: "backend-plus-for-space", near: "backend-name-unencoded",
			backend: value(func(v string) string { return strings.ReplaceAll(v, "%20", "+") })},
		{name: "plus for a plus", near: "backend-plus-for-space",
			backend: value(func(v string) string { return strings.ReplaceAll(v, "%2B", "+") })},

		{name: "UTF-8 encoded again", code: "backend-mojibake", near: "storage-unicode-normalization",
			backend: value(func(v string) string { return escapeBytes(latin1(unescaped(v))) })},
		{name: "UTF-8 as it is", near: "backend-mojibake", backend: value(func(v string) string {
			return regexp.MustCompile(`(%[89A-F][0-9A-F])+`).ReplaceAllStringFunc(v, unescaped)
		})},

		{name: "letters in two parts", code: "storage-unicode-normalization", near: "backend-mojibake handoff-name-encoding",
			backend: value(func(v string) string { return strings.ReplaceAll(v, "%C3%A9", "e%CC%81") })},
		{name: "accents in the fixed name", near: "storage-unicode-normalization", file: "cafe\u0301.bin"},

		{name: "lower case for all", code: "storage-case-mismatch", near: "handoff-name-encoding", backend: folded},
		{name: "lower case in escapes", near: "storage-case-mismatch", backend: value(func(v string) string {
			return regexp.MustCompile(`%[0-9A-F]{2}`).ReplaceAllStringFunc(v, strings.ToLower)
		})},

		{name: "decoded by a variable", code: "handoff-name-encoding", near: "backend-name-unencoded",
			site: locations(download + "location ~ ^/protected/(.*)$ { internal; proxy_pass http://127.0.0.1:8003/whole/$1; }")},
		{name: "only plain names let through", code: "handoff-name-encoding", near: "backend-name-unencoded",
			site: in("location /dl/", `if ($request_uri ~ "[^a-zA-Z0-9._/-]") { return 403; }`)},
		{name: "quotes forbidden", near: "handoff-name-encoding",
			site: in("location /dl/", `if ($request_uri ~ "%2[27]") { return 403; }`), flags: func(s *setup) { s.Stack.Profile = diag.Thorough }},
		{name: "escaped for the storage behind HTTP", near: "backend-name-double-encoded backend-name-encoded",
			site: locations(download + "location /protected/ { internal; proxy_pass http://127.0.0.1:8003/whole/; }")},
	}
}

// latin1 takes bytes for letters.
func latin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// escapeBytes escapes a path anew.
func escapeBytes(path string) string { return (&url.URL{Path: path}).EscapedPath() }
