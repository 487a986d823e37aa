package e2e

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

func TestProxy(t *testing.T) { try(t, append(proxyRoutingRows(), proxyAnswerRows()...)) }

// proxyRoutingRows are about whether and how the backend is asked.
func proxyRoutingRows() []row {
	return []row{
		{name: "nothing listens on the users' port", code: "proxy-unreachable",
			flags: func(s *setup) { s.Stack.Proxy = "http://127.0.0.1:8001/dl/" }},
		{name: "unknown certificate", code: "proxy-unreachable", site: overTLS,
			flags: func(s *setup) { s.Stack.Proxy = "https://127.0.0.1:8080/dl/" }},
		{name: "unknown certificate, insecure", near: "proxy-unreachable", site: overTLS,
			flags: func(s *setup) { s.Stack.Proxy = "https://127.0.0.1:8080/dl/"; s.Client.Insecure = true }},

		{name: "silent upstream", code: "proxy-timeout", near: "proxy-bad-gateway",
			site: both(swap("127.0.0.1:8000", "127.0.0.1:8002"), in("location /dl/", "proxy_read_timeout 200ms;"))},
		{name: "silent proxy", code: "proxy-timeout", near: "proxy-unreachable",
			flags: func(s *setup) { s.Stack.Proxy = "http://127.0.0.1:8002/dl/"; s.Client.Timeout = time.Second }},
		{name: "slow in time", near: "proxy-timeout backend-timeout", backend: slow, site: in("location /dl/", "proxy_read_timeout 20s;")},

		{name: "login of the proxy", code: "proxy-auth-required", near: "proxy-not-routed",
			site: in("location /dl/", `auth_basic closed; auth_basic_user_file /dev/null;`)},
		{name: "login for others only", near: "proxy-auth-required",
			site: in("location /dl/", `satisfy any; allow 127.0.0.1; deny all; auth_basic closed; auth_basic_user_file /dev/null;`)},

		{name: "to https", code: "proxy-redirects", near: "proxy-not-routed", site: in("location /dl/", "return 301 https://$host$request_uri;")},
		{name: "redirect elsewhere", near: "proxy-redirects",
			site: in("server", "rewrite ^/downloads/(.*)$ /dl/$1 permanent; if ($http_x_forwarded_proto = http) { return 301 https://$host$request_uri; }")},

		{name: "application wants https, proxy hides it", code: "proxy-scheme-lost", near: "proxy-redirects backend-error-status",
			only: own, backend: wantsHTTPS, site: both(overTLS, swap("X-Forwarded-Proto $scheme", "X-Forwarded-Proto http")), flags: trust},
		{name: "application told of http redirects, untold it does not", code: "proxy-scheme-lost", near: "proxy-redirects",
			only: own, backend: refusesHTTP, site: swap("X-Forwarded-Proto $scheme", "X-Forwarded-Proto http")},
		{name: "redirect to https of the proxy, whatever the application is told", code: "proxy-redirects", near: "proxy-scheme-lost",
			only: own, site: in("location /dl/", "return 301 https://$host$request_uri;")},
		{name: "application wants https, the proxy tells it and we do not", near: "proxy-scheme-lost backend-error-status", only: own,
			backend: wantsHTTPS, site: overTLS, flags: trust},
		{name: "application wants https and learns of it", near: "proxy-scheme-lost", backend: wantsHTTPS, site: overTLS,
			flags: func(s *setup) { trust(s); s.Stack.Header = compare.Header{{Name: "X-Forwarded-Proto", Value: "https"}} }},

		{name: "dead upstream", code: "proxy-bad-gateway", near: "proxy-not-routed", site: swap("127.0.0.1:8000", "127.0.0.1:8001")},
		{name: "more header than the buffer holds", code: "proxy-bad-gateway", site: in("location /dl/", "proxy_buffer_size 4k; proxy_buffers 8 4k; proxy_busy_buffers_size 8k;"),
			backend: field("X-Trace", strings.Repeat("trace ", 1500))},
		{name: "much header in a large buffer", near: "proxy-bad-gateway", site: in("location /dl/", "proxy_buffer_size 32k; proxy_buffers 8 32k; proxy_busy_buffers_size 64k;"),
			backend: field("X-Trace", strings.Repeat("trace ", 1500))},
		{name: "dead server in a group", near: "proxy-bad-gateway", sample: "application.conf",
			site: swap("server 127.0.0.1:8000;", "server 127.0.0.1:8001; server 127.0.0.1:8000;")},

		{name: "host not allowed", code: "proxy-host-rejected", near: "proxy-not-routed handoff-not-found", only: own,
			site: swap("Host $http_host", "Host backend.internal"), backend: allowedHosts},
		{name: "another host, allowed", near: "proxy-host-rejected", site: swap("Host $http_host", "Host backend.internal")},
		{name: "host list that fits", near: "proxy-host-rejected", only: own, backend: allowedHosts},

		{name: "cookie taken off", code: "proxy-request-header-lost", near: "handoff-forbidden handoff-not-found proxy-auth-required", only: own,
			site: in("location /dl/", `proxy_set_header Cookie "";`), backend: wantsCookie, flags: withCookie},
		{name: "cookie passed on", near: "proxy-request-header-lost", only: own, backend: wantsCookie, flags: withCookie},
		{name: "cookie taken off that nobody needs", near: "proxy-request-header-lost", only: own,
			site: in("location /dl/", `proxy_set_header Cookie "";`), flags: withCookie},
		{name: "application refuses what comes by way of a proxy", code: "backend-error-status", near: "handoff-forbidden proxy-not-routed", only: own,
			backend: wantsNoProxy},
		{name: "failure of the moment", near: "handoff-loop backend-error-status", backend: failsOnce},

		{name: "prefix cut off", code: "proxy-path-rewritten", near: "handoff-echoed proxy-not-routed",
			site: swap("proxy_pass http://127.0.0.1:8000;", "proxy_pass http://127.0.0.1:8000/;")},
		{name: "prefix replaced by the same", near: "proxy-path-rewritten",
			site: swap("proxy_pass http://127.0.0.1:8000;", "proxy_pass http://127.0.0.1:8000/dl/;")},
		{name: "prefix replaced as the URLs say", near: "proxy-path-rewritten",
			site:  swap("proxy_pass http://127.0.0.1:8000;", "proxy_pass http://127.0.0.1:8000/files/;"),
			flags: func(s *setup) { s.Stack.Backend = "http://127.0.0.1:8000/files/" }},

		{name: "another server block", code: "proxy-not-routed", near: "handoff-not-found",
			site: both(above("server { listen 127.0.0.1:8080 default_server; return 404; }"), in("server", "server_name downloads.example.org;"))},
		{name: "internal download location", code: "proxy-not-routed", near: "handoff-not-found", site: in("location /dl/", "internal;")},
		{name: "download refused", code: "proxy-not-routed", near: "handoff-forbidden", site: in("location /dl/", "deny all;")},
		{name: "regular expression takes the download", code: "proxy-not-routed", near: "handoff-not-found",
			site: in("server", `location ~ \.bin$ { root /srv/pages; }`)},
		{name: "download without the application", code: "proxy-not-routed", near: "proxy-cached-handoff", only: companion,
			site: swap("proxy_pass http://127.0.0.1:8000;", "alias /srv/media/;")},
		{name: "download without one's own application", code: "proxy-not-routed", near: "proxy-header-lost proxy-error-masked", only: own,
			site: swap("proxy_pass http://127.0.0.1:8000;", "alias /srv/media/;")},
		{name: "fields hidden and errors replaced in front", near: "proxy-not-routed",
			site: both(behind("proxy_hide_header Content-Disposition; proxy_hide_header Cache-Control; proxy_intercept_errors on; error_page 404 /sorry.html;"),
				swap("server {\n    listen 127.0.0.1:8080;", "server {\n    listen 127.0.0.1:8080;\n    location = /sorry.html { return 404 sorry; }")),
			code: "proxy-header-lost", backend: field("Set-Cookie", "session=1; HttpOnly; Path=/")},
		{name: "regular expression asks the application as well", near: "proxy-not-routed",
			site: in("server", `location ~ ^/dl/.*\.bin$ { proxy_pass http://127.0.0.1:8000; }`)},

		{name: "replayed by a cache in front", code: "proxy-cached-handoff", only: companion,
			site: both(cacheZone, behind("proxy_cache z; proxy_cache_valid 200 1m; proxy_ignore_headers Cache-Control Expires Set-Cookie;"))},
		{name: "cache in front that does not tell users apart", code: "proxy-cached-handoff", near: "proxy-stale-file", only: own,
			site:    both(cacheZone, behind("proxy_cache z; proxy_cache_valid 200 1m; proxy_ignore_headers Cache-Control Expires Set-Cookie;"+passedOn)),
			backend: wantsCookie, flags: twoUsers},
		{name: "cache in front that obeys private, two users", near: "proxy-cached-handoff", only: own,
			site: both(cacheZone, behind("proxy_cache z; proxy_cache_valid 200 1m;"+passedOn)), backend: wantsCookie, flags: twoUsers},
		{name: "cache in front that obeys private", near: "proxy-cached-handoff",
			site: both(cacheZone, behind("proxy_cache z; proxy_cache_valid 200 1m;"+passedOn))},
	}
}

// proxyAnswerRows are about what becomes of an answer.
func proxyAnswerRows() []row {
	return []row{
		{name: "breaks off", code: "proxy-truncated", near: "proxy-body-altered handoff-wrong-content",
			site: locations(download + "location /protected/ { internal; proxy_pass http://127.0.0.1:8003/cut/; }")},
		{name: "storage behind HTTP", near: "proxy-truncated proxy-header-lost", site: locations(download + "location /protected/ { internal; proxy_pass http://127.0.0.1:8003/whole/; }")},

		{name: "text replaced", code: "proxy-body-altered", near: "handoff-wrong-content",
			site: in("location /protected/", "sub_filter_types *; sub_filter_once off; sub_filter http://old.example https://new.example;"),
			file: "report.txt"},
		{name: "text added", code: "proxy-body-altered", near: "proxy-truncated",
			site: both(in("location /protected/", "add_after_body /index.html; addition_types *;"), in("server", "root /srv/pages;"))},
		{name: "text replaced in the download location", near: "proxy-body-altered",
			site: in("location /dl/", "sub_filter_types *; sub_filter_once off; sub_filter http://old.example https://new.example;"),
			file: "report.txt"},

		{name: "error becomes a page", code: "proxy-error-masked",
			site: both(in("location /dl/", "proxy_intercept_errors on; error_page 403 404 =200 /index.html;"), in("server", "root /srv/pages;"))},
		{name: "error with a page of its own", near: "proxy-error-masked",
			site: both(in("location /dl/", "proxy_intercept_errors on; error_page 403 404 /index.html;"), in("server", "root /srv/pages;"))},

		{name: "made cacheable", code: "proxy-cache-control-overridden", near: "proxy-header-lost proxy-header-duplicated",
			site: in("location /protected/", "expires 1h;")},
		{name: "second line makes it public", code: "proxy-cache-control-overridden", near: "proxy-header-duplicated",
			site: in("location /protected/", `add_header Cache-Control "public, max-age=3600";`)},
		{name: "refusal made cacheable", code: "proxy-cache-control-overridden", near: "proxy-error-masked", only: companion,
			site: in("location /dl/", `proxy_hide_header Cache-Control; add_header Cache-Control "public, max-age=99999" always;`)},
		{name: "missing file made cacheable", code: "proxy-cache-control-overridden", near: "proxy-error-masked", only: own,
			site: in("location /dl/", `add_header Cache-Control "public, max-age=60" always;`),
			backend: otherwise(func(a *answer) {
				if a.Status == http.StatusNotFound {
					a.Header.Set("Cache-Control", "no-store")
				}
			})},
		{name: "missing file made cacheable where the application says nothing", only: own, // worth knowing, no more
			site: in("location /dl/", `add_header Cache-Control "public, max-age=60" always;`),
			backend: otherwise(func(a *answer) {
				if a.Status == http.StatusNotFound {
					a.Header.Del("Cache-Control")
				}
			})},
		{name: "refusal made uncacheable", near: "proxy-cache-control-overridden", only: companion,
			site: in("location /dl/", `add_header Cache-Control "no-store, max-age=0" always;`)},
		{name: "expires in the download location", near: "proxy-cache-control-overridden", site: in("location /dl/", "expires 1h;")},

		{name: "second disposition", code: "proxy-header-duplicated", near: "proxy-header-lost",
			site: in("location /protected/", "add_header Content-Disposition inline;")},
		{name: "second disposition in the download location", near: "proxy-header-duplicated",
			site: in("location /dl/", "add_header Content-Disposition inline;")},

		{name: "disposition hidden in front", code: "proxy-header-lost", site: behind("proxy_hide_header Content-Disposition;")},
		{name: "disposition hidden before the handoff", near: "proxy-header-lost",
			site: in("location /dl/", "proxy_hide_header Content-Disposition; proxy_hide_header Cache-Control;")},

		{name: "HEAD refused", code: "proxy-method-blocked", near: "proxy-head-broken backend-head-mishandled",
			site: in("location /dl/", "if ($request_method != GET) { return 405; }")},
		{name: "only GET allowed, which means HEAD too", near: "proxy-method-blocked", site: in("location /dl/", "limit_except GET { deny all; }")},

		{name: "POST refused", code: "proxy-method-blocked", near: "proxy-head-broken",
			site: in("location /dl/", "limit_except GET { deny all; }"), flags: byPost},
		{name: "POST allowed", near: "proxy-method-blocked", flags: byPost},

		{name: "HEAD answered without the application", code: "proxy-head-broken", near: "proxy-method-blocked backend-head-mishandled",
			site: in("location /dl/", "if ($request_method = HEAD) { return 200; }")},
		{name: "HEAD turned into GET by a cache", near: "proxy-head-broken", site: both(cacheZone, in("location /dl/", "proxy_cache z; proxy_cache_valid 1m;"))},

		{name: "direct location serves another folder", code: "proxy-direct-broken",
			site:  swap("deny all;\n        alias /srv/media/;", "deny all;\n        alias /srv/pages/;"),
			flags: direct},
		{name: "direct location works, handoff does not", code: "handoff-not-found", near: "proxy-direct-broken",
			site: swap("internal;\n        alias /srv/media/;", "internal;\n        alias /srv/pages/;"), flags: direct},
	}
}

func byPost(s *setup) { s.Stack.Methods = []string{http.MethodPost} }

func direct(s *setup) { s.Stack.Direct = "http://127.0.0.1:8080/direct/" }

// overTLS is the site with a throw-away certificate, for HTTP/2 too.
func overTLS(t testing.TB, site string) string {
	return swap("listen 127.0.0.1:8080;",
		"listen 127.0.0.1:8080 ssl http2; ssl_certificate /srv/tls/cert.pem; ssl_certificate_key /srv/tls/key.pem;")(t, site)
}

// passedOn are the request fields that nginx removes where it may cache.
const passedOn = ` proxy_set_header Range $http_range; proxy_set_header If-Range $http_if_range;
	proxy_set_header If-None-Match $http_if_none_match; proxy_set_header If-Modified-Since $http_if_modified_since;`

// cacheZone is a cache named z.
var cacheZone = above("proxy_cache_path /run/scratch/cache keys_zone=z:1m;")

// wantsHTTPS redirects who did not come by https.
func wantsHTTPS(next http.Handler, storage string) http.Handler {
	return otherwise(func(a *answer) {
		if a.Request.Header.Get("X-Forwarded-Proto") != "https" {
			refuse(a, http.StatusMovedPermanently)
			a.Header.Set("Location", "https://"+a.Host+a.RequestURI)
		}
	})(next, storage)
}

// refusesHTTP redirects to https only where it hears that the client came by http.
func refusesHTTP(next http.Handler, storage string) http.Handler {
	return otherwise(func(a *answer) {
		if a.Request.Header.Get("X-Forwarded-Proto") == "http" {
			refuse(a, http.StatusMovedPermanently)
			a.Header.Set("Location", "https://"+a.Host+a.RequestURI)
		}
	})(next, storage)
}

// allowedHosts refuses hosts that are not on its list, as Django does.
func allowedHosts(next http.Handler, storage string) http.Handler {
	return otherwise(func(a *answer) {
		if !strings.HasPrefix(a.Host, "127.") {
			refuse(a, http.StatusBadRequest)
		}
	})(next, storage)
}

// wantsCookie refuses whoever has not logged in.
func wantsCookie(next http.Handler, storage string) http.Handler {
	return otherwise(func(a *answer) {
		if a.Request.Header.Get("Cookie") != "session=4711" {
			refuse(a, http.StatusForbidden)
		}
	})(next, storage)
}

func withCookie(s *setup) {
	s.Stack.Header = compare.Header{{Name: "Cookie", Value: "session=4711"}}
}

// twoUsers adds one who may not download.
func twoUsers(s *setup) {
	withCookie(s)
	s.Stack.As = []diag.As{{Name: "bob", Field: compare.Field{Name: "Cookie", Value: "session=4712"}}}
}

// wantsNoProxy refuses requests that a proxy passes on.
func wantsNoProxy(next http.Handler, storage string) http.Handler {
	return otherwise(func(a *answer) {
		if a.Request.Header.Get("X-Forwarded-For") != "" || a.Request.Header.Get("X-Forwarded-Proto") != "" {
			refuse(a, http.StatusForbidden)
		}
	})(next, storage)
}

// failsOnce fails the first request that comes through the proxy.
func failsOnce(next http.Handler, storage string) http.Handler {
	var failed atomic.Bool
	return otherwise(func(a *answer) {
		if a.Request.Header.Get("X-Forwarded-Proto") != "" && failed.CompareAndSwap(false, true) {
			refuse(a, http.StatusInternalServerError)
		}
	})(next, storage)
}

// slow takes its time, as applications do.
func slow(next http.Handler, storage string) http.Handler {
	return delayed(20*time.Millisecond)(next, storage)
}

// delayed takes so long.
func delayed(by time.Duration) middleware {
	return func(next http.Handler, _ string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(by):
				next.ServeHTTP(w, r)
			case <-r.Context().Done():
			}
		})
	}
}
