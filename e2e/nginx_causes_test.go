package e2e

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

func TestNginxCauses(t *testing.T) { try(t, nginxCauseRows()) }

// TestNginxCausesCatalogue: every finding of nginx's own has a stack that shows
// it, and one that nearly does.
func TestNginxCausesCatalogue(t *testing.T) {
	cover(t, "nginx", nginx.Kind.Rules, nginxCauseRows(), nil)
}

// nginxCauseRows are stacks whose configuration and error log are given. A line
// that ends with "# here" is the one that the finding must point to.
func nginxCauseRows() []row {
	rows := []row{
		{name: "root for alias", code: "nginx-root-for-alias", near: "nginx-wrong-directory nginx-no-root", site: internalLocation("root /srv/media; # here")},
		{name: "root that holds the prefix", near: "nginx-root-for-alias", sample: "root.conf"},
		{name: "alias without slash", code: "nginx-alias-slash", near: "nginx-wrong-directory", site: internalLocation("alias /srv/media; # here")},
		{name: "no slash on either side", near: "nginx-alias-slash nginx-off-by-slash nginx-internal-missing",
			site: locations(download + "location /protected { internal; alias /srv/media; }")},
		{name: "another folder", code: "nginx-wrong-directory", near: "nginx-root-for-alias storage-mount-not-shared", site: internalLocation("alias /srv/pages/; # here")},
		{name: "another volume at that path", code: "storage-mount-not-shared", near: "nginx-wrong-directory nginx-permission-denied", launch: container,
			site: internalLocation("alias /srv/media/; # here")},
		{name: "a link to the folder", near: "nginx-wrong-directory nginx-symlink-refused nginx-temp-file", site: internalLocation("alias /srv/link/;")},
		{name: "no folder", code: "nginx-no-root", near: "nginx-wrong-directory nginx-no-internal-location",
			site: locations(download + "location /protected/ { # here\ninternal;\n}")},
		{name: "a folder by a map", near: "nginx-no-root nginx-alias-slash nginx-placeholder-capture",
			site: both(internalLocation("alias $folder/;"), above("map $host $folder { default /srv/media; }"))},
		{name: "a regular expression without capture", code: "nginx-regex-alias-no-capture", near: "nginx-regex-shadows-internal",
			site: locations(download + "location ~ ^/protected/ {\ninternal;\nalias /srv/media/; # here\n}")},
		{name: "a regular expression with capture", near: "nginx-regex-alias-no-capture nginx-internal-missing",
			site: locations(download + "location ~ ^/protected/(.*)$ { internal; alias /srv/media/$1; }")},
		{name: "a capture of something else", code: "nginx-placeholder-capture",
			site: locations("if ($request_uri ~ ^/([a-z]+)/) { set $section $1; }\n" + download + "location /protected/ {\ninternal;\nalias /srv/media/$1; # here\n}")},

		{name: "no internal location", code: "nginx-no-internal-location", near: "nginx-redirect-cycle",
			site: locations(download + "location /private/ { # here\ninternal;\nalias /srv/media/;\n}")},
		{name: "an internal location for the prefix alone", code: "nginx-no-internal-location", near: "nginx-wrong-directory",
			site: locations(download + "location = /protected/ { # here\ninternal;\nalias /srv/media/;\n}")},
		{name: "an internal location that leads on to nowhere", code: "handoff-not-found", near: "nginx-server-rewrite nginx-no-internal-location",
			site: internalLocation("rewrite ^/protected/(.*)$ /secret/$1 last; # here\nalias /srv/media/;")},
		{name: "a prefix that is written escaped", near: "nginx-no-internal-location", flags: func(s *setup) { s.Stack.Sendfile = "nginx:/my%20files/" },
			site: locations(download + "location \"/my files/\" { internal; alias /srv/media/; }")},
		{name: "an internal location of a longer prefix", near: "nginx-no-internal-location nginx-public-twin",
			site: locations(download + internal + "location /protected/more/ { internal; alias /srv/pages/; }")},
		{name: "a regular expression takes the internal URI", code: "nginx-regex-shadows-internal", near: "nginx-no-internal-location",
			site: locations("location ^~ /dl/ { proxy_pass http://127.0.0.1:8000; }\n" + internal + "location ~* \\.(bin|pdf)$ { # here\nroot /srv/pages;\n}")},
		{name: "a regular expression takes the download", code: "nginx-regex-shadows-internal", near: "nginx-server-name-mismatch nginx-download-location-internal",
			site: locations(download + "location ^~ /protected/ { internal; alias /srv/media/; }\nlocation ~* \\.(bin|pdf)$ { # here\nroot /srv/pages;\n}")},
		{name: "regular expressions not looked at", near: "nginx-regex-shadows-internal nginx-dotfile-rule",
			site: locations("location ^~ /dl/ { proxy_pass http://127.0.0.1:8000; }\nlocation ^~ /protected/ { internal; alias /srv/media/; }\nlocation ~* \\.(bin|pdf)$ { root /srv/pages; }\nlocation ~ /\\. { deny all; }")},
		{name: "a nested regular expression takes the internal URI", code: "nginx-regex-shadows-internal", near: "nginx-wrong-directory",
			site: locations("location ^~ /dl/ { proxy_pass http://127.0.0.1:8000; }\nlocation ^~ /protected/ {\ninternal;\nalias /srv/media/;\nlocation ~* \\.(bin|pdf)$ { # here\nroot /srv/pages;\n}\n}")},
		{name: "a nested regular expression that asks nobody", code: "nginx-regex-shadows-internal", near: "nginx-server-name-mismatch",
			site: locations("location ^~ /protected/ { internal; alias /srv/media/; }\nlocation /dl/ {\nproxy_pass http://127.0.0.1:8000;\nlocation ~* \\.(bin|pdf)$ { # here\nproxy_read_timeout 1h;\n}\n}")},
		{name: "nested regular expressions that do what the location around them does", near: "nginx-regex-shadows-internal",
			site: locations("location ^~ /dl/ { proxy_pass http://127.0.0.1:8000; location ~* \\.(bin|pdf)$ { proxy_read_timeout 1h; proxy_pass http://127.0.0.1:8000; } }\n" +
				"location /protected/ { internal; root /srv/pages; location ~ ^/protected/(.*)$ { alias /srv/media/$1; } }")},
		{name: "a regular expression takes the download from what takes everything", code: "nginx-regex-shadows-internal", near: "nginx-server-name-mismatch",
			site: locations("location / { try_files /nothing @app; }\nlocation @app { proxy_pass http://127.0.0.1:8000; }\nlocation ^~ /protected/ { internal; alias /srv/media/; }\nlocation ~* \\.(bin|pdf)$ { # here\nroot /srv/pages;\n}")},
		{name: "another folder, with a page for errors", code: "nginx-wrong-directory", near: "nginx-no-root nginx-no-internal-location", site: locations(pageForErrors + download + "location /protected/ {\ninternal;\nalias /srv/pages/; # here\n}")},
		{name: "root for alias, with a page for errors", code: "nginx-root-for-alias", near: "nginx-no-root", site: locations(pageForErrors + download + "location /protected/ {\ninternal;\nroot /srv/media; # here\n}")},
		{name: "denied, with a page for errors", code: "nginx-access-denied", near: "nginx-no-root", site: locations(pageForErrors + download + "location /protected/ {\ninternal;\ndeny all; # here\nalias /srv/media/;\n}")},
		{name: "a regular expression takes the download, with a page for errors", code: "nginx-regex-shadows-internal", near: "nginx-download-location-internal",
			site: locations(pageForErrors + download + "location ^~ /protected/ { internal; alias /srv/media/; }\nlocation ~* \\.(bin|pdf)$ { # here\nroot /srv/pages;\ntry_files $uri =404;\n}")},
		{name: "a regular expression takes some downloads, with a page for errors", code: "nginx-regex-shadows-internal",
			site: locations(pageForErrors + download + "location ^~ /protected/ { internal; alias /srv/media/; }\nlocation ~* \\.(pdf|jpg)$ { # here\nroot /srv/pages;\n}")},
		{name: "no fault, with a page for errors", near: "nginx-error-page-masks nginx-fallback-page", site: locations(pageForErrors + download + internal)},
		{name: "a rule for dot files beside what takes everything", near: "nginx-regex-shadows-internal",
			site: locations("location / { proxy_pass http://127.0.0.1:8000; }\nlocation ^~ /protected/ { internal; alias /srv/media/; }\nlocation ~ /\\. { deny all; }")},
		{name: "the application is asked for what is not there", code: "nginx-wrong-directory", near: "nginx-redirect-cycle",
			site: both(internalLocation("alias /srv/pages/; # here"), in("server", "error_page 404 = @app;\nlocation @app { proxy_pass http://127.0.0.1:8000; }"))},
		{name: "a rule for dot files", code: "nginx-dotfile-rule",
			site: locations("location ^~ /dl/ { proxy_pass http://127.0.0.1:8000; }\n" + internal + "location ~ /\\. { # here\ndeny all;\n}")},
		{name: "a rewrite of the server", code: "nginx-server-rewrite", near: "nginx-no-internal-location nginx-wrong-directory",
			site: in("server", "rewrite ^/protected/(.*)$ /old/$1 last; # here")},
		{name: "a rule for what clients ask for", near: "nginx-server-rewrite handoff-internal-exposed",
			site: in("server", "if ($request_uri ~ ^/protected/) { return 404; }")},
		{name: "handed off to the application again", code: "nginx-redirect-cycle", near: "nginx-no-internal-location",
			site: locations(download + "location /protected/ {\ninternal;\nproxy_pass http://127.0.0.1:8000; # here\n}")},
		{name: "handed off to another server", near: "nginx-redirect-cycle nginx-upstream-unreachable nginx-cache-user-leak",
			site: both(locations(download+internal+"location /store/ { internal; proxy_cache z; proxy_cache_key $uri; proxy_pass http://127.0.0.1:8003/; }"), cacheZone)},
		{name: "no named location", code: "nginx-named-location-missing", backend: value(func(string) string { return "@files" }),
			site: locations(download + internal + "location @file { root /srv/media; }")},
		{name: "ignored", code: "nginx-accel-ignored", site: in("location /dl/", "proxy_ignore_headers Expires X-Accel-Redirect; # here")},
		{name: "other fields ignored", near: "nginx-accel-ignored nginx-named-location-missing", site: in("location /dl/", "proxy_ignore_headers Expires X-Accel-Buffering; proxy_pass_header X-Accel-Redirect;")},

		{name: "denied", code: "nginx-access-denied", near: "nginx-permission-denied", site: in("location /protected/", "deny all; # here")},
		{name: "refused by a subrequest", code: "nginx-access-denied", near: "nginx-permission-denied",
			site: both(in("location /protected/", "auth_request /never; # here"), in("server", "location = /never { internal; return 403; }"))},
		{name: "allowed from here", near: "nginx-access-denied", site: in("location /protected/", "allow 127.0.0.1; deny all;")},
		{name: "not readable", code: "nginx-permission-denied", near: "nginx-access-denied nginx-symlink-refused",
			flags: func(s *setup) { s.asRoot(); s.Mode = 0o600 }},
		{name: "readable by the group alone", near: "nginx-permission-denied", flags: func(s *setup) { s.Mode = 0o644 }},
		{name: "symbolic links refused", code: "nginx-symlink-refused", near: "nginx-wrong-directory",
			site: internalLocation("alias /srv/link/;\ndisable_symlinks on; # here")},
		{name: "page instead of the file", code: "nginx-fallback-page", near: "nginx-no-internal-location", backend: handsOffAlways,
			site: both(in("location /protected/", "error_page 404 =200 /index.html; # here"), in("server", "root /srv/pages;"))},
		{name: "page with the error's status", near: "nginx-fallback-page nginx-error-page-masks", backend: handsOffAlways,
			site: both(in("location /protected/", "error_page 404 /index.html;"), in("server", "root /srv/pages;"))},

		{name: "another server block", code: "nginx-server-name-mismatch", near: "nginx-download-location-internal",
			site: both(in("server", "server_name downloads.example.org; # here"), above("server { listen 127.0.0.1:8080 default_server; return 404; }"))},
		{name: "another server block closes the connection", code: "nginx-server-name-mismatch",
			site: both(in("server", "server_name *.example.org; # here"), above("server { listen 127.0.0.1:8080 default_server; return 444; }"))},
		{name: "the right server block", near: "nginx-server-name-mismatch",
			site: both(in("server", "server_name downloads.example.org 127.0.0.1;"), above("server { listen 127.0.0.1:8080 default_server; return 404; }"))},
		{name: "internal download", code: "nginx-download-location-internal", near: "nginx-server-name-mismatch", site: in("location /dl/", "internal; # here")},
		{name: "path changed", code: "nginx-proxy-pass-rewrites-path", site: swap("proxy_pass http://127.0.0.1:8000;", "proxy_pass http://127.0.0.1:8000/; # here")},
		{name: "path replaced by itself", near: "nginx-proxy-pass-rewrites-path", site: swap("proxy_pass http://127.0.0.1:8000;", "proxy_pass http://127.0.0.1:8000/dl/;")},
		{name: "path replaced by a variable's", code: "nginx-proxy-pass-rewrites-path",
			site: swap("proxy_pass http://127.0.0.1:8000;", "set $app http://127.0.0.1:8000;\nproxy_pass $app/; # here")},
		{name: "dead upstream", code: "nginx-upstream-unreachable", near: "nginx-no-resolver nginx-header-too-big",
			site: swap("proxy_pass http://127.0.0.1:8000;", "proxy_pass http://127.0.0.1:8001; # here")},
		{name: "dead server in a group", near: "nginx-upstream-unreachable", sample: "application.conf",
			site: swap("server 127.0.0.1:8000;", "server 127.0.0.1:8001; server 127.0.0.1:8000;")},
		{name: "no resolver", code: "nginx-no-resolver", near: "nginx-upstream-unreachable",
			site: swap("proxy_pass http://127.0.0.1:8000;", "set $app backend.example.org;\nproxy_pass http://$app:8000; # here")},
		{name: "a variable address", near: "nginx-no-resolver", site: swap("proxy_pass http://127.0.0.1:8000;", "set $app 127.0.0.1:8000;\nproxy_pass http://$app;")},
		{name: "large header", code: "nginx-header-too-big", near: "nginx-upstream-unreachable", backend: field("X-Trace", strings.Repeat("trace ", 1500)),
			site: in("location /dl/", "proxy_buffer_size 4k; # here\nproxy_buffers 8 4k; proxy_busy_buffers_size 8k;")},
		{name: "large header, large buffer", near: "nginx-header-too-big", backend: field("X-Trace", strings.Repeat("trace ", 1500)),
			site: in("location /dl/", "proxy_buffer_size 32k; proxy_buffers 8 32k; proxy_busy_buffers_size 64k;")},

		{name: "cache in front", code: "nginx-cached-handoff",
			site: both(cacheZone, behind("proxy_cache z; # here\nproxy_cache_valid 200 1m; proxy_ignore_headers Cache-Control Expires Set-Cookie;"+passedOn))},
		{name: "cache in front that does not heed private", code: "nginx-cached-handoff", near: "nginx-open-file-cache", only: own,
			site: both(cacheZone, behind("proxy_cache z; # here\nproxy_cache_valid 200 1m; proxy_ignore_headers Cache-Control Expires Set-Cookie;"+passedOn))},
		{name: "cache in front that heeds private, files kept open", code: "nginx-open-file-cache", near: "nginx-cached-handoff", only: own,
			site: both(cacheZone, behind("proxy_cache z; proxy_cache_valid 200 1m;"+passedOn),
				in("location /protected/", "open_file_cache max=100 inactive=1h; open_file_cache_valid 1h; # here"))},
		{name: "handoff passed on to the tier in front", code: "nginx-no-internal-location", only: own,
			site: both(in("location /dl/", "proxy_ignore_headers X-Accel-Redirect; proxy_pass_header X-Accel-Redirect;"), behind(passedOn))},
		{name: "cache over the handoff", near: "nginx-cached-handoff nginx-cache-user-leak", site: both(cacheZone,
			in("location /dl/", "proxy_cache z; proxy_cache_valid 200 1h; proxy_ignore_headers Cache-Control Set-Cookie; proxy_cache_key $request_uri;"))},
		{name: "made cacheable", code: "nginx-cache-control-overridden", near: "nginx-duplicate-header", site: in("location /protected/", "expires 1h; # here")},
		{name: "second disposition", code: "nginx-duplicate-header", near: "nginx-cache-control-overridden", only: own,
			site: in("location /protected/", "add_header Content-Disposition inline; # here")},
		{name: "packed", code: "nginx-gzip-download", site: in("location /protected/", "gzip on;\ngzip_types *; # here")},
		{name: "ranges off", code: "nginx-ranges-disabled", site: in("server", "max_ranges 0; # here")},
		{name: "text added", code: "nginx-body-filter", near: "nginx-fallback-page",
			site: both(in("location /protected/", "addition_types *;\nadd_after_body /index.html; # here"), in("server", "root /srv/pages;"))},
		{name: "files kept open", code: "nginx-open-file-cache", site: in("location /protected/", "open_file_cache max=1000;\nopen_file_cache_valid 1h; # here")},
		{name: "all of it in the download location", near: "nginx-gzip-download nginx-ranges-disabled nginx-body-filter nginx-open-file-cache nginx-cache-control-overridden nginx-duplicate-header",
			site: in("location /dl/", "gzip on; gzip_types *; max_ranges 0; sub_filter_types *; sub_filter a b; open_file_cache max=10; open_file_cache_valid 1h; expires 1h; add_header Content-Disposition inline;")},
		{name: "errors masked", code: "nginx-error-page-masks", only: own, near: "nginx-fallback-page",
			site: both(in("location /dl/", "proxy_intercept_errors on;\nerror_page 403 404 =200 /index.html; # here"), in("server", "root /srv/pages;"))},
		{name: "errors keep fields", code: "nginx-error-keeps-headers", only: own, backend: handsOffAlways},
		{name: "missing files refused by the application", near: "nginx-error-keeps-headers", only: own},
		{name: "field added where it is lost", code: "nginx-add-header-lost", site: in("location /dl/", "add_header X-Frame-Options DENY; # here")},
		{name: "field added to files", near: "nginx-add-header-lost", site: in("server", "add_header X-Frame-Options DENY;")},

		{name: "not internal", code: "nginx-internal-missing", near: "nginx-public-twin",
			site: locations(download + "location /protected/ { # here\nalias /srv/media/;\n}")},
		{name: "public twin", code: "nginx-public-twin", near: "nginx-internal-missing",
			site: locations(download + internal + "location /media/ { # here\nalias /srv/media/;\n}")},
		{name: "public twin by a link", code: "nginx-public-twin", site: locations(download + internal + "location /cdn/ { # here\nalias /srv/link/;\n}")},
		{name: "public twin by try_files", code: "nginx-public-twin",
			site: locations(download + internal + "location / { # here\nroot /srv/media/..;\ntry_files /media$uri =404;\n}")},
		{name: "public twin by a rewrite", code: "nginx-public-twin",
			site: locations(download + internal + "location /old/ { # here\nrewrite ^/old/(.*)$ /$1 break;\nroot /srv/media;\n}")},
		{name: "public twin of an object", code: "nginx-public-twin",
			site: internalLocation(unsigned + "proxy_pass http://127.0.0.1:8003/whole/;\n}\nlocation /objects/ { # here\nproxy_pass http://127.0.0.1:8003/whole/;")},
		{name: "other objects of the same store", near: "nginx-public-twin",
			site: internalLocation(unsigned + "proxy_pass http://127.0.0.1:8003/whole/;\n}\nlocation /objects/ { proxy_pass http://127.0.0.1:8003/public/; }\n" +
				"location /closed/ { auth_basic a; auth_basic_user_file /dev/null; proxy_pass http://127.0.0.1:8003/whole/;")},
		{name: "rewrites to other folders", near: "nginx-public-twin",
			site: locations(download + internal + "location /old/ { rewrite ^/old/(.*)$ /$1 break; root /srv/pages; }\nlocation /new/ { deny all; rewrite ^/new/(.*)$ /$1 break; root /srv/media; }")},
		{name: "twin that is denied", near: "nginx-public-twin", site: locations(download + internal + "location /media/ { deny all; alias /srv/media/; }")},
		{name: "off by a slash", code: "nginx-off-by-slash", site: locations(download + internal + "location /pages { # here\nalias /srv/pages/;\n}")},
		{name: "everything", code: "nginx-alias-too-wide", site: internalLocation("alias /; # here"), backend: absolute, only: own,
			flags: func(s *setup) { s.Stack.Sendfile = "nginx:/protected/srv/media/" }},
		{name: "one folder", near: "nginx-alias-too-wide nginx-open-upstream nginx-alias-slash",
			site: locations(download + internal + "location ~ ^/fetch/(a|b)/(.*)$ { internal; resolver 127.0.0.1; proxy_pass http://$1.example.org/$2; }")},
		{name: "any host", code: "nginx-open-upstream",
			site: locations(download + internal + "location ~ ^/fetch/([^/]+)/(.*)$ {\ninternal;\nresolver 127.0.0.1;\nproxy_pass http://$1/$2; # here\n}")},
		{name: "more than fits into the temporary file", code: "nginx-temp-file", near: "nginx-upstream-unreachable", flags: large, launch: hasty,
			site: internalLocation("limit_rate 1m;\nproxy_max_temp_file_size 4m; # here\nproxy_pass http://unix:/run/scratch/hasty.sock:/;")},
		{name: "no temporary file", near: "nginx-temp-file", flags: large, launch: hasty,
			site: internalLocation("limit_rate 4m;\nproxy_max_temp_file_size 0;\nproxy_pass http://unix:/run/scratch/hasty.sock:/;")},
		{name: "breaks off with a temporary file", code: "proxy-truncated", near: "nginx-temp-file", flags: large,
			site: locations(download + "location /protected/ { internal; proxy_pass http://127.0.0.1:8003/; }\n" +
				"location ~ ^/protected/.*large { internal; limit_rate 4m; rewrite ^/protected/(.*)$ /cut/$1 break; proxy_pass http://127.0.0.1:8003; }")},
		{name: "storage that is asked for whole files", code: "proxy-ranges-broken",
			site: internalLocation("proxy_set_header Range \"\"; # here\nproxy_pass http://127.0.0.1:8003/whole/;")},
		{name: "cache of all users", code: "nginx-cache-user-leak", site: both(
			locations(download+internal+"location /store/ {\ninternal;\nproxy_cache z;\nproxy_cache_key $host$request_uri; # here\nproxy_pass http://127.0.0.1:8003/;\n}"), cacheZone)},
	}
	rows = append(rows, objectRows()...)
	for i := range rows {
		rows[i].config = true
		if rows[i].only == "" {
			rows[i].only = companion
		}
	}
	return rows
}

// pageForErrors answers errors with a page that clients cannot ask for.
const pageForErrors = "error_page 403 404 /index.html;\nlocation = /index.html { internal; root /srv/pages; }\n"

// What an internal location says that asks an object store: nothing of the
// client's credentials goes there, and nothing of the store's own comes out.
const (
	unsigned = "proxy_set_header Authorization \"\"; proxy_set_header Cookie \"\";\n"
	hide     = "proxy_hide_header X-Amz-Request-Id; proxy_hide_header X-Amz-Id-2; proxy_hide_header X-Amz-Server-Side-Encryption;\n"
)

// objectRows are stacks whose internal location fetches from an object store.
func objectRows() []row {
	const quiet = unsigned + hide
	captured := func(text string) edit {
		return locations(download + "location ~ ^/protected/(.*)$ {\ninternal;\n" + quiet + text + "\n}")
	}
	return []row{
		{name: "presigned", only: own, backend: signs, near: "nginx-s3-args-lost nginx-s3-host nginx-s3-auth-forwarded nginx-s3-header-leak nginx-s3-variable-decoded",
			site: internalLocation(quiet + "proxy_pass http://127.0.0.1:8003/signed/;")},
		{name: "presigned, query lost", only: own, backend: signs, code: "nginx-s3-args-lost", near: "nginx-s3-host",
			site: captured("proxy_pass http://127.0.0.1:8003/signed/$1; # here")},
		{name: "presigned, another host", only: own, backend: signs, code: "nginx-s3-host", near: "nginx-s3-args-lost",
			site: internalLocation(quiet + "proxy_set_header Host $http_host; # here\nproxy_pass http://127.0.0.1:8003/signed/;")},
		{name: "presigned, signed twice", only: own, backend: signs, code: "nginx-s3-auth-forwarded", near: "nginx-s3-header-leak",
			site: internalLocation(hide + "proxy_pass http://127.0.0.1:8003/signed/; # here")},
		{name: "fields of an object store", only: own, backend: signs, code: "nginx-s3-header-leak", near: "nginx-s3-auth-forwarded",
			site: internalLocation("proxy_set_header Authorization \"\";\nproxy_pass http://127.0.0.1:8003/signed/; # here")},
		{name: "objects by their decoded names", only: own, backend: signs, code: "nginx-s3-variable-decoded", near: "nginx-s3-args-lost",
			site: captured("proxy_pass http://127.0.0.1:8003/signed/$1$is_args$args; # here")},
	}
}

// large asks for a file of 8 MiB, too.
func large(s *setup) { s.Stack.Large = 8 << 20 }

// signs hands off presigned URLs of the world's object store.
func signs(next http.Handler, storage string) http.Handler {
	return ok(func(a *answer) {
		host, err := os.ReadFile(filepath.Join(filepath.Dir(storage), "objects"))
		name, escaped := url.PathUnescape(strings.TrimPrefix(a.handoff(), "/protected/"))
		if err != nil || escaped != nil {
			return // what is not signed is refused
		}
		a.Header.Set(accel, a.handoff()+"?"+bucketOf(storage).Presign(string(host), "/signed/"+name, nil))
	})(next, storage)
}

// internalLocation is the download location with an internal one of these
// directives.
func internalLocation(text string) edit {
	return locations(download + "location /protected/ {\ninternal;\n" + text + "\n}")
}

// handsOffAlways hands off whatever is asked for, there or not.
func handsOffAlways(next http.Handler, storage string) http.Handler {
	return otherwise(func(a *answer) {
		if a.Status == http.StatusNotFound && strings.HasPrefix(a.URL.Path, "/dl/") {
			a.Status, a.Body = http.StatusOK, ""
			a.Header.Set(accel, "/protected/"+strings.TrimPrefix(a.URL.EscapedPath(), "/dl/"))
			a.Header.Set("Content-Length", "0")
			a.Header.Set("Content-Type", "application/octet-stream")
			a.Header.Set(attachment, "attachment")
		}
	})(next, storage)
}

// absolute hands off the file's path on disk below the prefix.
func absolute(next http.Handler, storage string) http.Handler {
	return ok(func(a *answer) {
		name := strings.TrimPrefix(strings.TrimPrefix(a.handoff(), "/protected"), storage)
		a.Header.Set(accel, "/protected"+storage+"/"+strings.TrimPrefix(name, "/"))
	})(next, storage)
}

// pointsHere checks that the first finding points to the marked line: the one
// that ends with "# here", or the one below a line that holds nothing else, for
// languages without comments behind a directive.
func pointsHere(t *testing.T, s setup, rep diag.Report) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Stack.Config, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // a folder
		}
		line := 0
		for i, l := range strings.Split(string(text), "\n") {
			switch {
			case strings.TrimSpace(l) == "# here":
				line = i + 2
			case strings.HasSuffix(l, "# here"):
				line = i + 1
			}
		}
		if line == 0 || len(rep.Findings) == 0 {
			continue
		}
		if at := rep.Findings[0].Location; at == nil || at.File != file || at.Line != line {
			t.Errorf("%s points to %+v, not to line %d of %s", rep.Findings[0].Code, at, line, filepath.Base(file))
		}
	}
}
