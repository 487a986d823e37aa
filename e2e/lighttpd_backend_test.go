package e2e

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// unchanged are the rows in which the site is as it is.
func unchanged(rows []row) []row {
	return slices.DeleteFunc(rows, func(r row) bool { return r.site != nil })
}

// lighttpdBackendRows are about what the backend answers at all.
func lighttpdBackendRows() []row {
	rows := slices.DeleteFunc(unchanged(apacheBackendRows()), func(r row) bool { return r.near == "backend-content-encoding" })
	return append(rows,
		row{name: "nothing listens", code: "backend-unreachable", site: onlyProxy("proxy.server = ( \"\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => 8001 ) ) )"),
			flags: func(s *setup) { s.Stack.Backend = "http://127.0.0.1:8001/dl/" }},
		row{name: "proxy asks where nothing listens", code: "proxy-bad-gateway", near: "backend-unreachable",
			site: onlyProxy("proxy.server = ( \"\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => 8001 ) ) )")},
		row{name: "never answers", code: "backend-timeout", backend: hangs, site: swap(lightApp+",", lightApp+", \"read-timeout\" => 1,"),
			flags: func(s *setup) { s.Client.Timeout = 2500 * time.Millisecond }},
		row{name: "empty body marked as gzip", code: "backend-content-encoding", backend: field("Content-Encoding", "gzip")},
		row{name: "body that may be packed", near: "backend-content-encoding", backend: field("Vary", "Accept-Encoding")},
		row{name: "kind of handoff set by the proxy", near: "backend-trusts-client-headers", backend: apacheRack,
			site: both(lightModules("mod_setenv"), inSocket("setenv.set-request-header = ( \"X-Sendfile-Type\" => \"X-Sendfile\", \"X-Accel-Mapping\" => \"\" )"))},
	)
}

// lighttpdValueRows are about the handoff's value.
func lighttpdValueRows() []row {
	return append(unchanged(apacheValueRows()),
		row{name: "folder called like a URI", near: "backend-uri-not-path", site: swap("/srv/media", "/srv/link"),
			flags: func(s *setup) { s.Stack.Sendfile = "lighttpd:/srv/link/" }},
		row{name: "another prefix that works", near: "backend-wrong-prefix", site: swap(`( "/srv/media/" )`, `( "/srv/media/", "/srv/link/" )`),
			backend: change(func(v string) string { return strings.Replace(v, "/media/", "/media/../link/", 1) })},
	)
}

// lighttpdNameRows are about files whose names are written wrongly into the
// handoff, or not found by it.
func lighttpdNameRows() []row {
	return []row{
		{name: "not escaped", code: "backend-name-unencoded", near: "backend-name-encoded handoff-name-encoding", backend: change(unescaped)},
		{name: "spaces not escaped", near: "backend-name-unencoded", backend: change(func(v string) string { return strings.ReplaceAll(v, "%20", " ") })},
		{name: "escaped twice", code: "backend-name-double-encoded", near: "backend-name-encoded",
			backend: change(func(v string) string { return strings.ReplaceAll(v, "%", "%25") })},
		{name: "escape as a part of the name", near: "backend-name-double-encoded", file: "100%25.bin"},
		{name: "more escaped than needed", near: "backend-name-encoded backend-name-double-encoded",
			backend: change(func(v string) string { return strings.ReplaceAll(strings.ReplaceAll(v, "-", "%2d"), ".", "%2e") })},
		{name: "plus for a space", code: "backend-plus-for-space", near: "backend-name-unencoded", backend: change(func(v string) string { return strings.ReplaceAll(v, "%20", "+") })},
		{name: "plus for a plus", near: "backend-plus-for-space", backend: change(func(v string) string { return strings.ReplaceAll(v, "%2B", "+") })},
		{name: "UTF-8 encoded again", code: "backend-mojibake", near: "storage-unicode-normalization", backend: change(func(v string) string { return escapeBytes(latin1(unescaped(v))) })},
		{name: "UTF-8 as it is", near: "backend-mojibake", backend: change(func(v string) string {
			return regexp.MustCompile(`(%[89A-F][0-9A-F])+`).ReplaceAllStringFunc(v, unescaped)
		})},
		{name: "letters in two parts", code: "storage-unicode-normalization", near: "backend-mojibake handoff-name-encoding",
			backend: change(func(v string) string { return strings.ReplaceAll(v, "%C3%A9", "e%CC%81") })},
		{name: "accents in the fixed name", near: "storage-unicode-normalization", file: "cafe\u0301.bin"},
		{name: "lower case for all", code: "storage-case-mismatch", near: "handoff-name-encoding", backend: change(strings.ToLower)},
		{name: "capitals in the fixed name", near: "storage-case-mismatch", file: "REPORT.BIN"},
		{name: "only plain names passed on", code: "handoff-name-encoding", near: "backend-name-unencoded",
			site: swap(`=~ "^/dl/" {`, `=~ "^/dl/[\w./-]+$" {`)},
		{name: "names that end as they like", near: "handoff-name-encoding", site: swap(`=~ "^/dl/" {`, `=~ "^/dl/(.+)$" {`)},
	}
}
