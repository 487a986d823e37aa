package nginx

import (
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// answerCases are about download that arrive, and not as they should.
func answerCases() []causeCase {
	const (
		cached    = "nginx-cached-handoff"
		control   = "nginx-cache-control-overridden"
		duplicate = "nginx-duplicate-header"
		gzip      = "nginx-gzip-download"
		ranges    = "nginx-ranges-disabled"
		filter    = "nginx-body-filter"
		openFiles = "nginx-open-file-cache"
		masks     = "nginx-error-page-masks"
		fallback  = "nginx-fallback-page"
		temp      = "nginx-temp-file"
		keeps     = "nginx-error-keeps-headers"
		lost      = "nginx-add-header-lost"
		dots      = "nginx-dotfile-rule"
	)
	private := compare.Header{{Name: "Cache-Control", Value: "private"}}
	public := compare.Header{{Name: "Cache-Control", Value: "max-age=60"}}
	attached := compare.Header{{Name: "Content-Disposition", Value: "attachment"}}
	twice := append(attached, attached...)
	in := func(directives string) string {
		return download + "location /protected/ {\ninternal;\nalias /srv/media/;\n" + directives + "\n}"
	}
	front := func(directives string) string {
		return "server {\nlisten 8080;\nlocation / {\nproxy_pass http://127.0.0.1:8081;\n" + directives + "\n}\n}\nserver {\nlisten 8081;\n" + download + protected + "}"
	}
	// stored has the file come from another server; the directives stand behind its address.
	stored := func(directives string) string {
		return download + "location /protected/ {\ninternal;\nproxy_pass http://127.0.0.1:9000/;" + directives + "\n}"
	}
	const (
		buffered = "an upstream response is buffered to a temporary file /var/lib/nginx/proxy/1 while reading upstream%.0s"
		closed   = "upstream prematurely closed connection while reading upstream%.0s"
	)
	hands := missing(200, compare.Header{{Name: header, Value: "/protected/none.bin"}})
	page := missing(200, nil)
	page.Probe.ID = diag.ProxyMissing
	refused := missing(404, nil)
	return []causeCase{
		{cached, "in front", false, scene{backend: private, http: front("proxy_cache z; # here\nproxy_ignore_headers Cache-Control;")}},
		{cached, "a mark of it", false, scene{backend: private, http: front("proxy_cache z; # here"), more: []diag.Exchange{replay()}}},
		{cached, "heeds private", true, scene{backend: private, http: front("proxy_cache z;")}},
		{cached, "of what all may store", true, scene{backend: public, http: front("proxy_cache z; proxy_ignore_headers Cache-Control;")}},
		{cached, "off", true, scene{http: front("proxy_cache off;")}},
		{cached, "over the handoff", true, scene{server: "location /dl/ { proxy_pass http://127.0.0.1:8000; proxy_cache z; }\n" + protected}},

		{control, "expires", false, scene{backend: private, proxy: public, server: in("expires 1m; # here")}},
		{control, "a second line", false, scene{backend: private, proxy: append(private, public...), server: in("add_header Cache-Control max-age=60; # here")}},
		{control, "in the tier in front", false, scene{backend: private, proxy: public, http: front("expires 1m; # here")}},
		{control, "in the download location", true, scene{backend: private, proxy: private, server: "location /dl/ { proxy_pass http://127.0.0.1:8000; expires 1m; }\n" + protected}},
		{control, "off", true, scene{backend: private, proxy: public, server: "expires 1h;\n" + in("expires off;")}},

		{duplicate, "in force", false, scene{backend: attached, proxy: twice, server: in("add_header Content-Disposition attachment; # here")}},
		{duplicate, "in the tier in front", false, scene{backend: attached, proxy: twice, http: front("add_header Content-Disposition attachment; # here")}},
		{duplicate, "another field", true, scene{backend: attached, proxy: twice, server: in("add_header X-A b;")}},
		{duplicate, "replaced", true, scene{backend: attached, proxy: attached, server: "add_header Content-Disposition attachment;\n" + in("add_header X-A b;")}},

		{gzip, "types", false, scene{server: "gzip on;\n" + in("gzip_types *; # here")}},
		{gzip, "in the tier in front", false, scene{http: front("gzip on;\ngzip_types *; # here")}},
		{gzip, "types alone in front", true, scene{http: front("gzip_types *;")}},
		{gzip, "off", true, scene{server: "gzip on;\n" + in("gzip off;")}},
		{gzip, "in the download location", true, scene{server: "location /dl/ { proxy_pass http://127.0.0.1:8000; gzip on; }\n" + protected}},

		{ranges, "none", false, scene{server: "max_ranges 0; # here\n" + download + protected}},
		{ranges, "some", true, scene{server: in("max_ranges 3;")}},
		{ranges, "replaced", true, scene{server: "max_ranges 0;\n" + in("max_ranges 1;")}},

		{filter, "replaces", false, scene{status: 200, body: "x", server: in("sub_filter a b; # here")}},
		{filter, "adds", false, scene{status: 200, body: "x", server: in("add_after_body /b; # here")}},
		{filter, "in the tier in front", false, scene{status: 200, body: "x", http: front("sub_filter a b; # here")}},
		{filter, "in the download location", true, scene{status: 200, body: "x", server: "location /dl/ { proxy_pass http://127.0.0.1:8000; sub_filter a b; }\n" + protected}},
		{filter, "another file", true, scene{status: 200, body: "x", server: download + "location /protected/ { internal; alias /srv/old/; sub_filter a b; }"}},

		{openFiles, "long", false, scene{server: "open_file_cache max=9;\n" + in("open_file_cache max=10;\nopen_file_cache_valid 1h; # here")}},
		{openFiles, "off, with a validity left", true, scene{server: in("open_file_cache off;\nopen_file_cache_valid 1h;")}},
		{openFiles, "off", true, scene{server: "open_file_cache max=9;\n" + in("open_file_cache off;")}},
		{openFiles, "none", true, scene{server: in("")}},

		{masks, "of the application", false, scene{server: "location /dl/ {\nproxy_pass http://127.0.0.1:8000;\nerror_page 404 =200 /sorry.html; # here\n}\n" + protected, more: []diag.Exchange{refused, page}}},
		{masks, "of the file", false, scene{server: in("error_page 404 = @lost; # here"), more: []diag.Exchange{hands, page}}},
		{masks, "in the tier in front", false, scene{http: front("proxy_intercept_errors on;\nerror_page 404 =200 /sorry.html; # here"), more: []diag.Exchange{refused, page}}},
		{masks, "in a tier that passes errors on", true, scene{http: front("error_page 404 =200 /sorry.html;"), more: []diag.Exchange{refused, page}}},
		{masks, "another status", true, scene{server: in("error_page 500 =200 /sorry.html;"), more: []diag.Exchange{hands, page}}},

		{fallback, "hides a missing file", false, scene{server: in("error_page 404 =200 /index.html; # here"), more: []diag.Exchange{hands, page}}},
		{fallback, "instead of the file", false, scene{status: 200, body: "<html>", server: download + "location /protected/ {\ninternal;\nroot /srv/old;\ntry_files $uri /index.html; # here\n}"}},
		{fallback, "ends with a status", true, scene{server: download + "location /protected/ { internal; root /srv; try_files $uri =404; }"}},

		{temp, "stops", false, scene{cut: 1<<20 + 4096, server: stored("\nproxy_max_temp_file_size 1m; # here"), log: []string{buffered}}},
		{temp, "stops at a gigabyte", false, scene{cut: 1 << 30, server: stored(" # here"), log: []string{buffered, closed}}},
		{temp, "stops before the limit", true, scene{cut: 1 << 20, server: stored(""), log: []string{buffered, closed}}},
		{temp, "buffers another answer", true, scene{cut: 1 << 30, server: stored(""), log: []string{closed}}},
		{temp, "none is made", true, scene{cut: 1 << 30, server: stored("proxy_max_temp_file_size 0;"), log: []string{closed}}},
		{temp, "a folder", true, scene{cut: 1 << 30, server: download + protected, log: []string{buffered}}},
		{temp, "arrives", true, scene{server: stored("proxy_max_temp_file_size 1m;"), log: []string{buffered}}},

		{keeps, "a lifetime", false, scene{own: true, server: download + protected, more: []diag.Exchange{missing(200, append(public, hands.Header...)), kept(public)}}},
		{keeps, "nothing", true, scene{own: true, server: download + protected, more: []diag.Exchange{missing(200, append(public, hands.Header...)), kept(nil)}}},

		{lost, "of the download location", false, scene{server: "location /dl/ {\nproxy_pass http://127.0.0.1:8000;\nadd_header X-Frame-Options DENY; # here\n}\n" + protected}},
		{lost, "in both", true, scene{server: "add_header X-Frame-Options DENY;\n" + download + protected}},

		{dots, "denied", false, scene{server: "location ^~ /dl/ { proxy_pass http://127.0.0.1:8000; }\n" + protected + "location ~ /\\. { # here\ndeny all;\n}", more: []diag.Exchange{dotted(403)}}},
		{dots, "sent", true, scene{server: download + protected + "location ~ /\\. { deny all; }", more: []diag.Exchange{dotted(200)}}},
	}
}

// missing is what the backend answers for a file that is not there.
func missing(status int, fields compare.Header) diag.Exchange {
	x := exchange(diag.BackendMissing, status, "")
	x.Header = fields
	return x
}

// kept is the proxy's 404 for it.
func kept(fields compare.Header) diag.Exchange {
	x := exchange(diag.ProxyMissing, 404, "not here")
	x.Header = fields
	return x
}

// dotted is the download of a file whose name begins with a dot.
func dotted(status int) diag.Exchange {
	x := exchange("proxy-dot", status, "")
	x.Probe.Role = "dot"
	x.Request.URL = "http://localhost:8080/dl/.proxydiag-dot-1.bin"
	return x
}

// exposureCases are about who else gets the files.
func exposureCases() []causeCase {
	const (
		missing = "nginx-internal-missing"
		twin    = "nginx-public-twin"
		slash   = "nginx-off-by-slash"
		wide    = "nginx-alias-too-wide"
		open    = "nginx-open-upstream"
		leak    = "nginx-cache-user-leak"
	)
	fetch := func(pattern, directives string) string {
		return download + protected + "location " + pattern + " {\ninternal;\n" + directives + "\n}"
	}
	return []causeCase{
		{missing, "plain", false, scene{server: download + "location /protected/ { # here\nalias /srv/media/;\n}"}},
		{missing, "internal", true, scene{server: download + protected}},
		{missing, "off by a slash, which is worse", true, scene{server: download + "location /protected { alias /srv/media/; }"}},
		{missing, "of the location around it", true, scene{server: download + "location /protected { internal; location /protected/ { alias /srv/media/; } }"}},
		{missing, "denied to clients", true, scene{server: "if ($request_uri ~ ^/protected/) { return 404; }\n" + download + "location /protected/ { alias /srv/media/; }"}},

		{twin, "takes the handoff itself", true, scene{server: download + protected + "location ~ ^/protected/(.*)$ { alias /srv/media/$1; }"}},
		{twin, "a location", false, scene{server: download + protected + "location /media/ { # here\nalias /srv/media/;\n}"}},
		{twin, "the root", false, scene{server: "root /srv; # here\n" + download + protected}},
		{twin, "by a link", false, scene{link: "/var/link", server: download + protected + "location /media/ { # here\nalias /var/link/;\n}"}},
		{twin, "in another server", false, scene{http: "server {\nlisten 8080;\n" + download + protected + "}\nserver {\nlisten 8080;\nserver_name b.example;\nroot /srv/media; # here\n}"}},
		{twin, "below the root", false, scene{server: "root /srv;\nlocation / { # here\ntry_files $uri =404;\n}\n" + download + protected}},
		{twin, "by a capture", false, scene{server: download + protected + "location ~ ^/(?<kind>[a-z]+)/u-(.+)$ { # here\nalias /srv/media/$2;\n}"}},
		{twin, "of a location with a capture", false, scene{server: download + "location ~ ^/protected/(.+)$ { internal; alias /srv/media/$1; }\nlocation /media/ { # here\nalias /srv/media/;\n}"}},
		{twin, "by a map", false, scene{http: "map $host $folder { default /srv/media; }\nserver {\nlisten 8080;\n" + download + protected + "location /m/ { # here\nalias $folder/;\n}\n}"}},
		{twin, "a capture that leads elsewhere", true, scene{server: download + protected + "location ~ ^/u/(.+)$ { alias /srv/media/public/$1; }"}},
		{twin, "a capture of some files", true, scene{server: download + protected + "location ~ ^/u/([0-9]+)$ { alias /srv/media/$1; }"}},
		{twin, "by a map to elsewhere", true, scene{http: "map $host $folder { default /srv/pages; }\nserver {\nlisten 8080;\n" + download + protected + "location /m/ { alias $folder/; }\n}"}},
		{twin, "on another port", false, scene{http: "server {\nlisten 8080;\n" + download + protected + "}\nserver {\nlisten 8081;\nlocation / { # here\nroot /srv/media;\n}\n}"}},
		{twin, "the storage's own server", true, scene{http: "server {\nlisten 8080;\n" + download + protected + "location /s/ { internal; proxy_pass http://127.0.0.1:8081/; }\n}\nserver {\nlisten 127.0.0.1:8081;\nlocation / { root /srv/media; }\n}"}},
		{twin, "on this machine only", true, scene{http: "server {\nlisten 8080;\n" + download + protected + "}\nserver {\nlisten 127.0.0.1:8081;\nlocation / { root /srv/media; }\n}"}},
		{twin, "denied", true, scene{server: download + protected + "location /media/ { deny all; alias /srv/media/; }"}},
		{twin, "a folder beside it", true, scene{server: download + protected + "location /media/ { alias /srv/media-public/; }"}},
		{twin, "internal as well", true, scene{server: download + protected + "location /media/ { internal; alias /srv/media/; }"}},
		{twin, "root behind a proxy", true, scene{server: "root /srv;\nlocation / { proxy_pass http://127.0.0.1:8000; }\n" + protected}},
		{twin, "of a folder that is wrong", true, scene{status: 404, server: "root /var/www;\n" + download + "location /protected/ { internal; }\nlocation /p/ { alias /var/www/protected/; }"}},

		{slash, "public", false, scene{server: download + protected + "location /docs { # here\nalias /srv/docs/;\n}"}},
		{slash, "internal", true, scene{server: download + "location /protected { internal; alias /srv/media/; }"}},
		{slash, "on neither side", true, scene{server: download + protected + "location /docs { alias /srv/docs; }"}},

		{wide, "alias", false, scene{server: download + "location /protected/ {\ninternal;\nalias /; # here\n}"}},
		{wide, "a folder", true, scene{server: download + protected}},
		{wide, "root with a prefix", true, scene{server: download + "location /srv/media/ { internal; root /; }"}},

		{open, "a capture", false, scene{server: fetch("~ ^/fetch/([^/]+)/(.*)$", "proxy_pass http://$1/$2; # here")}},
		{open, "a field", false, scene{server: fetch("= /fetch", "set $to $upstream_http_x_target;\nproxy_pass $to; # here")}},
		{open, "a list", true, scene{server: fetch("~ ^/fetch/(a\\.example|b\\.example)/(.*)$", "proxy_pass http://$1/$2;")}},
		{open, "a suffix", true, scene{server: fetch("~ ^/fetch/([^/]+)/(.*)$", "proxy_pass http://$1.s3.example.org/$2;")}},
		{open, "a map", true, scene{http: "map $upstream_http_x_to $to { a a.example; }\nserver {\nlisten 8080;\n" + fetch("= /fetch", "proxy_pass http://$to;") + "}"}},

		{leak, "by the client's URL", false, scene{server: fetch("/store/", "proxy_cache z;\nproxy_cache_key $host$request_uri; # here\nproxy_pass http://127.0.0.1:9000/;")}},
		{leak, "by the internal URI", true, scene{server: fetch("/store/", "proxy_cache z;\nproxy_cache_key $host$uri;\nproxy_pass http://127.0.0.1:9000/;")}},
		{leak, "no cache", true, scene{server: fetch("/store/", "proxy_cache off;\nproxy_cache_key $request_uri;\nproxy_pass http://127.0.0.1:9000/;")}},
	}
}

// replay is the download once more, from a cache.
func replay() diag.Exchange {
	x := diag.Exchange{Probe: diag.Probe{ID: diag.ProxyAgain, Port: diag.Proxy, Method: "GET", Role: diag.RoleMain}}
	x.Status, x.StatusLine, x.Body.Match = 200, "HTTP/1.1 200 OK", compare.Equal
	x.Header = compare.Header{{Name: "X-Cache-Status", Value: "HIT"}}
	return x
}
