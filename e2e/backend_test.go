package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/pkg/compare"
)

func TestBackend(t *testing.T) { try(t, append(backendAnswerRows(), backendValueRows()...)) }

// backendAnswerRows are about what the backend answers at all.
func backendAnswerRows() []row {
	return []row{
		{name: "nothing listens", code: "backend-unreachable", site: swap("127.0.0.1:8000", "127.0.0.1:8001"),
			flags: func(s *setup) { s.Stack.Backend = "http://127.0.0.1:8001/dl/" }},
		{name: "proxy asks where nothing listens", code: "proxy-bad-gateway", near: "backend-unreachable",
			site: swap("127.0.0.1:8000", "127.0.0.1:8001")},

		{name: "never answers", code: "backend-timeout", backend: hangs,
			site:  in("location /dl/", "proxy_read_timeout 200ms;"),
			flags: func(s *setup) { s.Client.Timeout = time.Second }},
		{name: "proxy asks what never answers", code: "proxy-timeout", near: "backend-timeout",
			site: both(swap("127.0.0.1:8000", "127.0.0.1:8002"), in("location /dl/", "proxy_read_timeout 200ms;"))},

		{name: "server error", code: "backend-error-status", backend: ok(func(a *answer) { refuse(a, 500) })},
		{name: "login page", code: "backend-error-status", near: "proxy-redirects backend-no-handoff",
			backend: ok(func(a *answer) { refuse(a, 302); a.Header.Set("Location", "/login?next=/dl/") })},
		{name: "login of the application", code: "backend-error-status", near: "proxy-auth-required",
			backend: ok(func(a *answer) { refuse(a, 401); a.Header.Set("WWW-Authenticate", `Basic realm="app"`) })},
		{name: "login given", near: "backend-error-status", only: own,
			backend: ok(func(a *answer) {
				if a.Request.Header.Get("Cookie") != "session=1" {
					refuse(a, 403)
				}
			}),
			flags: func(s *setup) { s.Stack.Header = compare.Header{{Name: "Cookie", Value: "session=1"}} }},

		{name: "page without a handoff", code: "backend-no-handoff", backend: ok(func(a *answer) {
			a.Header.Del(accel)
			a.Body = "Here is your file."
		})},
		{name: "empty without a handoff", code: "backend-no-handoff", near: "handoff-ignored", backend: field(accel, "")},
		{name: "streams the file", code: "backend-not-offloading", near: "backend-no-handoff", backend: stream},
		{name: "handoff with a courtesy body", near: "backend-not-offloading backend-no-handoff",
			backend: ok(func(a *answer) { a.Body = "If you read this, the proxy ignores X-Accel-Redirect." })},

		{name: "handoff with 403", code: "backend-handoff-on-error", near: "proxy-error-masked", backend: handsOff(403),
			flags: func(s *setup) { s.Stack.Denied = string(s.Stack.Backend) + "secret.txt" }, only: own},
		{name: "handoff with 403 by the companion", code: "backend-handoff-on-error", backend: handsOff(403), only: companion},
		{name: "hints for the proxy with 403", near: "backend-handoff-on-error",
			backend: otherwise(func(a *answer) { a.Header.Set("X-Accel-Expires", "0") })},

		{name: "HEAD not allowed", code: "backend-head-mishandled", near: "proxy-method-blocked proxy-head-broken",
			backend: ok(func(a *answer) {
				if a.Method == http.MethodHead {
					refuse(a, 405)
				}
			})},
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
		{name: "HEAD without type", near: "backend-head-mishandled proxy-head-broken", backend: ok(func(a *answer) {
			if a.Method == http.MethodHead {
				a.Header.Del("Content-Length")
			}
		})},

		{name: "the file's length without a body", code: "backend-length-without-body", backend: field("Content-Length", "163877")},
		{name: "no length", near: "backend-length-without-body", backend: field("Content-Length", "")},

		{name: "text/html for every file", code: "backend-content-type", near: "proxy-header-lost",
			backend: field("Content-Type", "text/html; charset=utf-8")},
		{name: "text/html for a page", near: "backend-content-type", backend: field("Content-Type", "text/html; charset=utf-8"),
			file: "page.html"},

		{name: "kind of handoff taken from the request", code: "backend-trusts-client-headers", near: "backend-wrong-dialect", backend: rack},
		{name: "kind of handoff set by the proxy", near: "backend-trusts-client-headers", backend: rack,
			site: in("location /dl/", `proxy_set_header X-Sendfile-Type X-Accel-Redirect; proxy_set_header X-Accel-Mapping "";`)},

		{name: "empty body marked as gzip", near: "backend-content-encoding proxy-header-lost", backend: field("Content-Encoding", "gzip")},
	}
}

// backendValueRows are about the handoff's value.
func backendValueRows() []row {
	return []row{
		{name: "another server's header", code: "backend-wrong-dialect", near: "handoff-ignored handoff-leaked backend-no-handoff",
			backend: ok(func(a *answer) { a.Header.Set(xSendfile, a.file()); a.Header.Del(accel) })},
		{name: "a URI in another server's header", code: "backend-wrong-dialect", near: "backend-uri-not-path",
			backend: ok(func(a *answer) { a.Header.Set(xSendfile, a.Header.Get(accel)); a.Header.Del(accel) })},
		{name: "both headers", near: "backend-wrong-dialect handoff-leaked", backend: field(xSendfile, "/srv/media/a.bin")},

		{name: "empty value", code: "backend-header-empty", near: "backend-no-handoff",
			backend: ok(func(a *answer) { a.Header[accel] = []string{""} })},
		{name: "empty X-Sendfile beside the handoff", near: "backend-header-empty",
			backend: ok(func(a *answer) { a.Header[xSendfile] = []string{""} })},

		{name: "quotes", code: "backend-header-junk", backend: value(func(v string) string { return `"` + v + `"` })},
		{name: "semicolon", code: "backend-header-junk", backend: value(func(v string) string { return v + ";" })},
		{name: "raw space within the name", near: "backend-header-junk", backend: value(unescaped),
			file: "annual report.bin"},

		{name: "whole URL", code: "backend-absolute-url",
			backend: value(func(v string) string { return "https://files.example.org" + v })},
		{name: "URL in the query", near: "backend-absolute-url",
			backend: value(func(v string) string { return v + "?from=https://example.org/" })},
		{name: "URL in the query, wrong folder", code: "handoff-not-found", near: "backend-absolute-url backend-wrong-prefix",
			backend: value(func(v string) string { return v + "?from=https://example.org/" }),
			site:    locations(download + "location /protected/ { internal; alias /srv/pages/; }")},

		{name: "dots", code: "backend-dotdot", near: "backend-wrong-prefix",
			backend: value(func(v string) string { return strings.Replace(v, "/protected/", "/protected/2024/../", 1) })},
		{name: "dots within the name", near: "backend-dotdot", file: "a..b...bin"},

		{name: "no leading slash", code: "backend-relative-path", near: "backend-wrong-prefix",
			backend: value(func(v string) string { return v[1:] })},
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
	}
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

// rack lets the request choose the kind of handoff, as Rack's middleware does.
func rack(next http.Handler, storage string) http.Handler {
	return ok(func(a *answer) {
		if a.Request.Header.Get("X-Sendfile-Type") == xSendfile {
			a.Header.Set(xSendfile, a.file())
			a.Header.Del(accel)
		}
	})(next, storage)
}
