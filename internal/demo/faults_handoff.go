package demo

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

func handoffFaults() []Fault {
	return []Fault{
		{"handoff-ignored", "The proxy does not act on the handoff header.",
			func(s *setup) { s.proxy.Dialect = sendfile.Dialect{} }},
		{"handoff-loop", "The internal redirect fails within the proxy.",
			inFront(alterFiles(func(a *answer) { a.page(http.StatusInternalServerError, "Internal Server Error") }))},
		{"handoff-echoed", "No location of the proxy takes the internal URI, so the application is asked for it.", func(s *setup) {
			s.proxy.Dialect, s.proxy.Prefix = sendfile.Dialect{}, "/"
			s.front = s.echo
		}},
		{"handoff-not-found", "The proxy's internal location is mapped to another folder.",
			func(s *setup) { s.proxy.Root = s.elsewhere }},
		{"handoff-forbidden", "A rule of the proxy's internal location refuses everybody.",
			inFront(alterFiles(func(a *answer) { a.page(http.StatusForbidden, "Forbidden") }))},
		{"handoff-wrong-content", "The proxy's internal location falls back to a start page.",
			inFront(alterFiles(func(a *answer) { a.page(http.StatusOK, "Welcome") }))},
		{"handoff-internal-exposed", "The proxy's internal location is open to everybody.", func(s *setup) {
			files := http.StripPrefix(internal, http.FileServer(http.Dir(s.storage)))
			s.front = instead(isInternal, files.ServeHTTP)
		}},
		{"handoff-traversal", "The proxy's direct location lacks its final slash, so that “..” leaves the folder.", func(s *setup) {
			open := strings.TrimSuffix(direct, "/")
			s.front = instead(func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, open+"..") },
				func(w http.ResponseWriter, r *http.Request) {
					http.ServeFile(w, r, filepath.Join(s.served, strings.TrimPrefix(r.URL.Path, open)))
				})
		}},
		{"handoff-leaked", "The proxy sends the file and leaves a handoff header in the answer.", func(s *setup) {
			s.front = header(s.otherHandoff(), s.storage+"/report.pdf")
		}},
		{"handoff-headers-dropped", "The application sets a CORS field, which this kind of handoff drops.",
			inBackend(header("Access-Control-Allow-Origin", "https://www.example.org"))},
	}
}

// echo carries the handoff out as a request of its own to the application.
func (s *setup) echo(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := hold(next, r)
		if to, err := url.Parse(a.header.Get(s.spec.Dialect.Header)); err == nil && to.Path != "" {
			again := r.Clone(r.Context())
			again.URL = to
			a = hold(next, again)
		}
		a.send(w)
	})
}
