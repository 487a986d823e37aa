package demo

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// proxyFaults are those that keep the download from arriving.
func proxyFaults() []Fault {
	return []Fault{
		{"proxy-unreachable", "The proxy is down: nothing listens on its port.", func(s *setup) {
			s.stack.Proxy, s.stack.Direct = diag.URL("http://"+s.nowhere+downloads), ""
		}},
		{"proxy-timeout", "The proxy gives up waiting before the application answers.",
			inFront(instead(isDownload, refuse(http.StatusGatewayTimeout)))},
		{"proxy-auth-required", "The proxy asks for a login of its own.", inFront(instead(isDownload, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="staging"`)
			w.WriteHeader(http.StatusUnauthorized)
		}))},
		{"proxy-redirects", "The proxy redirects downloads to another host.", inFront(instead(isDownload, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://www.example.org"+r.URL.Path, http.StatusMovedPermanently)
		}))},
		{"proxy-bad-gateway", "The proxy looks for the application on a port where nothing listens.", func(s *setup) {
			s.proxy.Backend = &url.URL{Scheme: "http", Host: s.nowhere}
		}},
		{"proxy-host-rejected", "The application refuses the Host that the proxy passes on.", func(s *setup) {
			own := s.backendPort.Addr().String()
			s.app = s.application()
			s.backend = instead(func(r *http.Request) bool { return r.Host != own }, refuse(http.StatusBadRequest))
		}},
		{"proxy-scheme-lost", "The application wants https, and the proxy does not say that the client came by it.", func(s *setup) {
			s.app = s.application()
			s.backend = instead(func(r *http.Request) bool { return r.Header.Get("X-Forwarded-Proto") != "https" },
				func(w http.ResponseWriter, r *http.Request) {
					http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusMovedPermanently)
				})
		}},
		{"proxy-request-header-lost", "The proxy does not pass the cookie on, and the application wants a login.", func(s *setup) {
			s.stack.Header = compare.Header{{Name: "Cookie", Value: "session=4711"}}
			s.app = s.application()
			s.backend = instead(func(r *http.Request) bool { return r.Header.Get("Cookie") == "" }, refuse(http.StatusForbidden))
			s.front = without("Cookie")
		}},
		{"proxy-path-rewritten", "The proxy cuts the path's first folder off before it asks the application.",
			inFront(func(next http.Handler) http.Handler {
				stripped := http.StripPrefix(strings.TrimSuffix(downloads, "/"), next)
				return instead(isDownload, stripped.ServeHTTP)(next)
			})},
		{"proxy-not-routed", "Another location of the proxy takes the downloads.",
			inFront(instead(isDownload, refuse(http.StatusNotFound)))},
		{"proxy-truncated", "The proxy stops in the middle of the file.", inFront(alterFiles(func(a *answer) {
			a.body = a.body[:len(a.body)/2]
		}))},
		{"proxy-body-altered", "A filter of the proxy adds a line to whatever it sends.", inFront(alterFiles(func(a *answer) {
			a.header.Del("Content-Length")
			a.body = append(a.body, "<!-- served by proxy -->\n"...)
		}))},
	}
}

// without takes a field off what the proxy is asked.
func without(name string) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del(name)
			next.ServeHTTP(w, r)
		})
	}
}

// deliveryFaults are those with which the download arrives all the same.
func deliveryFaults() []Fault {
	return []Fault{
		{"proxy-cached-handoff", "A cache in the proxy replays downloads without asking the application.", inFront(replay)},
		{"proxy-plain-answer-lost", "What acts on handoffs takes a page without one for a file that is not there.",
			inFront(alter(func(r *http.Request, a *answer) {
				if isDownload(r) && isPage(a) {
					*a = answer{status: http.StatusNotFound, header: http.Header{}}
				}
			}))},
		{"proxy-error-masked", "The proxy shows a friendly page with status 200 in place of errors.",
			inFront(alter(func(r *http.Request, a *answer) {
				if isDownload(r) && (a.status == http.StatusForbidden || a.status == http.StatusNotFound) {
					a.page(http.StatusOK, "Nothing to see here")
				}
			}))},
		{"proxy-cache-control-overridden", "The proxy makes private downloads public for a year.",
			inFront(header("Cache-Control", "public, max-age=31536000"))},
		{"proxy-header-duplicated", "The proxy adds a second Content-Disposition.",
			inFront(alterFiles(func(a *answer) { a.header.Add("Content-Disposition", "inline") }))},
		{"proxy-header-lost", "The proxy removes Content-Disposition.",
			inFront(alterFiles(func(a *answer) { a.header.Del("Content-Disposition") }))},
		{"proxy-method-blocked", "The proxy allows GET alone.",
			inFront(instead(isHead, refuse(http.StatusMethodNotAllowed)))},
		{"proxy-head-broken", "The proxy tells a length of 0 for HEAD.", inFront(alter(func(r *http.Request, a *answer) {
			if isHead(r) {
				a.header.Set("Content-Length", "0")
			}
		}))},
		{"proxy-direct-broken", "The direct location serves another folder than the storage.",
			func(s *setup) { s.served = s.elsewhere }},
	}
}

// replay is a cache that asks nobody twice.
func replay(next http.Handler) http.Handler {
	var mu sync.Mutex
	kept := map[string]answer{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		whole := r.Method == http.MethodGet && r.Header.Get("Range") == ""
		a, hit := kept[r.URL.Path]
		if hit = hit && whole; !hit {
			a = *hold(next, r)
		}
		if whole && a.status == http.StatusOK {
			kept[r.URL.Path] = a
		}
		if hit {
			a.header = a.header.Clone()
			a.header.Set("X-Cache", "HIT")
		}
		a.send(w)
	})
}

// application is a backend of its own, without a companion's notes: it hands
// off whatever is in the storage.
func (s *setup) application() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		value, err := s.spec.Encode(name)
		if _, missing := s.store.Stat(r.Context(), name); err != nil || missing != nil || !isDownload(r) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set(s.spec.Dialect.Header, value)
		w.Header().Set("Content-Type", "application/octet-stream")
	})
}
