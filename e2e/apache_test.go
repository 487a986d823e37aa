package e2e

import (
	"testing"

	"github.com/proxydiag/proxydiag/apache"
)

func TestApache(t *testing.T) {
	try(t, apacheRows())
}

// apacheRows are the stacks with Apache.
func apacheRows() []row {
	var rows []row
	for _, list := range [][]row{
		apacheStorageRows(), apacheBackendRows(), apacheValueRows(), apacheNameRows(), apacheRoutingRows(), apacheAnswerRows(),
		apacheRequestRows(), apacheHandoffRows(), apacheSampleRows(), apacheHealthyRows(),
	} {
		for _, r := range list {
			r.kind = &apache.Kind
			rows = append(rows, r)
		}
	}
	return rows
}

// apacheStorageRows are those of storageRows in which the site is as it is.
func apacheStorageRows() []row {
	var rows []row
	for _, r := range storageRows() {
		if r.site != nil {
			continue
		}
		if r.code == "handoff-forbidden" {
			r.code, r.near = "handoff-not-found", r.near+" handoff-forbidden" // mod_xsendfile answers 404
		}
		rows = append(rows, r)
	}
	return append(rows, row{name: "other bytes come from the proxy", code: "proxy-body-altered", near: "storage-corrupt",
		site: both(modules("substitute"), tier("SetOutputFilter SUBSTITUTE\nSubstitute s/old.example/new.example/n")), file: "report.txt"})
}

// apacheSampleRows are the samples as they are.
func apacheSampleRows() []row {
	var rows []row
	for _, s := range apache.Kind.Samples {
		rows = append(rows, row{name: s.Name, sample: s.Name})
		if s.Direct != "" {
			rows = append(rows, row{name: s.Name + " with direct", sample: s.Name, flags: direct})
		}
		rows = append(rows, row{name: s.Name + " with a new fixed file", sample: s.Name, file: "health.pdf"})
	}
	everywhere := swap("<Location /documents/>", "<Location />")
	return append(rows,
		row{name: "fixed file that is there", file: "report.txt"},
		row{name: "django", sample: "application.conf", site: everywhere, only: own, flags: func(s *setup) { healthView(s, "report.txt") },
			backend: view(framework{Server: "WSGIServer/0.2 CPython/3.11.2", File: "report.txt", Charset: "; charset=utf-8", Field: xSendfile})},
		row{name: "rails", sample: "application.conf", site: everywhere, only: learned, flags: func(s *setup) { healthView(s, "health.txt") },
			backend: view(framework{Server: "puma", File: "health.txt", RequestID: true, Field: xSendfile})})
}

// apacheHealthyRows look suspicious and are not.
func apacheHealthyRows() []row {
	return []row{
		{name: "DEFLATE everywhere", site: onTop("SetOutputFilter DEFLATE")},
		{name: "DEFLATE by type", site: above("AddOutputFilterByType DEFLATE text/html text/plain application/octet-stream application/pdf")},
		{name: "XSendFile in a Location", site: virtualHost(pass + "<Location /dl/>\n" + send + "</Location>")},
		{name: "XSendFile in a Proxy", site: virtualHost(pass + "<Proxy http://127.0.0.1:8000/*>\n" + send + "</Proxy>")},
		{name: "XSendFile in an If", site: virtualHost(pass + "XSendFilePath /srv/media\nFileETag None\n<If \"%{REQUEST_URI} =~ m#^/dl/#\">\nXSendFile On\n</If>")},
		{name: "XSendFile for the whole server", site: both(above("XSendFile On\nXSendFilePath /srv/media\nFileETag None"), swap("XSendFile On\n    XSendFilePath /srv/media\n", ""))},
		{name: "folder above allowed", sample: "balancer.conf", site: swap("XSendFilePath /srv/media/protected", "XSendFilePath /srv/media")},
		{name: "several folders allowed", site: onTop("XSendFilePath /srv/pages\nXSendFilePath /nonexistent")},
		{name: "folder with its slash", site: swap("XSendFilePath /srv/media", "XSendFilePath /srv/media/")},
		{name: "X-Sendfile unset too late", site: onTop("Header always unset X-Sendfile")},
		{name: "dots within an allowed path", backend: dots},
		{name: "ProxyPass in a Location", site: virtualHost("ProxyPreserveHost On\n<Location /dl/>\nProxyPass http://127.0.0.1:8000/dl/\n" + send + "</Location>")},
		{name: "Location beats an exclusion", site: virtualHost("ProxyPass /dl/ !\nProxyPreserveHost On\n<Location /dl/>\nProxyPass http://127.0.0.1:8000/dl/\n" + send + "</Location>")},
		{name: "rewritten and passed on", site: virtualHost("RewriteEngine On\nRewriteRule ^/dl/(.*)$ http://127.0.0.1:8000/dl/$1 [P,B,BNP,NE]\nProxyPreserveHost On\n" + send)},
		{name: "ProxyPassMatch", site: virtualHost("ProxyPassMatch ^/dl/(.*)$ http://127.0.0.1:8000/dl/$1\nProxyPreserveHost On\n" + send)},
		{name: "a Location's Require replaces the Proxy's", site: onTop("<Proxy *>\nRequire all denied\n</Proxy>\n<Location /dl/>\nRequire all granted\n</Location>")},
		{name: "Redirect beside ProxyPass", site: onTop("Redirect permanent /dl/ https://www.example.org/dl/")},
		{name: "cache that obeys private", site: politeCache},
		{name: "every error a page", site: onTop(pages + "ProxyErrorOverride On\nErrorDocument 404 /index.html\nErrorDocument 403 /index.html")},
		{name: "hardening", site: both(above("ServerTokens Prod\nServerSignature Off\nTraceEnable Off\n<FilesMatch \"^\\.\">\nRequire all denied\n</FilesMatch>"),
			onTop("Header always set X-Content-Type-Options nosniff\nHeader always set X-Frame-Options DENY\nHeader always set Strict-Transport-Security max-age=31536000"))},
		{name: "security fields beside the application's", backend: field("X-Content-Type-Options", "nosniff"), site: onTop("Header set X-Content-Type-Options nosniff")},
		{name: "Expires beside private", site: both(modules("expires"), onTop("ExpiresActive On\nExpiresDefault A3600"))},
		{name: "no type from the backend", backend: ok(func(a *answer) { a.Header["Content-Type"] = nil })},
		{name: "Vary beside the application's", backend: field("Vary", "Cookie"), site: onTop("SetOutputFilter DEFLATE\nHeader merge Vary Accept-Encoding")},
		{name: "Vary on a line of its own", backend: field("Vary", "Cookie"), site: onTop("Header add Vary Accept-Encoding")},
		{name: "default charset", site: above("AddDefaultCharset utf-8")},
		{name: "no cache control from the backend", backend: field(cacheControl, "")},
		{name: "ETag of the application", backend: etag, site: swap("    FileETag None\n", "")},
		{name: "the application's ETag ignored", backend: etag, site: onTop("XSendFileIgnoreEtag On\nXSendFileIgnoreLastModified On")},
		{name: "cookie set with the file", backend: field("Set-Cookie", "session=1; HttpOnly; Path=/")},
		{name: "cookie renewed with every answer", backend: renewed()},
		{name: "sendfile off", site: onTop("EnableSendfile Off\nEnableMMAP Off")},
		{name: "second tier", site: tier("RequestHeader set X-Real-IP expr=%{REMOTE_ADDR}")},
		{name: "Via", site: onTop("ProxyVia Full")},
		{name: "missing files left to the proxy", only: own, flags: func(s *setup) { s.Stack.Denied = string(s.Stack.Backend) + "secret.txt" }},
	}
}
