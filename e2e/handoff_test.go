package e2e

import (
	"net/http"
	"path"
	"testing"
)

func TestHandoff(t *testing.T) { try(t, handoffRows()) }

func handoffRows() []row {
	return []row{
		{name: "ignored", code: "handoff-ignored", near: "backend-no-handoff handoff-leaked",
			site: in("location /dl/", "proxy_ignore_headers X-Accel-Redirect;")},
		{name: "ignored and leaked", code: "handoff-ignored", near: "backend-wrong-dialect",
			site: in("location /dl/", "proxy_ignore_headers X-Accel-Redirect; proxy_pass_header X-Accel-Redirect;")},
		{name: "passed on, yet acted on", near: "handoff-ignored handoff-leaked proxy-plain-answer-lost", site: in("location /dl/", "proxy_pass_header X-Accel-Redirect;")},
		{name: "other fields ignored", near: "handoff-ignored", site: in("location /dl/", "proxy_ignore_headers X-Accel-Expires Expires Cache-Control;")},

		{name: "cycle", code: "handoff-loop", near: "handoff-not-found",
			site: locations(download + "location /protected/ { internal; rewrite ^/protected/(.*)$ /protected/x/$1 last; }")},
		{name: "named location missing", code: "handoff-loop", near: "backend-relative-path",
			backend: value(func(string) string { return "@files" })},
		{name: "rewritten once", near: "handoff-loop",
			site: locations(download + "location /protected/ { internal; rewrite ^/protected/(.*)$ /files/$1 last; } location /files/ { internal; alias /srv/media/; }")},

		{name: "no internal location, all to the application", code: "handoff-echoed", near: "handoff-not-found handoff-loop",
			sample: "application.conf", site: swap("location ^~ /protected/", "location ^~ /elsewhere/")},
		{name: "no internal location at all", code: "handoff-not-found", near: "handoff-echoed", sample: "downloads.conf",
			site: swap("location /protected/", "location /elsewhere/")},
		{name: "application with an internal location", near: "handoff-echoed", sample: "application.conf"},

		{name: "root for alias", code: "handoff-not-found", site: swap("internal;\n        alias /srv/media/;", "internal;\n        root /srv/media;")},
		{name: "alias without its slash", code: "handoff-not-found", site: swap("internal;\n        alias /srv/media/;", "internal;\n        alias /srv/media;")},
		{name: "another folder", code: "handoff-not-found", near: "backend-wrong-prefix",
			site: swap("internal;\n        alias /srv/media/;", "internal;\n        alias /srv/pages/;")},
		{name: "no folder", code: "handoff-not-found", site: swap("internal;\n        alias /srv/media/;", "internal;")},
		{name: "symbolic links off", code: "handoff-not-found", near: "handoff-forbidden",
			site: locations(download + "location /protected/ { internal; alias /srv/link/; disable_symlinks on; }")},
		{name: "root that holds the prefix", near: "handoff-not-found", sample: "root.conf"},

		{name: "denied to all", code: "handoff-forbidden", near: "proxy-not-routed", site: in("location /protected/", "deny all;")},
		{name: "worker may not read", code: "handoff-forbidden", near: "handoff-not-found",
			flags: func(s *setup) { s.asRoot(); s.Mode = 0o600 }},
		{name: "denied to others", near: "handoff-forbidden", site: in("location /protected/", "allow 127.0.0.1; deny all;")},

		{name: "page for a missing file", code: "handoff-wrong-content", near: "handoff-not-found proxy-body-altered",
			site: locations(download + "location /protected/ { internal; root /srv/pages; try_files $uri /index.html; } location = /index.html { root /srv/pages; }")},
		{name: "page with status 200", code: "handoff-wrong-content", near: "handoff-ignored",
			site: locations(download + "location /protected/ { internal; alias /srv/pages/; error_page 404 =200 /index.html; } location = /index.html { root /srv/pages; }")},
		{name: "page never needed", near: "handoff-wrong-content",
			site: locations(download + "location /protected/ { internal; root /srv/media; rewrite ^/protected/(.*)$ /$1 break; try_files $uri /index.html; }")},

		{name: "without internal", code: "handoff-internal-exposed", site: swap("internal;", "")},
		{name: "page for the internal URI", near: "handoff-internal-exposed",
			site: both(above("error_page 404 =200 /index.html;"), in("server", "root /srv/pages;"))},
		{name: "internal URI answered by the application", near: "handoff-internal-exposed",
			site: locations("location / { proxy_pass http://127.0.0.1:8000; } location ^~ /protected/ { internal; alias /srv/media/; error_page 404 = @app; } location @app { proxy_pass http://127.0.0.1:8000; }")},

		{name: "slash on one side only", code: "handoff-traversal", near: "handoff-internal-exposed",
			site: locations(download + "location /protected { alias /srv/media/; }")},
		{name: "application that hands off any path", near: "handoff-traversal handoff-internal-exposed", only: own, backend: anyPath,
			site: locations("location / { proxy_pass http://127.0.0.1:8000; proxy_set_header Host $http_host; }\n" + internal)},
		{name: "application that hands off any path, slash on one side only", code: "handoff-traversal", near: "handoff-internal-exposed", only: own,
			backend: anyPath, site: locations("location / { proxy_pass http://127.0.0.1:8000; proxy_set_header Host $http_host; }\nlocation /protected { alias /srv/media/; }")},
		{name: "slash on one side only, direct", code: "handoff-traversal", flags: direct,
			site: locations(download + internal + "location /direct { alias /srv/media/; }")},
		{name: "slash on one side only, internal", near: "handoff-traversal",
			site: locations(download + "location /protected { internal; alias /srv/media/; }")},

		{name: "debug field", code: "handoff-leaked", site: in("location /protected/", "add_header X-Accel-Redirect $upstream_http_x_accel_redirect;")},
		{name: "debug field without the path", near: "handoff-leaked", site: in("location /protected/", "add_header X-Sent-By nginx;")},

		{name: "security fields dropped", code: "handoff-headers-dropped", near: "proxy-header-lost", backend: ok(func(a *answer) {
			a.Header.Set("X-Content-Type-Options", "nosniff")
			a.Header.Set("Access-Control-Allow-Origin", "*")
		})},
		{name: "fields of the application's own dropped", near: "handoff-headers-dropped", backend: ok(func(a *answer) {
			a.Header.Set("X-Powered-By", "PHP/8.3")
			a.Header.Set("X-Request-Id", "4711")
			a.Header.Set("Vary", "Cookie")
		})},
	}
}

// anyPath makes every path the download of its last part.
func anyPath(next http.Handler, _ string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path, r.URL.RawPath = "/dl/"+path.Base(r.URL.Path), ""
		next.ServeHTTP(w, r)
	})
}
