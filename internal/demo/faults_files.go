package demo

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// fileFaults are those in how the proxy sends files: whole ones arrive.
func fileFaults() []Fault {
	return []Fault{
		{"proxy-stale-file", "The proxy keeps files, and does not see that they change.",
			inFront(keep(func(r *http.Request, _ *answer) string { return r.URL.Path }))},
		{"backend-stale-validator", "The application sends the same ETag whatever becomes of the file.", func(s *setup) {
			s.byPath(sendfile.Raw)
			s.backend = alter(func(r *http.Request, a *answer) { a.header.Set("Etag", `"d41d8cd98f00b204e9800998ecf8427e"`) })
		}},
		{"proxy-conditional-broken", "The proxy gives all files the same ETag.", inFront(oneETag)},
		{"proxy-compressed-download", "The proxy packs every download on the fly.",
			inFront(pack(func(string) bool { return true }))},
		{"proxy-ranges-broken", "The proxy sends the whole file to whoever asks for a part of it.",
			inFront(withoutRange(func(string) bool { return true }))},
		{"proxy-throttled", "The proxy limits the rate of downloads.", inFront(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				a := hold(next, r)
				rest := a.body
				for a.body = nil; len(rest) > 16<<10; rest = rest[16<<10:] {
					a.body = rest[:16<<10]
					a.send(w)
					time.Sleep(20 * time.Millisecond)
				}
				a.body = rest
				a.send(w)
			})
		})},
	}
}

// keep is a cache of files under a key. The application is asked each time, and
// only plain requests are answered from the cache.
func keep(key func(*http.Request, *answer) string) middleware {
	var mu sync.Mutex
	kept := map[string]answer{}
	plain := func(r *http.Request) bool {
		return r.Method == http.MethodGet && r.Header.Get("Range") == "" && r.Header.Get("If-None-Match") == ""
	}
	return alter(func(r *http.Request, a *answer) {
		if !isDownload(r) || a.status != http.StatusOK || !plain(r) {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if _, hit := kept[key(r, a)]; !hit {
			kept[key(r, a)] = *a
		}
		*a = kept[key(r, a)]
	})
}

// oneETag makes all files look the same to who has a copy.
func oneETag(next http.Handler) http.Handler {
	const etag = `"0"`
	tagged := header("Etag", etag)(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isDownload(r) && r.Header.Get("If-None-Match") == etag {
			w.Header().Set("Etag", etag)
			w.WriteHeader(http.StatusNotModified)
			return
		}
		if r.Header.Get("If-Range") == etag {
			r.Header.Del("If-Range")
		}
		tagged.ServeHTTP(w, r)
	})
}

// pack compresses answers of some media types, for clients that accept it.
func pack(mediaType func(string) bool) middleware {
	return alter(func(r *http.Request, a *answer) {
		if a.status != http.StatusOK || r.Header.Get("Accept-Encoding") != "gzip" || !mediaType(a.header.Get("Content-Type")) {
			return
		}
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(a.body) // a buffer takes everything
		_ = z.Close()
		a.body = b.Bytes()
		a.header.Set("Content-Encoding", "gzip")
		a.header.Set("Etag", "W/"+strings.TrimPrefix(a.header.Get("Etag"), "W/"))
		a.header.Del("Content-Length")
		a.header.Del("Accept-Ranges")
	})
}

// withoutRange hides some ranges from the proxy.
func withoutRange(hidden func(string) bool) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if hidden(r.Header.Get("Range")) {
				r.Header.Del("Range")
			}
			next.ServeHTTP(w, r)
		})
	}
}
