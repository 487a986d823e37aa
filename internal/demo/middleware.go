package demo

import (
	"maps"
	"net/http"
	"strings"
)

// answer is a response that is held back, so that it can still be changed.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// Header implements [http.ResponseWriter].
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
}

// Write implements [http.ResponseWriter].
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body = append(a.body, p...)
	return len(p), nil
}

// hold lets a handler answer, and holds the answer back.
func hold(h http.Handler, r *http.Request) *answer {
	a := &answer{header: http.Header{}}
	h.ServeHTTP(a, r)
	a.WriteHeader(http.StatusOK)
	return a
}

// page makes the answer a page of its own.
func (a *answer) page(status int, text string) {
	a.status = status
	a.header = http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	a.body = []byte("<!doctype html><title>" + text + "</title>\n")
}

// send sends the answer.
func (a *answer) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that has gone needs no body
}

// alter changes every answer before it is sent.
func alter(change func(r *http.Request, a *answer)) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a := hold(next, r)
			change(r, a)
			a.send(w)
		})
	}
}

// alterFiles changes the answers that deliver or hand off a file.
func alterFiles(change func(a *answer)) middleware {
	return alter(func(r *http.Request, a *answer) {
		if isDownload(r) && a.status == http.StatusOK && !isPage(a) {
			change(a)
		}
	})
}

// instead answers requests that match in the handler's place.
func instead(match func(*http.Request) bool, h http.HandlerFunc) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if match(r) {
				h(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func isDownload(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, downloads) }

// isPage says that an answer is a page of the application's, and no file.
func isPage(a *answer) bool {
	return a.status == http.StatusOK && strings.HasPrefix(a.header.Get("Content-Type"), "text/html") && a.header.Get("Content-Disposition") == ""
}

func isInternal(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, internal) }

func isHead(r *http.Request) bool { return r.Method == http.MethodHead }

// silence never answers.
func silence(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// header sets a field in answers with a file.
func header(name, value string) middleware {
	return alterFiles(func(a *answer) { a.header.Set(name, value) })
}
