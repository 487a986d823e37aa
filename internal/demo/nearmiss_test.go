package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// nearMisses are stacks that look as if they had the fault of the code, and
// have not: nothing may be found.
func nearMisses() []Fault {
	return slices.Concat(storageMisses(), backendMisses(), proxyMisses(), fileMisses(), nameMisses(), handoffMisses())
}

func TestNearMisses(t *testing.T) {
	t.Parallel()
	for _, miss := range nearMisses() {
		t.Run(miss.Code+"/"+miss.What, func(t *testing.T) {
			t.Parallel()
			silent(t, judged(t, miss))
		})
	}
}

// silent checks that a download works and nothing is found.
func silent(t *testing.T, rep diag.Report) {
	t.Helper()
	if len(rep.Findings) > 0 || rep.Culprit != diag.PartNone {
		t.Errorf("culprit %s, findings %v", rep.Culprit, codes(rep))
		explain(t, rep)
	}
	for _, c := range rep.Checks {
		if c.Status == diag.Fail || c.ID == "end-to-end" && c.Status != diag.Pass {
			t.Errorf("check %s: %s %s", c.ID, c.Status, c.Reason)
		}
	}
}

func storageMisses() []Fault {
	return []Fault{
		{"storage-unreachable", "the storage is given as a file URL", func(s *setup) {
			s.stack.Storage = "file://" + s.storage
			s.store = fixture.OpenDir(s.stack.Storage)
		}},
		{"storage-unreachable", "the storage is a symbolic link to a folder", func(s *setup) {
			link := filepath.Join(filepath.Dir(s.storage), "link")
			if err := os.Symlink(s.storage, link); err == nil { // else the folder itself is as good
				s.stack.Storage, s.store = link, fixture.OpenDir(link)
			}
		}},
		{"storage-not-writable", "a put needs a second attempt of its own", func(s *setup) {
			s.store = &busyStore{Dir: fixture.OpenDir(s.storage)}
		}},
		{"storage-not-readable", "the storage gives a file in small pieces", func(s *setup) {
			s.store = readStore{fixture.OpenDir(s.storage), pieces(iotest.HalfReader)}
		}},
		{"storage-visible-late", "the storage may take its time, and does not", func(s *setup) {
			s.store = readyStore{fixture.OpenDir(s.storage)}
		}},
		{"storage-corrupt", "the storage gives the last bytes together with the end", func(s *setup) {
			s.store = readStore{fixture.OpenDir(s.storage), pieces(iotest.DataErrReader)}
		}},
	}
}

// readyStore may show later what was written, and does at once.
type readyStore struct{ *fixture.Dir }

func (readyStore) Settle() time.Duration { return 10 * time.Second }

// pieces reads a file by way of wrap.
func pieces(wrap func(io.Reader) io.Reader) func(io.ReadCloser) (io.ReadCloser, error) {
	return func(file io.ReadCloser) (io.ReadCloser, error) {
		return struct {
			io.Reader
			io.Closer
		}{wrap(file), file}, nil
	}
}

// busyStore tries every put twice: the second time the name is taken by itself.
type busyStore struct{ *fixture.Dir }

func (s *busyStore) Put(ctx context.Context, f fixture.Fixture) error {
	if err := s.Dir.Put(ctx, f); err != nil {
		return err
	}
	if err := s.Dir.Put(ctx, f); fixture.ClassOf(err) != fixture.ClassExists {
		return fmt.Errorf("put twice: %w", err)
	}
	return nil
}

// behindProxy says that a request came through the proxy.
func behindProxy(r *http.Request) bool { return r.Header.Get("X-Forwarded-For") != "" }

func backendMisses() []Fault {
	direct := func(r *http.Request) bool { return isDownload(r) && !behindProxy(r) }
	return []Fault{
		{"backend-unreachable", "the backend port cannot be asked from here, and the download works", func(s *setup) {
			s.stack.Backend = diag.URL("http://" + s.nowhere + downloads)
		}},
		{"backend-timeout", "an interim answer comes first", inBackend(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Link", "</style.css>; rel=preload")
				w.WriteHeader(http.StatusEarlyHints)
				w.Header().Del("Link")
				next.ServeHTTP(w, r)
			})
		})},
		{"backend-error-status", "the backend port refuses who does not come through the proxy",
			inBackend(instead(direct, refuse(http.StatusForbidden)))},
		{"backend-error-status", "the backend wants a login, which is given", func(s *setup) {
			s.stack.Header = compare.Header{{Name: "Authorization", Value: "Bearer secret"}}
			s.backend = instead(func(r *http.Request) bool { return r.Header.Get("Authorization") != "Bearer secret" },
				refuse(http.StatusUnauthorized))
		}},
		{"backend-no-handoff", "the backend hands off to the proxy alone",
			inBackend(instead(direct, func(http.ResponseWriter, *http.Request) {}))},
		{"backend-wrong-dialect", "the backend sends the headers of both dialects", func(s *setup) {
			s.backend = alterFiles(func(a *answer) { a.header.Set(s.otherHandoff(), s.fileOf(a)) })
		}},
		{"backend-header-empty", "another dialect's header is there and empty", func(s *setup) {
			s.backend = alterFiles(func(a *answer) { a.header.Set(s.otherHandoff(), "") })
		}},
		{"backend-header-junk", "the prefix has a quote in it", func(s *setup) {
			s.speak(sendfile.Spec{Dialect: s.spec.Dialect, Prefix: "/prot'ected/"})
		}},
		{"backend-absolute-url", "the value has a query with a URL in it",
			value(func(_ *setup, v string) string { return v + "?from=https://www.example.org/" })},
		{"backend-dotdot", "the prefix has two dots in a name", func(s *setup) {
			s.speak(sendfile.Spec{Dialect: s.spec.Dialect, Prefix: "/protected..2024/"})
		}},
		{"backend-relative-path", "the prefix is the root", func(s *setup) {
			s.speak(sendfile.Spec{Dialect: s.spec.Dialect, Prefix: "/"})
		}},
		{"backend-path-not-uri", "the internal prefix is the storage's path", func(s *setup) {
			s.speak(sendfile.Spec{Dialect: s.spec.Dialect, Prefix: s.storage + "/"})
		}},
		{"backend-uri-not-path", "the downloads' URL path is the storage's path", func(s *setup) {
			s.byPath(sendfile.Raw)
			s.stack.Backend = diag.URL(s.stack.Backend.Origin() + s.storage + "/")
			s.stack.Proxy = diag.URL(s.stack.Proxy.Origin() + s.storage + "/")
		}},
		{"backend-wrong-prefix", "the value is escaped where it need not be",
			value(func(_ *setup, v string) string { return strings.ReplaceAll(v, "r", "%72") })},
		{"backend-handoff-on-error", "a refusal has fields that steer the proxy, and no handoff",
			inBackend(alter(func(r *http.Request, a *answer) {
				if a.status >= 400 {
					a.header.Set("X-Accel-Buffering", "no")
				}
			}))},
		{"backend-trusts-client-headers", "the backend trusts the proxy, which removes the client's fields", func(s *setup) {
			trusting, _ := Lookup("backend-trusts-client-headers")
			trusting.inject(s)
			s.front = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					r.Header.Del("X-Sendfile-Type")
					r.Header.Del("X-Accel-Mapping")
					next.ServeHTTP(w, r)
				})
			}
		}},
		{"backend-content-encoding", "the coding is identity", func(s *setup) {
			s.byPath(sendfile.Decoded)
			s.backend = header("Content-Encoding", "identity")
		}},
		{"backend-not-offloading", "the backend sends a short text beside the handoff", inBackend(alterFiles(func(a *answer) {
			a.header.Del("Content-Length")
			a.body = []byte("The file is sent by the server.\n")
		}))},
		{"backend-content-type", "the type has a charset",
			inBackend(header("Content-Type", "application/octet-stream; charset=utf-8"))},
		{"backend-content-type", "the backend leaves the type to the proxy",
			inBackend(alterFiles(func(a *answer) { a.header["Content-Type"] = nil }))},
		{"backend-head-mishandled", "HEAD has no type and no length", inBackend(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				a := hold(next, r)
				if isHead(r) {
					a.header["Content-Type"] = nil
					a.header.Del("Content-Length")
				}
				a.send(w)
			})
		})},
		{"backend-handles-range", "the application says that there are ranges", inBackend(header("Accept-Ranges", "bytes"))},
		{"backend-length-without-body", "the empty body is chunked", inBackend(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				a := hold(next, r)
				a.header.Del("Content-Length")
				a.send(w)
				_ = http.NewResponseController(w).Flush()
			})
		})},
	}
}
