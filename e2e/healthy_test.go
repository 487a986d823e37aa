package e2e

import (
	"crypto/x509"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/proxydiag/proxydiag/nginx"
)

func TestHealthy(t *testing.T) { try(t, append(sampleRows(), healthyRows()...)) }

// sampleRows are the samples as they are.
func sampleRows() []row {
	var rows []row
	for _, s := range nginx.Kind.Samples {
		rows = append(rows, row{name: s.Name, sample: s.Name})
		if s.Direct != "" {
			rows = append(rows, row{name: s.Name + " with direct", sample: s.Name, flags: direct})
		}
		rows = append(rows, row{name: s.Name + " with a new fixed file", sample: s.Name, file: "health.pdf"})
	}
	return append(rows, row{name: "fixed file that is there", file: "report.txt"})
}

// healthyRows look suspicious and are not.
func healthyRows() []row {
	return []row{
		{name: "cache over the download location", site: both(cacheZone,
			in("location /dl/", "proxy_cache z; proxy_cache_valid 200 1h; proxy_ignore_headers Cache-Control Set-Cookie; proxy_cache_key $uri;"))},
		{name: "gzip, expires, etag and ranges in the download location", site: in("location /dl/",
			"gzip on; gzip_types *; gzip_min_length 1; expires max; etag off; max_ranges 0; open_file_cache max=10;")},
		{name: "nested locations", site: locations(download +
			`location /protected/ { internal; location ~ \.bin$ { root /srv/media; rewrite ^/protected/(.*)$ /$1 break; } alias /srv/media/; }`)},
		{name: "regular expression with capture", site: locations(download + `location ~ ^/protected/(.*)$ { internal; alias /srv/media/$1; }`)},
		{name: "regular expression with a named capture",
			site: locations(download + `location ~ ^/protected/(?<file>.+)$ { internal; alias /srv/media/$file; }`)},
		{name: "no slash on either side", site: locations(download + "location /protected { internal; alias /srv/media; }")},
		{name: "page for every error", site: both(above("error_page 403 404 =200 /index.html;"), in("server", "root /srv/pages;"))},
		{name: "charset", site: above("charset utf-8; charset_types *;"), file: "report.txt"},
		{name: "fields added to files", site: in("location /protected/",
			"add_header X-Content-Type-Options nosniff always; add_header Access-Control-Allow-Origin *; add_header Content-Security-Policy sandbox;")},
		{name: "upstream kept alive", sample: "application.conf", site: both(swap("server 127.0.0.1:8000;", "server 127.0.0.1:8000; keepalive 4;"),
			in("location /", `proxy_http_version 1.1; proxy_set_header Connection "";`))},
		{name: "upstream by variable", site: swap("proxy_pass http://127.0.0.1:8000;", "set $app 127.0.0.1:8000; proxy_pass http://$app;")},
		{name: "unbuffered", site: in("location /dl/", "proxy_buffering off; proxy_request_buffering off;")},
		{name: "threads and direct I/O", site: in("location /protected/", "sendfile off; aio threads; directio 4k; output_buffers 1 64k;")},
		{name: "hardening", site: in("server", `server_tokens off; location ~ /\. { deny all; } location ~* \.(php|sql|bak)$ { return 404; }`)},
		{name: "errors intercepted", site: both(
			in("location /dl/", "proxy_intercept_errors on; error_page 404 /index.html; error_page 500 502 503 504 /index.html;"),
			in("server", "root /srv/pages;"))},
		{name: "second tier", site: behind("proxy_set_header X-Real-IP $remote_addr; proxy_buffering off;")},
		{name: "auth request", site: both(in("location /dl/", "auth_request /allowed;"), in("server", "location = /allowed { internal; return 204; }"))},
		{name: "cookie set with the file", backend: field("Set-Cookie", "session=1; HttpOnly; Path=/")},
		{name: "cookie renewed with every answer", backend: renewed()},
		{name: "no type from the backend", backend: ok(func(a *answer) { a.Header["Content-Type"] = nil })},
		{name: "no cache control from the backend", backend: field(cacheControl, "")},
		{name: "plain names", backend: ok(func(a *answer) { a.Header.Set(attachment, "attachment"); a.Header.Del("Etag") })},
		{name: "hints for the proxy", backend: ok(func(a *answer) {
			a.Header.Set("X-Accel-Buffering", "no")
			a.Header.Set("X-Accel-Charset", "utf-8")
			a.Header.Set("X-Accel-Expires", "0")
			a.Header.Set("X-Accel-Limit-Rate", "10000000")
		})},
		{name: "missing files left to the proxy", only: own, flags: func(s *setup) { s.Stack.Denied = string(s.Stack.Backend) + "secret.txt" }},
		{name: "HTTP/2 with an own authority", site: overTLS, flags: trust},
		{name: "HTTPS without HTTP/2", site: overTLS, flags: func(s *setup) { trust(s); s.Client.ForceHTTP1 = true }},
	}
}

// trust makes the throw-away certificate an authority.
func trust(s *setup) {
	s.Stack.Proxy = "https://127.0.0.1:8080/dl/"
	text, err := os.ReadFile(s.place("/srv/tls/cert.pem"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.Client.RootCAs = x509.NewCertPool()
	s.Client.RootCAs.AppendCertsFromPEM(text)
}

// renewed sets a cookie that differs from one answer to the next.
func renewed() middleware {
	var n atomic.Int64
	return ok(func(a *answer) { a.Header.Set("Set-Cookie", fmt.Sprintf("session=%d; Path=/", n.Add(1))) })
}
