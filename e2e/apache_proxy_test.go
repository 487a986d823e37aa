package e2e

import (
	"time"

	"github.com/proxydiag/proxydiag/pkg/compare"
)

// apacheRoutingRows are about whether and how the backend is asked.
func apacheRoutingRows() []row {
	const rewrite = "RewriteEngine On\n"
	return []row{
		{name: "nothing listens on the users' port", code: "proxy-unreachable",
			flags: func(s *setup) { s.Stack.Proxy = "http://127.0.0.1:8001/dl/" }},
		{name: "unknown certificate", code: "proxy-unreachable", site: apacheOverTLS,
			flags: func(s *setup) { s.Stack.Proxy = "https://127.0.0.1:8080/dl/" }},
		{name: "unknown certificate, insecure", near: "proxy-unreachable", site: apacheOverTLS,
			flags: func(s *setup) { s.Stack.Proxy = "https://127.0.0.1:8080/dl/"; s.Client.Insecure = true }},
		{name: "plain HTTP on the port for TLS", code: "proxy-unreachable", near: "proxy-not-routed", site: apacheOverTLS},

		{name: "silent upstream", code: "proxy-bad-gateway", near: "backend-timeout backend-unreachable", // 502, not 504
			site: both(swap("127.0.0.1:8000", "127.0.0.1:8002"), onTop("ProxyTimeout 1"))},
		{name: "silent proxy", code: "proxy-timeout", near: "proxy-unreachable",
			flags: func(s *setup) { s.Stack.Proxy = "http://127.0.0.1:8002/dl/"; s.Client.Timeout = time.Second }},
		{name: "application slower than the proxy waits", code: "proxy-timeout", near: "proxy-bad-gateway backend-timeout", only: own,
			backend: delayed(1400 * time.Millisecond), site: onTop("ProxyTimeout 1")},
		{name: "slow in time", near: "proxy-timeout backend-timeout", backend: slow, site: onTop("ProxyTimeout 20")},

		{name: "login of the proxy", code: "proxy-auth-required", near: "proxy-not-routed",
			site: onTop("<Location /dl/>\nAuthType Basic\nAuthName closed\nAuthUserFile /dev/null\nRequire valid-user\n</Location>")},
		{name: "login for others only", near: "proxy-auth-required",
			site: onTop("<Location /dl/>\nAuthType Basic\nAuthName closed\nAuthUserFile /dev/null\n<RequireAny>\nRequire local\nRequire valid-user\n</RequireAny>\n</Location>")},

		{name: "to https", code: "proxy-redirects", near: "proxy-not-routed",
			site: onTop(rewrite + "RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]")},
		{name: "redirect elsewhere", near: "proxy-redirects",
			site: onTop(rewrite + "RewriteCond %{HTTP:X-Forwarded-Proto} =http\nRewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]\nRedirect permanent /dl/ /downloads/")},

		{name: "application wants https, proxy hides it", code: "proxy-scheme-lost", near: "proxy-redirects backend-error-status",
			only: own, backend: wantsHTTPS, site: both(apacheOverTLS, swap("expr=%{REQUEST_SCHEME}", "http")), flags: insecure},
		{name: "application wants https, the proxy tells it and we do not", near: "proxy-scheme-lost backend-error-status", only: own,
			backend: wantsHTTPS, site: apacheOverTLS, flags: insecure},
		{name: "application wants https and learns of it", near: "proxy-scheme-lost", backend: wantsHTTPS, site: apacheOverTLS,
			flags: func(s *setup) {
				insecure(s)
				s.Stack.Header = compare.Header{{Name: "X-Forwarded-Proto", Value: "https"}}
			}},

		{name: "dead upstream", code: "proxy-bad-gateway", near: "proxy-not-routed", site: swap("127.0.0.1:8000", "127.0.0.1:8001")},
		{name: "TLS to an application without", code: "proxy-bad-gateway", near: "proxy-not-routed", // 500 Proxy Error
			site: both(modules("socache_shmcb", "ssl"), both(onTop("SSLProxyEngine On"), swap("http://127.0.0.1:8000", "https://127.0.0.1:8000")))},
		{name: "dead server in a group", near: "proxy-bad-gateway", sample: "balancer.conf",
			site: swap("BalancerMember http://127.0.0.1:8000", "BalancerMember http://127.0.0.1:8001\nBalancerMember http://127.0.0.1:8000")},

		{name: "host not allowed", code: "proxy-host-rejected", near: "proxy-not-routed handoff-not-found", only: own,
			site: onTop("RequestHeader set Host backend.internal"), backend: allowedHosts},
		{name: "host without effect", near: "proxy-host-rejected", only: own, backend: allowedHosts,
			site: both(onTop("RequestHeader set Host backend.internal"), swap("ProxyPreserveHost On", "ProxyPreserveHost Off"))},

		{name: "cookie taken off", code: "proxy-request-header-lost", near: "handoff-forbidden handoff-not-found proxy-auth-required", only: own,
			site: onTop("RequestHeader unset Cookie"), backend: wantsCookie, flags: withCookie},
		{name: "cookie passed on", near: "proxy-request-header-lost", only: own, backend: wantsCookie, flags: withCookie},
		{name: "cookie taken off that nobody needs", near: "proxy-request-header-lost", only: own,
			site: onTop("RequestHeader unset Cookie"), flags: withCookie},
		{name: "application refuses what comes by way of a proxy", code: "backend-error-status", near: "handoff-forbidden proxy-not-routed", only: own,
			backend: wantsNoProxy},
		{name: "failure of the moment", near: "handoff-loop backend-error-status", backend: failsOnce},

		{name: "prefix cut off", code: "proxy-path-rewritten", near: "handoff-echoed proxy-not-routed",
			site: swap("ProxyPass /dl/ http://127.0.0.1:8000/dl/", "ProxyPass /dl/ http://127.0.0.1:8000/")},
		{name: "prefix replaced as the URLs say", near: "proxy-path-rewritten",
			site:  swap("ProxyPass /dl/ http://127.0.0.1:8000/dl/", "ProxyPass /dl/ http://127.0.0.1:8000/files/"),
			flags: func(s *setup) { s.Stack.Backend = "http://127.0.0.1:8000/files/" }},

		{name: "another virtual host", code: "proxy-not-routed", near: "handoff-not-found",
			site: swap("Listen 127.0.0.1:8080\n", "Listen 127.0.0.1:8080\n"+vhost+"\nServerName default.example.org\nDocumentRoot /srv/pages\n</VirtualHost>\n")},
		{name: "excluded", code: "proxy-not-routed", near: "handoff-not-found", site: onTop("ProxyPass /dl/ !")},
		{name: "excluded too late", near: "proxy-not-routed", site: atEnd("ProxyPass /dl/ !")},
		{name: "download refused", code: "proxy-not-routed", near: "handoff-forbidden", site: onTop("<Location /dl/>\nRequire all denied\n</Location>")},
		{name: "folder refused", near: "proxy-not-routed handoff-forbidden", site: onTop("<Directory /srv/media>\nRequire all denied\n</Directory>")},
		{name: "download without the application", code: "proxy-not-routed", near: "proxy-cached-handoff", only: companion,
			site: virtualHost("Alias /dl/ /srv/media/\n<Directory /srv/media>\nRequire all granted\n</Directory>")},
		{name: "download without one's own application", code: "proxy-not-routed", near: "proxy-header-lost proxy-error-masked", only: own,
			site: virtualHost("Alias /dl/ /srv/media/\n<Directory /srv/media>\nRequire all granted\n</Directory>")},
		{name: "Alias beside ProxyPass", near: "proxy-not-routed",
			site: onTop("Alias /dl/ /srv/media/\n<Directory /srv/media>\nRequire all granted\n</Directory>")},

		{name: "replayed by a cache", code: "proxy-cached-handoff", only: companion, site: rudeCache},
		{name: "cache that does not tell users apart", code: "proxy-cached-handoff", near: "proxy-stale-file", only: own,
			site: rudeCache, backend: wantsCookie, flags: twoUsers},
		{name: "cache that obeys, two users", near: "proxy-cached-handoff", only: own, site: politeCache, backend: wantsCookie, flags: twoUsers},
		{name: "cache with private answers", near: "proxy-cached-handoff", site: politeCache},
	}
}

// apacheAnswerRows are about what becomes of an answer.
func apacheAnswerRows() []row {
	return []row{
		{name: "breaks off", code: "proxy-truncated", near: "proxy-body-altered handoff-wrong-content",
			site: both(modules("ext_filter"), above(`ExtFilterDefine cut cmd="/usr/bin/sed -n 1,5p"`), tier("SetOutputFilter cut"))},
		{name: "filtered before the handoff", near: "proxy-truncated",
			site: both(modules("ext_filter"), above(`ExtFilterDefine cut cmd="/usr/bin/sed -n 1,5p"`), onTop("SetOutputFilter cut"))},

		{name: "text replaced", code: "proxy-body-altered", near: "handoff-wrong-content", file: "report.txt",
			site: both(modules("substitute"), tier("SetOutputFilter SUBSTITUTE\nSubstitute s/old.example/new.example/n"))},
		{name: "text replaced before the handoff", near: "proxy-body-altered", file: "report.txt",
			site: both(modules("substitute"), onTop("SetOutputFilter SUBSTITUTE\nSubstitute s/old.example/new.example/n"))},

		{name: "error becomes a page", code: "proxy-error-masked",
			flags: sorry, site: both(modules("asis"), onTop(pages+"ProxyErrorOverride On\nErrorDocument 404 /sorry.asis\nErrorDocument 403 /sorry.asis\nAddHandler send-as-is asis"))},
		{name: "error with a page of its own", near: "proxy-error-masked",
			site: onTop(pages + "ProxyErrorOverride On\nErrorDocument 404 /index.html")},

		{name: "made cacheable", code: "proxy-cache-control-overridden", near: "proxy-header-lost proxy-header-duplicated",
			site: onTop("Header set Cache-Control \"public, max-age=3600\"")},
		{name: "second line makes it public", code: "proxy-cache-control-overridden", near: "proxy-header-duplicated",
			site: onTop("Header add Cache-Control \"public, max-age=3600\"")},
		{name: "cacheable where nothing is said", near: "proxy-cache-control-overridden proxy-plain-answer-lost", only: companion,
			site: onTop("Header setifempty Cache-Control \"public, max-age=3600\"")},

		{name: "second disposition", code: "proxy-header-duplicated", near: "proxy-header-lost", site: onTop("Header add Content-Disposition inline")},
		{name: "disposition where there is none", near: "proxy-header-duplicated", site: onTop("Header setifempty Content-Disposition inline")},

		{name: "disposition unset", code: "proxy-header-lost", site: onTop("Header unset Content-Disposition")},
		{name: "disposition unset too late", near: "proxy-header-lost", site: onTop("Header always unset Content-Disposition")},

		{name: "HEAD refused", code: "proxy-method-blocked", near: "proxy-head-broken backend-head-mishandled",
			site: onTop("RewriteEngine On\nRewriteCond %{REQUEST_METHOD} =HEAD\nRewriteRule ^/dl/ - [F]")},
		{name: "only GET allowed, which means HEAD too", near: "proxy-method-blocked",
			site: onTop("<Location /dl/>\n<LimitExcept GET>\nRequire all denied\n</LimitExcept>\n</Location>")},

		{name: "POST refused", code: "proxy-method-blocked", near: "proxy-head-broken",
			site: onTop("<Location /dl/>\n<LimitExcept GET>\nRequire all denied\n</LimitExcept>\n</Location>"), flags: byPost},
		{name: "POST allowed", near: "proxy-method-blocked", flags: byPost},

		{name: "HEAD answered without the application", code: "proxy-head-broken", near: "proxy-method-blocked backend-head-mishandled",
			site: onTop("RewriteEngine On\nRewriteCond %{REQUEST_METHOD} =HEAD\nRewriteRule ^/dl/ - [R=204,L]")},
		{name: "HEAD marked", near: "proxy-head-broken", site: onTop("Header set X-Method expr=%{REQUEST_METHOD}")},

		{name: "direct location serves another folder", code: "proxy-direct-broken",
			site: both(swap("Alias /direct/ /srv/media/", "Alias /direct/ /srv/pages/")), flags: direct},
		{name: "direct location works, handoff does not", code: "handoff-not-found", near: "proxy-direct-broken",
			site: swap("XSendFilePath /srv/media", "XSendFilePath /srv/pages"), flags: direct},
	}
}

// apacheRequestRows are about requests beyond the plain GET.
func apacheRequestRows() []row {
	return []row{
		{name: "ranges answered by the backend", code: "backend-handles-range", near: "proxy-ranges-broken", backend: ok(func(a *answer) {
			if a.Request.Header.Get("Range") != "" {
				a.Status = 206
				a.Header.Set("Content-Range", "bytes 0-0/163877")
			}
		})},
		{name: "ranges promised by the backend", near: "backend-handles-range", backend: field("Accept-Ranges", "bytes")},
		{name: "no ranges", code: "proxy-ranges-broken", near: "backend-handles-range", site: onTop("MaxRanges none")},
		{name: "one range at a time", near: "proxy-ranges-broken", site: onTop("MaxRanges 1")},

		{name: "one ETag for all files", code: "proxy-conditional-broken", site: swap("    FileETag None\n", ""), backend: field("ETag", "")},
		{name: "no ETag", near: "proxy-conditional-broken backend-stale-validator", backend: field("ETag", "")},
		{name: "the application's ETag is that of an empty body", code: "backend-stale-validator", near: "proxy-conditional-broken", only: own,
			backend: field("ETag", `"d41d8cd98f00b204e9800998ecf8427e"`)},

		{name: "downloads packed", code: "proxy-compressed-download", near: "proxy-ranges-broken", site: tier("SetOutputFilter DEFLATE")},
		{name: "text packed", near: "proxy-compressed-download", site: tier("AddOutputFilterByType DEFLATE text/html text/plain")},
		{name: "packing before the handoff", near: "proxy-compressed-download", site: onTop("SetOutputFilter DEFLATE")},

		{name: "answers not remembered", near: "proxy-stale-file", only: own, site: politeCache},

		{name: "low rate", code: "proxy-throttled", near: "proxy-truncated", only: own,
			site: both(modules("ratelimit"), onTop("<Location /dl/>\nSetOutputFilter RATE_LIMIT\nSetEnv rate-limit 1000\n</Location>"))},
		{name: "high rate", near: "proxy-throttled", only: own,
			site: both(modules("ratelimit"), onTop("<Location /dl/>\nSetOutputFilter RATE_LIMIT\nSetEnv rate-limit 100000\n</Location>"))},
	}
}

// apacheHandoffRows are about what Apache makes of the handoff.
func apacheHandoffRows() []row {
	return []row{
		{name: "off", code: "handoff-ignored", near: "backend-no-handoff handoff-leaked", site: swap("XSendFile On", "XSendFile Off")},
		{name: "guarded by a module that is absent", code: "handoff-ignored", near: "backend-wrong-dialect",
			site: swap("XSendFile On", "<IfModule mod_no_such.c>\nXSendFile On\n</IfModule>")},
		{name: "on in the storage's folder alone", code: "handoff-ignored",
			site: swap("XSendFile On", "<Directory /srv/media>\nXSendFile On\n</Directory>")},
		{name: "unset before the handoff", code: "handoff-ignored", near: "backend-no-handoff", site: onTop("Header unset X-Sendfile")},
		{name: "on for the downloads alone", near: "handoff-ignored", sample: "application.conf"},

		{name: "no folder allowed", code: "handoff-not-found", near: "handoff-loop handoff-echoed", site: swap("XSendFilePath /srv/media\n", "\n")},
		{name: "another folder", code: "handoff-not-found", near: "backend-wrong-prefix", site: swap("XSendFilePath /srv/media", "XSendFilePath /srv/pages")},
		{name: "folder whose name begins alike", code: "handoff-not-found", site: swap("XSendFilePath /srv/media", "XSendFilePath /srv/med")},
		{name: "folder by its link", code: "handoff-not-found", site: swap("XSendFilePath /srv/media", "XSendFilePath /srv/link")},
		{name: "worker may not read", code: "handoff-not-found", near: "handoff-forbidden",
			flags: func(s *setup) { s.asRoot(); s.Mode = 0o600 }},
		{name: "folder above", near: "handoff-not-found", sample: "balancer.conf", site: swap("/srv/media/protected\n        FileETag", "/srv/media\n        FileETag")},

		{name: "page in the file's place", code: "handoff-wrong-content", near: "handoff-not-found proxy-body-altered",
			site: both(swap("XSendFilePath /srv/media", "XSendFilePath /srv/pages"),
				onTop("ErrorDocument 404 /whole/report.txt\nProxyPass /whole/ http://127.0.0.1:8003/whole/"))},
		{name: "page never needed", near: "handoff-wrong-content",
			site: onTop("ErrorDocument 404 /whole/report.txt\nProxyPass /whole/ http://127.0.0.1:8003/whole/")},

		{name: "another server's header beside the handoff", code: "handoff-leaked", near: "backend-wrong-dialect",
			backend: ok(func(a *answer) { a.Header.Set(accel, "/protected/a.bin") })},
		{name: "debug field", code: "handoff-leaked", site: tier("Header set X-Sendfile /srv/media/a.bin")},
		{name: "debug field without the path", near: "handoff-leaked", site: onTop("Header set X-Sent-By apache")},

		{name: "security fields kept", near: "handoff-headers-dropped proxy-header-lost", backend: ok(func(a *answer) {
			a.Header.Set("X-Content-Type-Options", "nosniff")
			a.Header.Set("Access-Control-Allow-Origin", "*")
			a.Header.Set("Content-Security-Policy", "sandbox")
			a.Header.Set("X-Request-Id", "4711")
		})},
		{name: "public twin", near: "handoff-internal-exposed handoff-traversal",
			site: onTop("Alias /files/ /srv/media/\n<Directory /srv/media>\nRequire all granted\n</Directory>")},
	}
}

// sorry puts a page beside the others that says 200 of itself.
func sorry(s *setup) {
	write(s.t, s.place("/srv/pages/sorry.asis"), "Status: 200 OK\nContent-Type: text/html\n\n"+page)
}

// insecure asks by https without looking at the certificate.
func insecure(s *setup) {
	s.Stack.Proxy = "https://127.0.0.1:8080/dl/"
	s.Client.Insecure = true
}
