package e2e

import (
	"net/http"

	"github.com/proxydiag/proxydiag/pkg/compare"
)

// answerRows are about what a backend answers at all, whatever the server:
// handoff is the field that it acts on.
func answerRows(handoff string) []row {
	dead := swap("127.0.0.1:8000", "127.0.0.1:8001")
	onHead := func(change func(*answer)) middleware {
		return ok(func(a *answer) {
			if a.Method == http.MethodHead {
				change(a)
			}
		})
	}
	return []row{
		{name: "nothing listens", code: "backend-unreachable", site: dead,
			flags: func(s *setup) { s.Stack.Backend = "http://127.0.0.1:8001/dl/" }},
		{name: "proxy asks where nothing listens", code: "proxy-bad-gateway", near: "backend-unreachable", site: dead},

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
			a.Header.Del(handoff)
			a.Body = "Here is your file."
		})},
		{name: "empty without a handoff", code: "backend-no-handoff", near: "handoff-ignored", backend: field(handoff, "")},
		{name: "streams the file", code: "backend-not-offloading", near: "backend-no-handoff", backend: stream},
		{name: "handoff with a courtesy body", near: "backend-not-offloading backend-no-handoff",
			backend: ok(func(a *answer) { a.Body = "If you read this, the proxy ignores " + handoff + "." })},

		{name: "HEAD not allowed", code: "backend-head-mishandled", near: "proxy-method-blocked proxy-head-broken",
			backend: onHead(func(a *answer) { refuse(a, 405) })},
		{name: "HEAD without length", near: "backend-head-mishandled proxy-head-broken",
			backend: onHead(func(a *answer) { a.Header.Del("Content-Length") })},

		{name: "the file's length without a body", code: "backend-length-without-body", backend: field("Content-Length", "163877")},
		{name: "no length", near: "backend-length-without-body", backend: field("Content-Length", "")},

		{name: "text/html for every file", code: "backend-content-type", near: "proxy-header-lost",
			backend: field("Content-Type", "text/html; charset=utf-8")},
		{name: "text/html for a page", near: "backend-content-type", backend: field("Content-Type", "text/html; charset=utf-8"),
			file: "page.html"},
	}
}

// valueRows are about the handoff's value, whatever the server.
func valueRows(handoff string) []row {
	change := func(f func(string) string) middleware { return handed(handoff, f) }
	return []row{
		{name: "empty value", code: "backend-header-empty", near: "backend-no-handoff",
			backend: ok(func(a *answer) { a.Header[handoff] = []string{""} })},
		{name: "quotes", code: "backend-header-junk", backend: change(func(v string) string { return `"` + v + `"` })},
		{name: "semicolon", code: "backend-header-junk", backend: change(func(v string) string { return v + ";" })},
		{name: "whole URL", code: "backend-absolute-url", backend: change(func(v string) string { return "https://files.example.org" + v })},
		{name: "dots within the name", near: "backend-dotdot", file: "a..b...bin"},
		{name: "no leading slash", code: "backend-relative-path", near: "backend-wrong-prefix",
			backend: change(func(v string) string { return v[1:] })},
	}
}

// handed changes the handoff's value.
func handed(handoff string, f func(value string) string) middleware {
	return ok(func(a *answer) { a.Header.Set(handoff, f(a.Header.Get(handoff))) })
}

// rackFor lets the request choose another kind of handoff than the server's, as
// Rack's middleware does.
func rackFor(handoff, other string, value func(*answer) string) middleware {
	return ok(func(a *answer) {
		if a.Request.Header.Get("X-Sendfile-Type") == other {
			a.Header.Set(other, value(a))
			a.Header.Del(handoff)
		}
	})
}
