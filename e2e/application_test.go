package e2e

import (
	"errors"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// application is a user's own backend: it knows nothing of proxydiag, hands off
// whatever lies in the storage, and refuses what is secret.
type application struct {
	Storage, Base string
	Spec          sendfile.Spec
	File          string // --name: Base is the URL of this file, and there is no other
}

func (a *application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, a.Base)
	if a.File != "" {
		name, ok = a.File, r.URL.Path == a.Base
	}
	h := w.Header()
	h.Set("Server", "application/1.0")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, err := os.Stat(filepath.Join(a.Storage, filepath.FromSlash(path.Clean("/"+name))))
	switch {
	case strings.HasPrefix(name, "secret"):
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("<h1>This is not for you</h1>"))
	case !ok || err != nil:
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte("<h1>No such page in the application</h1>"))
	default:
		value, err := a.Spec.Encode(name)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		h.Set("Content-Type", "application/octet-stream")
		if t := mime.TypeByExtension(path.Ext(name)); t != "" {
			h.Set("Content-Type", t)
		}
		h.Set("Content-Disposition", sendfile.ContentDisposition(name))
		h.Set("Cache-Control", "private")
		h.Set(a.Spec.Dialect.Header, value)
		h.Set("Content-Length", "0")
	}
}

// serve answers on l until the test ends.
func serve(t testing.TB, l net.Listener, h http.Handler) {
	t.Helper()
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

// middleware stands in front of the companion or of an application, and knows
// the folder that holds the files.
type middleware func(next http.Handler, storage string) http.Handler

// answer is what a backend is about to say.
type answer struct {
	*http.Request
	Status int
	Header http.Header
	Body   string

	Storage string // the folder that holds the files
}

// otherwise changes what a backend answers.
func otherwise(change func(a *answer)) middleware {
	return func(next http.Handler, storage string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			said := httptest.NewRecorder()
			next.ServeHTTP(said, r)
			a := &answer{Request: r, Status: said.Code, Header: said.Header(), Body: said.Body.String(), Storage: storage}
			change(a)
			if a.Body != "" && a.Header.Get("Content-Length") == "0" {
				a.Header.Set("Content-Length", strconv.Itoa(len(a.Body)))
			}
			for name, values := range a.Header {
				w.Header()[name] = values
			}
			w.WriteHeader(a.Status)
			if r.Method != http.MethodHead {
				_, _ = w.Write([]byte(a.Body)) // a client that has gone needs no answer
			}
		})
	}
}

// ok changes only the answers that hand off.
func ok(change func(a *answer)) middleware {
	return otherwise(func(a *answer) {
		if a.handoff() != "" {
			change(a)
		}
	})
}

const (
	accel        = "X-Accel-Redirect"
	xSendfile    = "X-Sendfile"
	attachment   = "Content-Disposition"
	cacheControl = "Cache-Control"
)

// file is the path on disk of the file that is handed off.
func (a *answer) file() string {
	return filepath.Join(a.Storage, path.Base(unescaped(a.handoff())))
}

// handoff is the handoff's value, in either field.
func (a *answer) handoff() string { return a.Header.Get(accel) + a.Header.Get(xSendfile) }

func unescaped(v string) string {
	if plain, err := url.PathUnescape(v); err == nil {
		return plain
	}
	return v
}

// value changes the handoff's value.
func value(change func(string) string) middleware {
	return handed(accel, change)
}

// field sets a field of the answers that hand off; an empty value removes it.
func field(name, value string) middleware {
	return ok(func(a *answer) {
		a.Header.Set(name, value)
		if value == "" {
			a.Header.Del(name)
		}
	})
}

// hangs never answers.
func hangs(http.Handler, string) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}
