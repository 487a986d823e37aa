package e2e

import (
	"net/http"
	"testing"
)

func TestRequests(t *testing.T) { try(t, requestRows()) }

// requestRows are about requests beyond the plain GET: ranges, validators,
// content codings, files that change.
func requestRows() []row {
	return []row{
		{name: "ranges answered by the backend", code: "backend-handles-range", near: "proxy-ranges-broken", backend: ok(func(a *answer) {
			if a.Request.Header.Get("Range") != "" {
				a.Status = 206
				a.Header.Set("Content-Range", "bytes 0-0/163877")
			}
		})},
		{name: "ranges promised by the backend", near: "backend-handles-range", backend: field("Accept-Ranges", "bytes")},

		{name: "no ranges", code: "proxy-ranges-broken", near: "backend-handles-range", site: in("location /protected/", "max_ranges 0;")},
		{name: "no ranges in the download location", near: "proxy-ranges-broken", site: in("location /dl/", "max_ranges 0;")},
		{name: "one range at a time", near: "proxy-ranges-broken", site: in("location /protected/", "max_ranges 1;")},

		{name: "validators ignored", code: "proxy-conditional-broken", site: in("location /protected/", "etag off; if_modified_since off;")},
		{name: "the application answers 304 to whoever has a copy", code: "backend-stale-validator", near: "proxy-conditional-broken", only: own,
			backend: ok(func(a *answer) {
				if a.Request.Header.Get("If-None-Match") != "" {
					a.Status, a.Header = 304, http.Header{"Etag": {a.Request.Header.Get("If-None-Match")}}
				}
			})},
		{name: "the application's ETag is that of an empty body", near: "backend-stale-validator", backend: field("ETag", `"d41d8cd98f00b204e9800998ecf8427e"`)},
		{name: "no ETag", near: "proxy-conditional-broken", site: in("location /protected/", "etag off;")},
		{name: "date compared loosely", near: "proxy-conditional-broken", site: in("location /protected/", "if_modified_since before;")},

		{name: "downloads packed", code: "proxy-compressed-download", near: "proxy-ranges-broken",
			site: in("location /protected/", "gzip on; gzip_types *; gzip_min_length 1;")},
		{name: "text packed", near: "proxy-compressed-download",
			site: in("location /protected/", "gzip on; gzip_types text/plain text/css application/json;")},
		{name: "packing in the download location", near: "proxy-compressed-download",
			site: in("location /dl/", "gzip on; gzip_types *; gzip_min_length 1;")},

		{name: "open files remembered", code: "proxy-stale-file", near: "proxy-truncated", only: own,
			site: in("location /protected/", "open_file_cache max=100; open_file_cache_valid 1h;")},
		{name: "open files remembered for a second", near: "proxy-stale-file", only: own,
			site: in("location /protected/", "open_file_cache max=100; open_file_cache_valid 1s;")},
		{name: "open files remembered in the download location", near: "proxy-stale-file",
			site: in("location /dl/", "open_file_cache max=100; open_file_cache_valid 1h;")},

		{name: "low rate", code: "proxy-throttled", near: "proxy-truncated", only: own, site: in("location /protected/", "limit_rate 1m;")},
		{name: "pictures looked for elsewhere", code: "handoff-not-found", near: "proxy-not-routed",
			site: in("server", `location ~ ^/protected/.+\.jpg$ { internal; root /srv/pages; }`)},
		{name: "pictures in a location of their own", near: "handoff-not-found",
			site: in("server", `location ~ ^/protected/(.+\.jpg)$ { internal; alias /srv/media/$1; }`)},
		{name: "text added to pages", code: "proxy-body-altered", near: "proxy-truncated",
			site: in("location /protected/", "sub_filter '</body>' '<p>added</p></body>';")},
		{name: "nothing to replace in pages", near: "proxy-body-altered",
			site: in("location /protected/", "sub_filter 'what nobody writes' 'anything';")},
		{name: "high rate", near: "proxy-throttled", only: own, site: in("location /protected/", "limit_rate 100m;")},
	}
}
