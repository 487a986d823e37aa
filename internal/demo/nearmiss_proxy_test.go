package demo

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

func proxyMisses() []Fault {
	return []Fault{
		{"proxy-unreachable", "the proxy's name resolves nowhere, and the address is given", func(s *setup) {
			at, _ := url.Parse(s.stack.Proxy.Origin())
			name := "downloads.invalid:" + at.Port()
			s.client.Resolve = map[string]string{name: at.Hostname()}
			s.stack.Proxy = diag.URL("http://" + name + downloads)
			s.stack.Direct = diag.URL("http://" + name + direct)
		}},
		{"proxy-timeout", "the proxy sends the body in pieces", inFront(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				a := hold(next, r)
				rest := a.body[len(a.body)/2:]
				if isHead(r) {
					rest = nil
				}
				a.body = a.body[:len(a.body)-len(rest)]
				a.send(w)
				_ = http.NewResponseController(w).Flush()
				_, _ = w.Write(rest)
			})
		})},
		{"proxy-auth-required", "the proxy asks for a login, which is given", func(s *setup) {
			s.stack.Header = compare.Header{{Name: "Authorization", Value: "Basic dTpw"}}
			s.front = instead(func(r *http.Request) bool { return r.Header.Get("Authorization") != "Basic dTpw" },
				refuse(http.StatusUnauthorized))
		}},
		{"proxy-redirects", "the proxy redirects everything but downloads", inFront(instead(
			func(r *http.Request) bool { return !isDownload(r) && !strings.HasPrefix(r.URL.Path, direct) },
			http.RedirectHandler("/welcome/", http.StatusFound).ServeHTTP))},
		{"proxy-redirects", "the answer has a Location without being a redirect", inFront(header("Location", "/welcome/"))},
		{"proxy-bad-gateway", "the first of two upstreams is down", func(s *setup) {
			down := &httputil.ReverseProxy{
				Rewrite: func(pr *httputil.ProxyRequest) { pr.SetURL(&url.URL{Scheme: "http", Host: s.nowhere}) },
			}
			s.front = func(next http.Handler) http.Handler {
				down.ErrorHandler = func(w http.ResponseWriter, r *http.Request, _ error) { next.ServeHTTP(w, r) }
				return down
			}
		}},
		{"proxy-host-rejected", "the backend knows the proxy's host and no other", func(s *setup) {
			known := []string{s.backendPort.Addr().String(), s.proxyPort.Addr().String()}
			s.app = s.application()
			s.backend = instead(func(r *http.Request) bool { return !slices.Contains(known, r.Host) }, refuse(http.StatusBadRequest))
		}},
		{"proxy-scheme-lost", "the backend wants https, and the proxy tells it that this is", func(s *setup) {
			lost, _ := Lookup("proxy-scheme-lost")
			lost.inject(s)
			redirecting := s.backend
			s.backend = func(next http.Handler) http.Handler {
				strict := redirecting(next)
				return instead(func(r *http.Request) bool { return behindProxy(r) }, next.ServeHTTP)(strict)
			}
		}},
		{"proxy-request-header-lost", "the proxy takes a cookie off that nobody needs", func(s *setup) {
			s.stack.Header = compare.Header{{Name: "Cookie", Value: "session=4711"}}
			s.app = s.application()
			s.front = without("Cookie")
		}},
		{"proxy-path-rewritten", "the proxy has the downloads under another path", func(s *setup) {
			s.stack.Proxy = diag.URL(s.stack.Proxy.Origin() + "/files/")
			s.front = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if rest, ok := strings.CutPrefix(r.URL.Path, "/files/"); ok {
						r.URL = &url.URL{Path: downloads + rest}
					}
					next.ServeHTTP(w, r)
				})
			}
		}},
		{"proxy-not-routed", "the proxy removes fields that it does not know", inFront(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Del(sendfile.ProbeHeader)
				next.ServeHTTP(w, r)
			})
		})},
		{"proxy-truncated", "the proxy declares no length", inFront(alterFiles(func(a *answer) { a.header.Del("Content-Length") }))},
		{"proxy-body-altered", "a filter of the proxy adds a line to pages", inFront(alter(func(r *http.Request, a *answer) {
			if !isHead(r) && a.status >= 400 {
				a.header.Del("Content-Length")
				a.body = append(a.body, "<!-- served by proxy -->\n"...)
			}
		}))},
		{"proxy-cached-handoff", "a cache asks the application each time, and says that it has the file",
			inFront(alterFiles(func(a *answer) {
				a.header.Set("X-Cache", "HIT")
				a.header.Set("Age", "12")
			}))},
		{"proxy-plain-answer-lost", "pages of the application get a line of the proxy's", inFront(alter(func(r *http.Request, a *answer) {
			if isDownload(r) && isPage(a) {
				a.header.Del("Content-Length")
				a.body = append(a.body, "<!-- proxy -->"...)
			}
		}))},
		{"proxy-error-masked", "errors get a page of the proxy's, with their status", inFront(alter(func(r *http.Request, a *answer) {
			if a.status >= 400 {
				a.page(a.status, "Sorry")
			}
		}))},
		{"proxy-error-masked", "the backend itself answers every error with 200", inBackend(alter(func(r *http.Request, a *answer) {
			if a.status >= 400 {
				a.page(http.StatusOK, "Sorry")
			}
		}))},
		{"proxy-cache-control-overridden", "the proxy adds an Expires in the past", inFront(header("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"))},
		{"proxy-header-duplicated", "two Set-Cookie lines arrive as two", inBackend(alterFiles(func(a *answer) {
			a.header["Set-Cookie"] = []string{"a=1; Path=/", "b=2; Path=/"}
		}))},
		{"proxy-header-lost", "a cookie is another one in each answer", inBackend(fresh())},
		{"proxy-header-lost", "the proxy makes its own ETag and Last-Modified", func(*setup) {}},
		{"proxy-method-blocked", "the backend refuses HEAD, and the proxy asks it by GET", func(s *setup) {
			s.backend = instead(isHead, refuse(http.StatusMethodNotAllowed))
			s.front = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if isHead(r) {
						r.Method = http.MethodGet
						r.RequestURI = ""
						a := hold(next, r)
						r.Method = http.MethodHead
						a.send(w)
						return
					}
					next.ServeHTTP(w, r)
				})
			}
		}},
		{"proxy-head-broken", "HEAD has no length", inFront(alter(func(r *http.Request, a *answer) {
			if isHead(r) {
				a.header.Del("Content-Length")
			}
		}))},
		{"proxy-direct-broken", "the direct location has other fields", inFront(alter(func(r *http.Request, a *answer) {
			if strings.HasPrefix(r.URL.Path, direct) {
				a.header = http.Header{"Content-Type": {"text/plain"}}
			}
		}))},
		{"proxy-direct-broken", "there is none", func(s *setup) { s.stack.Direct = "" }},
	}
}

// fresh sets a new cookie with each answer.
func fresh() middleware {
	var n atomic.Int64
	return alterFiles(func(a *answer) { a.header.Set("Set-Cookie", fmt.Sprintf("session=%d; HttpOnly", n.Add(1))) })
}
