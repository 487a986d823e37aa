package e2e

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

// apacheBackendRows are about what the backend answers at all.
func apacheBackendRows() []row {
	return append(answerRows(xSendfile), []row{
		{name: "never answers", code: "backend-timeout", backend: hangs, site: onTop("ProxyTimeout 1"),
			flags: func(s *setup) { s.Client.Timeout = 1500 * time.Millisecond }},

		{name: "handoff with 403", code: "backend-handoff-on-error", near: "proxy-error-masked", only: own,
			backend: otherwise(func(a *answer) {
				if a.Status == 403 {
					a.Header.Set(xSendfile, a.Storage+"/report.txt")
				}
			}),
			flags: func(s *setup) { s.Stack.Denied = string(s.Stack.Backend) + "secret.txt" }},
		{name: "another field with 403", near: "backend-handoff-on-error",
			backend: otherwise(func(a *answer) { a.Header.Set("X-Robots-Tag", "noindex") })},

		{name: "empty body marked as gzip", near: "backend-content-encoding", backend: field("Content-Encoding", "gzip")},

		{name: "kind of handoff taken from the request", code: "backend-trusts-client-headers", near: "backend-wrong-dialect", backend: apacheRack},
		{name: "kind of handoff set by the proxy", near: "backend-trusts-client-headers", backend: apacheRack,
			site: onTop("RequestHeader set X-Sendfile-Type X-Sendfile\nRequestHeader unset X-Accel-Mapping")},
	}...)
}

// apacheValueRows are about the handoff's value.
func apacheValueRows() []row {
	media := func(other string) middleware {
		return func(next http.Handler, storage string) http.Handler {
			return ok(func(a *answer) {
				v := a.Header.Get(xSendfile)
				a.Header.Set(xSendfile, strings.Replace(v, storage, strings.ReplaceAll(other, "STORE", storage), 1))
			})(next, storage)
		}
	}
	return append(valueRows(xSendfile), []row{
		{name: "another server's header", code: "backend-wrong-dialect", near: "handoff-ignored handoff-leaked backend-no-handoff",
			backend: ok(func(a *answer) {
				a.Header.Set(accel, "/protected/"+a.file()[strings.LastIndex(a.file(), "/")+1:])
				a.Header.Del(xSendfile)
			})},
		{name: "another server's hints", near: "backend-wrong-dialect", backend: field("X-Accel-Buffering", "no")},

		{name: "empty handoff of another server", near: "backend-header-empty",
			backend: ok(func(a *answer) { a.Header[accel] = []string{""} })},

		{name: "space within the name", near: "backend-header-junk", file: "annual report.bin"},

		{name: "file's URL", code: "backend-absolute-url", backend: change(func(v string) string { return "file://" + v })},
		{name: "colon within the name", near: "backend-absolute-url", file: "http:report.bin"},

		{name: "dots that leave the folder", code: "backend-dotdot", near: "backend-wrong-prefix", backend: media("STORE/..")},
		{name: "dots that come back", near: "backend-dotdot backend-wrong-prefix", backend: dots},
		{name: "two leading slashes", near: "backend-relative-path backend-wrong-prefix", backend: change(func(v string) string { return "/" + v })},

		{name: "a URI", code: "backend-uri-not-path", near: "backend-wrong-prefix backend-path-not-uri", backend: media("/protected")},
		{name: "the download's own URI", code: "backend-uri-not-path", backend: media("/dl")},
		{name: "folder called like a URI", near: "backend-uri-not-path", site: swap("/srv/media", "/srv/link"), backend: media("/srv/link"),
			flags: func(s *setup) { s.Stack.Sendfile = "apache:/srv/link/" }},

		{name: "another prefix", code: "backend-wrong-prefix", near: "backend-path-not-uri backend-uri-not-path", backend: media("STORE/files")},
		{name: "a folder elsewhere", code: "backend-wrong-prefix", near: "backend-uri-not-path", backend: media("/opt/old/files")},
		{name: "another prefix that works", near: "backend-wrong-prefix", site: onTop("XSendFilePath /srv/link"), backend: media("STORE/../link")},
	}...)
}

// change changes the handoff's path.
func change(f func(path string) string) middleware { return handed(xSendfile, f) }

// apacheNameRows are about files whose names are written wrongly into the
// handoff, or not found by it.
func apacheNameRows() []row {
	replacing := func(old, new string) middleware {
		return change(func(v string) string { return strings.ReplaceAll(v, old, new) })
	}
	rewrite := func(flags string) edit {
		return virtualHost("RewriteEngine On\nRewriteRule ^/dl/(.*)$ http://127.0.0.1:8000/dl/$1 [" + flags + "]\nProxyPreserveHost On\n" + send)
	}
	return []row{
		{name: "escaped", code: "backend-name-encoded", near: "backend-name-double-encoded backend-name-unencoded", backend: change(escapeBytes)},
		{name: "escape as a part of the name", near: "backend-name-encoded backend-name-double-encoded", file: "100%25.bin"},
		{name: "plus for a space", code: "backend-plus-for-space", near: "backend-name-encoded", backend: replacing(" ", "+")},
		{name: "plus in the name", near: "backend-plus-for-space", file: "a+b.bin"},
		{name: "UTF-8 encoded again", code: "backend-mojibake", near: "storage-unicode-normalization", backend: change(latin1)},
		{name: "letters in two parts", code: "storage-unicode-normalization", near: "backend-mojibake handoff-name-encoding",
			backend: replacing("é", "e\u0301")},
		{name: "accents in the fixed name", near: "storage-unicode-normalization backend-mojibake", file: "cafe\u0301.bin"},
		{name: "lower case for all", code: "storage-case-mismatch", near: "handoff-name-encoding", backend: change(strings.ToLower)},
		{name: "capitals in the fixed name", near: "storage-case-mismatch", file: "REPORT.BIN"},
		{name: "only plain names passed on", code: "handoff-name-encoding", near: "backend-name-unencoded",
			site: both(swap("ProxyPass /dl/ http://127.0.0.1:8000/dl/", "ProxyPassMatch ^/dl/([\\w.-]+)$ http://127.0.0.1:8000/dl/$1"), onTop(pages))},
		{name: "rewritten and passed on bare", near: "handoff-name-encoding", site: rewrite("P")}, // 403 for names with a question mark
		{name: "rewritten and escaped twice", code: "proxy-path-rewritten", near: "backend-name-double-encoded handoff-name-encoding", site: rewrite("P,B")},
		{name: "rewritten and escaped once", near: "handoff-name-encoding", site: rewrite("P,B,BNP,NE")},
	}
}

// apacheRack is rack for Apache.
func apacheRack(next http.Handler, storage string) http.Handler {
	return rackFor(xSendfile, accel, func(*answer) string { return "/protected/report.txt" })(next, storage)
}

// dots goes out of the storage's folder and back into it.
func dots(next http.Handler, storage string) http.Handler {
	return ok(func(a *answer) {
		a.Header.Set(xSendfile, strings.Replace(a.Header.Get(xSendfile), storage, storage+"/2024/..", 1))
	})(next, storage)
}

// etag has the application tell versions apart.
func etag(next http.Handler, storage string) http.Handler {
	return ok(func(a *answer) {
		info, err := os.Stat(a.file())
		if err != nil {
			refuse(a, 500)
			return
		}
		a.Header.Set("ETag", fmt.Sprintf(`"%x-%x"`, info.ModTime().UnixNano(), info.Size()))
		a.Header.Set("Last-Modified", info.ModTime().UTC().Format(http.TimeFormat))
	})(next, storage)
}
