package demo

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

func handoffMisses() []Fault {
	// mirror asks the backend a second time and looks at the first answer only.
	mirror := func(path func(*http.Request) string) middleware {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				again := r.Clone(r.Context())
				again.URL = &url.URL{Path: path(r)}
				hold(next, again)
				next.ServeHTTP(w, r)
			})
		}
	}
	return []Fault{
		{"handoff-ignored", "the backend hands off with a field of no use to others", inBackend(header("X-Accel-Buffering", "no"))},
		{"handoff-loop", "the proxy asks the backend twice for each download",
			inFront(mirror(func(r *http.Request) string { return r.URL.Path }))},
		{"handoff-echoed", "the proxy asks the backend about the client first",
			inFront(mirror(func(*http.Request) string { return "/auth/check" }))},
		{"handoff-not-found", "the backend hands off a file that is missing, and the proxy says so", func(s *setup) {
			s.backend = alter(func(r *http.Request, a *answer) {
				if value, err := s.spec.Encode(path.Base(r.URL.Path)); err == nil && isDownload(r) && a.status == http.StatusNotFound {
					a.status = http.StatusOK
					a.header.Set(s.spec.Dialect.Header, value)
				}
			})
		}},
		{"handoff-forbidden", "the proxy answers 403 to who asks for the internal URI", inFront(instead(isInternal, refuse(http.StatusForbidden)))},
		{"handoff-wrong-content", "the proxy answers any other URL with a start page", inFront(startPage(http.StatusOK))},
		{"handoff-internal-exposed", "the internal URI answers 200 with a page", inFront(startPage(http.StatusOK))},
		{"handoff-internal-exposed", "the internal URI is another name of the download", func(s *setup) {
			s.front = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if isInternal(r) {
						r.URL = &url.URL{Path: downloads + path.Base(r.URL.Path)}
					}
					next.ServeHTTP(w, r)
				})
			}
		}},
		{"handoff-traversal", "the spelling with “..” gets a start page", inFront(startPage(http.StatusOK))},
		{"handoff-leaked", "the field is there and empty", func(s *setup) { s.front = header(s.otherHandoff(), "") }},
		{"handoff-headers-dropped", "fields are dropped that nobody misses", inBackend(alterFiles(func(a *answer) {
			a.header.Set("X-Request-Id", "8f2c")
			a.header.Set("X-Powered-By", "a framework")
			a.header.Set("Vary", "Cookie")
		}))},
	}
}

// startPage answers everything that is neither a download nor in the direct
// location with a page.
func startPage(status int) middleware {
	return instead(func(r *http.Request) bool { return !isDownload(r) && !strings.HasPrefix(r.URL.Path, direct) },
		func(w http.ResponseWriter, r *http.Request) {
			a := &answer{}
			a.page(status, "Welcome")
			a.send(w)
		})
}
