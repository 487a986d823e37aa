package health_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"

	"github.com/proxydiag/proxydiag/pkg/health"
)

// A registry with two checks, mounted in a program: what is told follows the
// Accept field.
func ExampleHandler() {
	registry := &health.Registry{Log: slog.New(slog.DiscardHandler)}
	for _, c := range []health.Check{
		{Name: "queue", Critical: true, Func: func(context.Context) error { return nil }},
		{Name: "mail", Kind: "smtp", Func: func(context.Context) error { return errors.New("connection refused") }},
	} {
		if err := registry.Add(c); err != nil {
			fmt.Println(err)
		}
	}
	handler := &health.Handler{Registry: registry}
	// A program runs registry.Run(ctx) instead.
	if err := registry.Fresh(context.Background()); err != nil {
		fmt.Println(err)
	}
	for _, path := range []string{"/readyz", "/healthz/mail"} {
		r, w := httptest.NewRequest("GET", path, nil), httptest.NewRecorder()
		r.Header.Set("Accept", "text/html;q=0.1, application/health+json;q=0.5")
		handler.ServeHTTP(w, r)
		fmt.Println(path, w.Code, w.Header().Get("Content-Type"))
	}
	// Output:
	// /readyz 200 application/health+json
	// /healthz/mail 503 application/health+json
}
