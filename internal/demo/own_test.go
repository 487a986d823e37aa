package demo

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// view is the download view of an application: it answers for a file of the
// storage.
type view func(s *setup, w http.ResponseWriter, r *http.Request, name string)

// sendIt is a download view as it should be.
func sendIt(s *setup, w http.ResponseWriter, _ *http.Request, name string) {
	value, err := s.spec.Encode(name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set(s.spec.Dialect.Header, value)
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Cache-Control", "private")
}

// then changes what sendIt answers.
func then(change func(s *setup, h http.Header)) view {
	return func(s *setup, w http.ResponseWriter, r *http.Request, name string) {
		sendIt(s, w, r, name)
		change(s, w.Header())
	}
}

const (
	healthFile = "healthcheck.bin"
	healthURL  = "/health/download/"
)

// django is an application with one health-check view, which always delivers
// one file, behind the middlewares that such a project has.
func django(v view) func(*setup) {
	return func(s *setup) {
		s.stack.Fixed = healthFile
		s.stack.Backend = diag.URL(s.stack.Backend.Origin() + healthURL)
		s.stack.Proxy = diag.URL(s.stack.Proxy.Origin() + healthURL)
		s.app = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Server", "gunicorn")
			h.Set("X-Frame-Options", "DENY")
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "same-origin")
			h.Set("Vary", "Cookie")
			h.Set("Content-Type", "text/html; charset=utf-8")
			if r.URL.Path != healthURL {
				w.WriteHeader(http.StatusNotFound)
				fmt.Fprintln(w, "<!doctype html><title>Not Found</title>")
				return
			}
			v(s, w, r, healthFile)
		})
	}
}

// rails is an application with documents at URLs that have the name in their
// middle, and with what a Rack application adds to each answer.
func rails(v view) func(*setup) {
	return func(s *setup) {
		s.stack.Backend = diag.URL(s.stack.Backend.Origin() + "/documents/{name}/download?inline=0")
		s.stack.Proxy = diag.URL(s.stack.Proxy.Origin() + "/documents/{name}/download?inline=0")
		s.app = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("X-Request-Id", fmt.Sprint(rand.Uint64()))
			h.Set("X-Runtime", fmt.Sprint(rand.Float64()))
			h.Set("Set-Cookie", fmt.Sprintf("_session=%d; path=/; HttpOnly", rand.Uint64()))
			h.Set("Content-Type", "text/html; charset=utf-8")
			rest, ok1 := strings.CutPrefix(r.URL.Path, "/documents/")
			name, ok2 := strings.CutSuffix(rest, "/download")
			if _, err := s.store.Stat(r.Context(), name); !ok1 || !ok2 || err != nil || r.URL.RawQuery != "inline=0" {
				w.WriteHeader(http.StatusNotFound)
				fmt.Fprintln(w, "<!doctype html><title>The page you were looking for doesn't exist (404)</title>")
				return
			}
			v(s, w, r, name)
		})
	}
}

// important leaves out what is only worth knowing: an application's security
// fields do not survive this kind of handoff.
func important(rep diag.Report) diag.Report {
	var list []diag.Finding
	for _, f := range rep.Findings {
		if f.Code != "handoff-headers-dropped" {
			list = append(list, f)
		}
	}
	rep.Findings = list
	return rep
}

// unstated is a stack of which nobody says how the handoff is meant.
func unstated(inject func(*setup)) func(*setup) {
	return func(s *setup) {
		inject(s)
		s.stack.Sendfile = ""
	}
}

// behind puts something in front of the proxy.
func behind(m middleware, inject func(*setup)) func(*setup) {
	return func(s *setup) {
		inject(s)
		s.front = m
	}
}

// existing makes the fixed file one that was there before.
func existing(t *testing.T, inject func(*setup)) func(*setup) {
	dir := t.TempDir()
	file := filepath.Join(dir, healthFile)
	text := strings.Repeat("always the same\n", 1000)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if now, err := os.ReadFile(file); err != nil || string(now) != text {
			t.Errorf("the file that was there is not as it was: %v", err)
		}
	})
	return func(s *setup) {
		inject(s)
		s.stack.Storage, s.store, s.proxy.Root, s.served = dir, fixture.OpenDir(dir), dir, dir
	}
}

func TestOwnBackendHealthy(t *testing.T) {
	t.Parallel()
	login := func(inject func(*setup)) func(*setup) {
		return func(s *setup) {
			inject(s)
			s.stack.Header = compare.Header{{Name: "Cookie", Value: "sessionid=secret"}}
			s.backend = instead(func(r *http.Request) bool { return r.Header.Get("Cookie") != "sessionid=secret" },
				http.RedirectHandler("/accounts/login/", http.StatusFound).ServeHTTP)
		}
	}
	byPath := func(coding sendfile.Coding, inject func(*setup)) func(*setup) {
		return func(s *setup) { s.byPath(coding); inject(s) }
	}
	for name, inject := range map[string]func(*setup){
		"one file":                        django(sendIt),
		"one file that is there":          existing(t, django(sendIt)),
		"one file, handoff not stated":    unstated(django(sendIt)),
		"one file, with a login":          login(django(sendIt)),
		"one file, by path":               byPath(sendfile.Raw, django(sendIt)),
		"one file, by escaped path":       byPath(sendfile.Decoded, django(sendIt)),
		"many files":                      rails(sendIt),
		"many files, handoff not stated":  unstated(rails(sendIt)),
		"many files, with a login":        login(rails(sendIt)),
		"many files, by path":             byPath(sendfile.Raw, rails(sendIt)),
		"many files, a start page around": behind(alter(missingPage), rails(sendIt)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rep := judged(t, Fault{inject: inject})
			silent(t, important(rep))
			if rep.Status != diag.Healthy {
				t.Errorf("status %s", rep.Status)
				explain(t, rep)
			}
		})
	}
}

// missingPage puts the proxy's own page into the place of errors, with their status.
func missingPage(_ *http.Request, a *answer) {
	if a.status >= 400 {
		a.page(a.status, "Sorry")
	}
}

func TestOwnBackendFaults(t *testing.T) {
	t.Parallel()
	answerWith := func(h http.HandlerFunc) view {
		return func(_ *setup, w http.ResponseWriter, r *http.Request, _ string) { h(w, r) }
	}
	setValue := func(change func(s *setup, value string) string) view {
		return then(func(s *setup, h http.Header) {
			h.Set(s.spec.Dialect.Header, change(s, h.Get(s.spec.Dialect.Header)))
		})
	}
	streams := func(s *setup, w http.ResponseWriter, r *http.Request, name string) {
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeFile(w, r, filepath.Join(s.storage, name))
	}
	getOnly := func(s *setup, w http.ResponseWriter, r *http.Request, name string) {
		if r.Method != http.MethodGet {
			http.Error(w, "", http.StatusMethodNotAllowed)
			return
		}
		sendIt(s, w, r, name)
	}
	for _, c := range []struct {
		code, what string
		view       view
		stated     bool // the fault shows only where the handoff is stated
	}{
		{"backend-error-status", "the view fails", answerWith(refuse(http.StatusInternalServerError)), false},
		{"backend-error-status", "a login is wanted", answerWith(http.RedirectHandler("/accounts/login/", http.StatusFound).ServeHTTP), false},
		{"backend-error-status", "nobody may download", answerWith(refuse(http.StatusForbidden)), false},
		{"backend-no-handoff", "the view forgets the header", answerWith(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintln(w, "<!doctype html><title>Download</title>")
		}), false},
		{"backend-wrong-dialect", "the setting is that of another server", then(func(s *setup, h http.Header) {
			h.Set(s.otherHandoff(), filepath.Join(s.storage, "x"))
			h.Del(s.spec.Dialect.Header)
		}), true},
		{"backend-header-empty", "the file's URL is None", setValue(func(*setup, string) string { return "" }), true},
		{"backend-header-junk", "the value has quotes", setValue(func(_ *setup, v string) string { return `'` + v + `'` }), true},
		{"backend-absolute-url", "the storage gives whole URLs", setValue(func(_ *setup, v string) string { return "https://media.example.org" + v }), true},
		{"backend-relative-path", "the slash is missing", setValue(func(_ *setup, v string) string { return v[1:] }), true},
		{"backend-path-not-uri", "the value is the file's path", setValue(func(s *setup, v string) string {
			return filepath.Join(s.storage, filepath.Base(v))
		}), true},
		{"backend-wrong-prefix", "the prefix is another one", setValue(func(_ *setup, v string) string { return "/media" + v }), true},
		{"backend-not-offloading", "the setting is off", streams, false},
		{"backend-content-type", "the type is the framework's", then(func(_ *setup, h http.Header) {
			h.Set("Content-Type", "text/html; charset=utf-8")
		}), false},
		{"backend-head-mishandled", "the view allows GET alone", getOnly, false},
	} {
		for kind, app := range map[string]func(view) func(*setup){"one file": django, "many files": rails} {
			t.Run(c.code+"/"+c.what+"/"+kind, func(t *testing.T) {
				t.Parallel()
				one(t, important(judged(t, Fault{inject: app(c.view)})), c.code)
			})
			if c.stated {
				continue
			}
			t.Run(c.code+"/"+c.what+"/"+kind+", handoff not stated", func(t *testing.T) {
				t.Parallel()
				one(t, important(judged(t, Fault{inject: unstated(app(c.view))})), c.code)
			})
		}
	}
}

func TestOwnBackendBehindABrokenProxy(t *testing.T) {
	t.Parallel()
	files := func(change func(a *answer)) func(*setup) {
		return inFront(alter(func(r *http.Request, a *answer) {
			if r.URL.RawQuery != "" && a.status == http.StatusOK {
				change(a)
			}
		}))
	}
	for _, f := range []Fault{
		{"proxy-unreachable", "", func(s *setup) {
			s.stack.Proxy, s.stack.Direct = diag.URL("http://"+s.nowhere+"/documents/{name}/download?inline=0"), ""
		}},
		{"proxy-bad-gateway", "", func(s *setup) { s.proxy.Backend = &url.URL{Scheme: "http", Host: s.nowhere} }},
		{"proxy-redirects", "", inFront(instead(func(*http.Request) bool { return true },
			http.RedirectHandler("https://www.example.org/", http.StatusFound).ServeHTTP))},
		{"proxy-auth-required", "", inFront(instead(func(*http.Request) bool { return true }, refuse(http.StatusUnauthorized)))},
		{"proxy-truncated", "", files(func(a *answer) { a.body = a.body[:len(a.body)/3] })},
		{"proxy-body-altered", "", files(func(a *answer) { a.body[99_999] ^= 1 })},
		{"handoff-not-found", "", func(s *setup) { s.proxy.Root = s.elsewhere }},
		{"handoff-forbidden", "", files(func(a *answer) { a.page(http.StatusForbidden, "Forbidden") })},
		{"handoff-wrong-content", "", files(func(a *answer) { a.page(http.StatusOK, "Welcome") })},
		{"handoff-ignored", "", func(s *setup) { s.proxy.Dialect = sendfile.Dialect{} }},
		{"handoff-echoed", "", func(s *setup) {
			s.proxy.Dialect, s.proxy.Prefix = sendfile.Dialect{}, "/"
			s.front = s.echo
		}},
	} {
		t.Run(f.Code, func(t *testing.T) {
			t.Parallel()
			one(t, judged(t, Fault{inject: func(s *setup) { rails(sendIt)(s); f.inject(s) }}), f.Code)
		})
	}
}

// TestOwnBackendNotSeen: without the companion nothing tells whether the
// application was asked, so nobody is blamed.
func TestOwnBackendNotSeen(t *testing.T) {
	t.Parallel()
	rep := judged(t, Fault{inject: behind(instead(func(*http.Request) bool { return true }, refuse(http.StatusNotFound)), rails(sendIt))})
	if rep.Status != diag.Inconclusive || len(rep.Findings) > 0 {
		t.Errorf("status %s, findings %v", rep.Status, codes(rep))
	}
}
