package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

func TestFixed(t *testing.T) { try(t, fixedRows()) }

// fixedRows are two frameworks whose health-check view always delivers one
// file. Nothing in them knows of proxydiag.
func fixedRows() []row {
	const name = "health.txt"
	there := func(s *setup) { healthView(s, "report.txt") }
	absent := func(s *setup) { healthView(s, name) }
	django := framework{Server: "WSGIServer/0.2 CPython/3.11.2", File: "report.txt", Charset: "; charset=utf-8"}
	rails := framework{Server: "puma", File: name, RequestID: true}
	rows := []row{
		{name: "django", backend: view(django), flags: there, only: own},
		{name: "django learned", backend: view(django), flags: there, only: learned},
		{name: "rails", backend: view(rails), flags: absent, only: own},
		{name: "rails learned", backend: view(rails), flags: absent, only: learned},
		{name: "django debug server streams", code: "backend-not-offloading", flags: there,
			backend: view(django.with(func(f *framework) { f.Streams = true }))},
		{name: "rails with sendfile for another server", code: "backend-wrong-dialect", flags: absent,
			backend: view(rails.with(func(f *framework) { f.Field = xSendfile }))},
		{name: "rails without mapping", code: "backend-path-not-uri", flags: absent,
			backend: view(rails.with(func(f *framework) { f.OnDisk = true }))},
		{name: "django behind a login", code: "backend-error-status", flags: there,
			backend: view(django.with(func(f *framework) { f.Login = "/accounts/login/?next=/health/" }))},
		{name: "django without the field", code: "backend-no-handoff", flags: there,
			backend: view(django.with(func(f *framework) { f.Field = "X-Not-A-Handoff" }))},
		{name: "django with another prefix", code: "backend-wrong-prefix", flags: there,
			backend: view(django.with(func(f *framework) { f.Prefix = "/media/" }))},
		{name: "django with its default type", code: "backend-content-type", flags: there,
			backend: view(django.with(func(f *framework) { f.Type = "text/html" }))},
	}
	for i := range rows {
		rows[i].sample = "application.conf"
		if rows[i].only == "" {
			rows[i].only = own
		}
	}
	return rows
}

// view has a framework answer in the application's place.
func view(f framework) middleware {
	return func(_ http.Handler, storage string) http.Handler { f.Storage = storage; return f }
}

func healthView(s *setup, file string) {
	s.Stack.Fixed = file
	s.Stack.Backend = "http://127.0.0.1:8000/health/download"
	s.Stack.Proxy = "http://127.0.0.1:8080/health/download"
}

// framework is an application with one view, as the manuals of frameworks
// show it, and the faults that are made in it.
type framework struct {
	Storage, Server, File, Charset string
	RequestID                      bool

	Streams, OnDisk            bool
	Field, Prefix, Type, Login string
}

func (f framework) with(fault func(*framework)) framework {
	fault(&f)
	return f
}

func (f framework) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Server", f.Server)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	if f.RequestID {
		h.Set("X-Request-Id", fmt.Sprintf("%p", r))
		h.Set("X-Runtime", "0.004211")
	}
	path := filepath.Join(f.Storage, f.File)
	switch {
	case r.URL.Path != "/health/download":
		http.Error(w, "Not Found", http.StatusNotFound)
		return
	case f.Login != "":
		http.Redirect(w, r, f.Login, http.StatusFound)
		return
	case f.Streams:
		h.Set("Content-Type", "text/plain"+f.Charset)
		content, err := os.ReadFile(path)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(content)
		return
	}
	value := orElse(f.Prefix, "/protected/") + f.File
	if f.OnDisk || f.Field == xSendfile {
		value = path
	}
	h.Set("Content-Type", orElse(f.Type, "text/plain")+f.Charset)
	h.Set("Content-Disposition", `attachment; filename="`+f.File+`"`)
	h.Set("Vary", "Cookie")
	h.Set(orElse(f.Field, accel), value)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
