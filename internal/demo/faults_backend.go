package demo

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

func backendFaults() []Fault {
	return []Fault{
		{"backend-unreachable", "The application is down: nothing listens on its port.", func(s *setup) {
			s.stack.Backend = diag.URL("http://" + s.nowhere + downloads)
			s.proxy.Backend = &url.URL{Scheme: "http", Host: s.nowhere}
		}},
		{"backend-timeout", "The application takes connections and does not answer.", func(s *setup) {
			s.client.Timeout = 300 * time.Millisecond
			s.backend = instead(isDownload, silence)
		}},
		{"backend-error-status", "The application fails with 500 in its download view.",
			inBackend(instead(isDownload, refuse(http.StatusInternalServerError)))},
		{"backend-no-handoff", "The application answers 200 and forgets the handoff header.", func(s *setup) {
			s.backend = alterFiles(func(a *answer) { a.header.Del(s.spec.Dialect.Header) })
		}},
		{"backend-wrong-dialect", "The application hands off as another kind of proxy wants it.", func(s *setup) {
			s.backend = alterFiles(func(a *answer) {
				file := s.fileOf(a)
				a.header.Del(s.spec.Dialect.Header)
				a.header.Set(s.otherHandoff(), file)
			})
		}},
		{"backend-handoff-on-error", "The application refuses a download with 403 and sends the handoff all the same.", func(s *setup) {
			s.backend = alter(func(r *http.Request, a *answer) {
				if value, err := s.spec.Encode(path.Base(r.URL.Path)); err == nil && a.status == http.StatusForbidden {
					a.header.Set(s.spec.Dialect.Header, value)
				}
			})
		}},
		{"backend-trusts-client-headers", "The application lets the client choose the kind of the handoff.", func(s *setup) {
			s.backend = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					a, wish := hold(next, r), r.Header.Get("X-Sendfile-Type")
					if isDownload(r) && a.status == http.StatusOK && wish != "" {
						file := s.fileOf(a)
						a.header.Del(s.spec.Dialect.Header)
						a.header.Set(wish, file)
					}
					a.send(w)
				})
			}
		}},
		{"backend-content-encoding", "A middleware of the application marks the empty handoff as compressed.", func(s *setup) {
			s.byPath(sendfile.Decoded) // where the mark survives the handoff
			s.backend = header("Content-Encoding", "gzip")
		}},
		{"backend-not-offloading", "The application streams the files itself.", func(s *setup) {
			s.backend = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if a := hold(next, r); isDownload(r) && a.status == http.StatusOK {
						http.ServeFile(w, r, s.fileOf(a))
					} else {
						a.send(w)
					}
				})
			}
		}},
		{"backend-content-type", "The application leaves its framework's text/html on every file.",
			inBackend(header("Content-Type", "text/html; charset=utf-8"))},
		{"backend-head-mishandled", "The application's download view allows GET alone.",
			inBackend(instead(isHead, refuse(http.StatusMethodNotAllowed)))},
		{"backend-handles-range", "The application answers 206 to a range, with the handoff and an empty body.", func(s *setup) {
			s.backend = alter(func(r *http.Request, a *answer) {
				if r.Header.Get("Range") != "" && a.status == http.StatusOK {
					a.status = http.StatusPartialContent
					a.header.Set("Content-Range", "bytes 0-0/1")
				}
			})
		}},
		{"backend-length-without-body", "The application declares the file's length and sends no body.", func(s *setup) {
			s.backend = alterFiles(func(a *answer) {
				if info, err := os.Stat(s.fileOf(a)); err == nil {
					a.header.Set("Content-Length", fmt.Sprint(info.Size()))
				}
			})
		}},
	}
}

// valueFaults are those of the handoff's value.
func valueFaults() []Fault {
	return []Fault{
		{"backend-header-empty", "The application sends the handoff header with no value.",
			value(func(*setup, string) string { return "" })},
		{"backend-header-junk", "The application puts the handoff value into quotes.",
			value(func(_ *setup, v string) string { return `"` + v + `"` })},
		{"backend-absolute-url", "The application hands off a whole URL.",
			value(func(_ *setup, v string) string { return "https://files.example.org" + v })},
		{"backend-dotdot", "The application hands off a path with “..” in it.",
			value(func(_ *setup, v string) string { return path.Dir(v) + "/2024/../" + path.Base(v) })},
		{"backend-relative-path", "The application hands off a path without the slash at its beginning.",
			value(func(_ *setup, v string) string { return strings.TrimPrefix(v, "/") })},
		{"backend-path-not-uri", "The application hands off the file's path on disk to a proxy that wants a URI.",
			value(func(s *setup, v string) string { return s.storage + "/" + path.Base(v) })},
		{"backend-uri-not-path", "The application hands off a URI to a proxy that wants the file's path on disk.", func(s *setup) {
			s.byPath(sendfile.Raw)
			value(func(_ *setup, v string) string { return internal + path.Base(v) })(s)
		}},
		{"backend-wrong-prefix", "The application hands off under another prefix than the proxy's internal location has.",
			value(func(_ *setup, v string) string { return "/files/" + path.Base(v) })},
	}
}
