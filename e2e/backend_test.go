package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestBackend(t *testing.T) { try(t, append(backendAnswerRows(), backendValueRows()...)) }

// backendAnswerRows are about what the backend answers at all.
func backendAnswerRows() []row {
	return append(answerRows(accel), []row{
		{name: "never answers", code: "backend-timeout", backend: hangs,
			site:  in("location /dl/", "proxy_read_timeout 200ms;"),
			flags: func(s *setup) { s.Client.Timeout = time.Second }},
		{name: "proxy asks what never answers", code: "proxy-timeout", near: "backend-timeout",
			site: both(swap("127.0.0.1:8000", "127.0.0.1:8002"), in("location /dl/", "proxy_read_timeout 200ms;"))},

		{name: "handoff with 403", code: "backend-handoff-on-error", near: "proxy-error-masked", backend: handsOff(403),
			flags: func(s *setup) { s.Stack.Denied = string(s.Stack.Backend) + "secret.txt" }, only: own},
		{name: "handoff with 403 by the companion", code: "backend-handoff-on-error", backend: handsOff(403), only: companion},
		{name: "hints for the proxy with 403", near: "backend-handoff-on-error",
			backend: otherwise(func(a *answer) { a.Header.Set("X-Accel-Expires", "0") })},

		{name: "HEAD not allowed, but never sent", near: "backend-head-mishandled", site: in("location /dl/", "proxy_method GET;"),
			backend: ok(func(a *answer) {
				if a.Method == http.MethodHead {
					refuse(a, 405)
				}
			})},
		{name: "POST not allowed", near: "proxy-method-blocked", flags: byPost,
			backend: ok(func(a *answer) {
				if a.Method == http.MethodPost {
					refuse(a, 405)
				}
			})},

		{name: "kind of handoff taken from the request", code: "backend-trusts-client-headers", near: "backend-wrong-dialect", backend: rack},
		{name: "kind of handoff set by the proxy", near: "backend-trusts-client-headers", backend: rack,
			site: in("location /dl/", `proxy_set_header X-Sendfile-Type X-Accel-Redirect; proxy_set_header X-Accel-Mapping "";`)},

		{name: "empty body marked as gzip", near: "backend-content-encoding proxy-header-lost", backend: field("Content-Encoding", "gzip")},
	}...)
}

// backendValueRows are about the handoff's value.
func backendValueRows() []row {
	return append(valueRows(accel), []row{
		{name: "another server's header", code: "backend-wrong-dialect", near: "handoff-ignored handoff-leaked backend-no-handoff",
			backend: ok(func(a *answer) { a.Header.Set(xSendfile, a.file()); a.Header.Del(accel) })},
		{name: "a URI in another server's header", code: "backend-wrong-dialect", near: "backend-uri-not-path",
			backend: ok(func(a *answer) { a.Header.Set(xSendfile, a.Header.Get(accel)); a.Header.Del(accel) })},
		{name: "both headers", near: "backend-wrong-dialect handoff-leaked", backend: field(xSendfile, "/srv/media/a.bin")},

		{name: "empty X-Sendfile beside the handoff", near: "backend-header-empty",
			backend: ok(func(a *answer) { a.Header[xSendfile] = []string{""} })},

		{name: "raw space within the name", near: "backend-header-junk", backend: value(unescaped),
			file: "annual report.bin"},

		{name: "URL in the query", near: "backend-absolute-url",
			backend: value(func(v string) string { return v + "?from=https://example.org/" })},
		{name: "URL in the query, wrong folder", code: "handoff-not-found", near: "backend-absolute-url backend-wrong-prefix",
			backend: value(func(v string) string { return v + "?from=https://example.org/" }),
			site:    locations(download + "location /protected/ { internal; alias /srv/pages/; }")},

		{name: "dots", code: "backend-dotdot", near: "backend-wrong-prefix",
			backend: value(func(v string) string { return strings.Replace(v, "/protected/", "/protected/2024/../", 1) })},
		{name: "named location", near: "backend-relative-path backend-wrong-prefix",
			backend: value(func(string) string { return "@files" }),
			site:    locations(download + "location @files { root /srv/media; rewrite ^/dl/(.*)$ /$1 break; }")},

		{name: "path on disk", code: "backend-path-not-uri", near: "backend-wrong-prefix backend-uri-not-path", backend: ok(func(a *answer) { a.Header.Set(accel, a.file()) })},
		{name: "location called like the path on disk", near: "backend-path-not-uri",
			site:  locations(download + "location /srv/media/ { internal; alias /srv/media/; }"),
			flags: func(s *setup) { s.Stack.Sendfile = "nginx:/srv/media/" }},

		{name: "another prefix", code: "backend-wrong-prefix", near: "backend-path-not-uri",
			backend: value(func(v string) string { return strings.Replace(v, "/protected/", "/intern/", 1) })},
		{name: "another prefix that works", near: "backend-wrong-prefix",
			backend: value(func(v string) string { return strings.Replace(v, "/protected/", "/intern/", 1) }),
			site:    locations(download + internal + "location /intern/ { internal; alias /srv/media/; }")},
	}...)
}

// refuse makes an error or a redirect of an answer.
func refuse(a *answer, status int) {
	a.Status, a.Body = status, http.StatusText(status)+" says the application"
	a.Header = http.Header{"Content-Type": {"text/plain"}, "Server": a.Header["Server"]}
}

// handsOff makes refusals name the file all the same.
func handsOff(status int) middleware {
	return otherwise(func(a *answer) {
		if a.Status == status {
			a.Header.Set(accel, "/protected/"+filepath.Base(a.URL.Path))
		}
	})
}

// stream sends the file's bytes.
func stream(next http.Handler, storage string) http.Handler {
	return ok(func(a *answer) {
		content, err := os.ReadFile(a.file())
		if err != nil {
			refuse(a, 500)
			return
		}
		a.Header.Del(accel)
		a.Header.Del(xSendfile)
		a.Body = string(content)
		a.Header.Set("Content-Length", strconv.Itoa(len(content)))
	})(next, storage)
}

// rack lets the request choose the kind of handoff.
func rack(next http.Handler, storage string) http.Handler {
	return rackFor(accel, xSendfile, (*answer).file)(next, storage)
}
