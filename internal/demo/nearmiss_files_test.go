package demo

import (
	"net/http"
	"strings"
	"time"
)

func fileMisses() []Fault {
	return []Fault{
		{"proxy-stale-file", "the proxy keeps files, by their ETag", inFront(keep(func(r *http.Request, a *answer) string {
			return r.URL.Path + a.header.Get("Etag")
		}))},
		{"backend-stale-validator", "the same ETag for all files, which the proxy does not pass on",
			func(s *setup) { s.backend = alter(func(_ *http.Request, a *answer) { a.header.Set("Etag", `"one"`) }) }},
		{"proxy-conditional-broken", "the proxy's validators are weak",
			inFront(alterFiles(func(a *answer) { a.header.Set("Etag", "W/"+a.header.Get("Etag")) }))},
		{"proxy-compressed-download", "the proxy packs text",
			inFront(pack(func(t string) bool { return strings.HasPrefix(t, "text/") }))},
		{"proxy-ranges-broken", "the proxy ignores requests for several ranges",
			inFront(withoutRange(func(r string) bool { return strings.Contains(r, ",") }))},
		{"proxy-throttled", "the proxy takes its time before it begins", inFront(alterFiles(func(*answer) {
			<-time.After(50 * time.Millisecond)
		}))},
	}
}
