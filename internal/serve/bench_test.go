package serve

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/project"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// BenchmarkAnswers measures what a request costs where three stacks and twenty checks
// are watched.
func BenchmarkAnswers(b *testing.B) {
	text := "serve:\n  allow: 127.0.0.1\n  checks:\n"
	for i := range 20 {
		text += fmt.Sprintf("    c%d: {command: 'true'}\n", i)
	}
	o := &Options{Redact: &Redactor{}, Log: slog.New(slog.DiscardHandler)}
	if _, err := project.Parse("p.yaml", text, project.Options{Serve: func(n project.Node) { o.Config = Read(n) }}); err != nil {
		b.Fatal(err)
	}
	for i := range 3 {
		rep := reportOf(diag.Misconfigured, finding(diag.Error))
		o.Stacks = append(o.Stacks, stackOf(fmt.Sprintf("s%d", i), func() diag.Report { return rep }))
	}
	s, err := newServer(*o)
	if err != nil {
		b.Fatal(err)
	}
	s.registry.Once(b.Context())
	for _, path := range []string{"/ping", "/livez", "/healthz", "/healthz text/plain", "/healthz application/health+json", "/status", "/feed.atom", "/metrics"} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			path, accept, _ := strings.Cut(path, " ")
			r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
			r.RemoteAddr = "127.0.0.1:1"
			r.Header.Set("Accept", accept)
			for b.Loop() {
				s.handler.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
