package e2e

import (
	"path/filepath"
	"testing"

	"github.com/proxydiag/proxydiag/apache"
)

func TestApacheCauses(t *testing.T) { try(t, apacheCauseRows()) }

// TestApacheCausesCatalogue: every finding of Apache's own has a stack that
// shows it, and one that nearly does.
func TestApacheCausesCatalogue(t *testing.T) {
	cover(t, "apache", apache.Kind.Rules, apacheCauseRows(), nil)
}

// apacheCauseRows are stacks whose configuration and error log are given. The
// line behind one that says "# here" is the one that the finding must point to.
func apacheCauseRows() []row {
	const here = "# here\n"
	const allowed = "XSendFilePath /srv/media\nFileETag None\n"
	const public = "<Directory /srv/media>\nRequire all granted\n</Directory>\n"
	const byFolder = pages + "<Directory /srv/pages>\nAllowOverride FileInfo\n</Directory>\n"
	balanced := func(members string) edit {
		return virtualHost("<Proxy balancer://app>\n" + members + "</Proxy>\nProxyPass /dl/ balancer://app/dl/\nProxyPreserveHost On\n" + send)
	}
	rows := []row{
		{name: "no module", code: "apache-module-missing", near: "apache-xsendfile-off apache-guarded-off", site: virtualHost(pass), launch: without("xsendfile")},
		{name: "off", code: "apache-xsendfile-off", near: "apache-module-missing apache-xsendfile-scope", site: virtualHost(pass + allowed + here + "XSendFile Off\n")},
		{name: "off in a Location", code: "apache-xsendfile-off", near: "apache-guarded-off", site: atEnd("<Location /dl/>\n" + here + "XSendFile Off\n</Location>")},
		{name: "never on", code: "apache-xsendfile-off", near: "apache-module-missing apache-header-unset", site: virtualHost(pass + allowed)},
		{name: "off elsewhere", near: "apache-xsendfile-off", site: atEnd("<Location /api/>\nXSendFile Off\n</Location>\n<Directory /srv/media>\nXSendFile Off\n</Directory>")},
		{name: "on in a Directory", code: "apache-xsendfile-scope", near: "apache-xsendfile-off apache-guarded-off",
			site: virtualHost(pass + allowed + "<Directory /srv/media>\n" + here + "XSendFile On\n</Directory>")},
		{name: "on in another Location", code: "apache-xsendfile-scope", near: "apache-xsendfile-off",
			site: virtualHost(pass + allowed + "<Location /downloads/>\n" + here + "XSendFile On\n</Location>")},
		{name: "on in the Location", near: "apache-xsendfile-scope", site: virtualHost(pass + allowed + "<Location /dl/>\nXSendFile On\n</Location>")},
		{name: "behind a condition", code: "apache-guarded-off", near: "apache-xsendfile-off apache-module-missing",
			site: virtualHost(pass + allowed + here + "<IfDefine PRODUCTION>\nXSendFile On\n</IfDefine>")},
		{name: "for a module that nobody has", code: "apache-guarded-off", near: "apache-module-missing",
			site: virtualHost(pass + allowed + here + "<IfModule xsendfile.c>\nXSendFile On\n</IfModule>")},
		{name: "behind conditions that hold", near: "apache-guarded-off",
			site: virtualHost("Define PRODUCTION\n" + pass + allowed + "<IfDefine PRODUCTION>\n<IfModule mod_xsendfile.c>\nXSendFile On\n</IfModule>\n</IfDefine>\n<IfDefine DEBUG>\nXSendFile Off\n</IfDefine>")},
		{name: "header unset", code: "apache-header-unset", near: "apache-xsendfile-off", site: onTop(here + "Header unset X-Sendfile")},
		{name: "header unset too late", near: "apache-header-unset", site: onTop("Header always unset X-Sendfile\nRequestHeader unset X-Sendfile")},

		{name: "another folder allowed", code: "apache-path-not-allowed", near: "apache-permission-denied storage-mount-not-shared",
			site: virtualHost(pass + "XSendFile On\n" + here + "XSendFilePath /srv/pages\nFileETag None\n")},
		{name: "a link to the folder allowed", code: "apache-path-not-allowed", near: "apache-permission-denied",
			site: virtualHost(pass + "XSendFile On\n" + here + "XSendFilePath /srv/link\nFileETag None\n")},
		{name: "folders of another virtual host and this one", near: "apache-path-not-allowed", site: onTop("XSendFilePath /srv/pages\n<Directory /srv/pages>\nXSendFilePath /nonexistent\n</Directory>")},
		{name: "everything allowed", code: "apache-path-too-wide", near: "apache-public-twin", site: onTop(here + "XSendFilePath /")},
		{name: "a part allowed", near: "apache-path-too-wide", site: onTop("XSendFilePath /srv")},
		{name: "not readable", code: "apache-permission-denied", near: "apache-path-not-allowed",
			flags: func(s *setup) { s.asRoot(); s.Mode = 0o600 }},
		{name: "readable", near: "apache-permission-denied", flags: func(s *setup) { s.Mode = 0o644 }},

		{name: "dead upstream", code: "apache-upstream-unreachable", near: "apache-proxypass-order",
			site: virtualHost(here + "ProxyPass /dl/ http://127.0.0.1:8001/dl/\n" + send)},
		{name: "a name that nobody has", code: "apache-upstream-unreachable", near: "apache-vhost-mismatch",
			site: virtualHost(here + "ProxyPass /dl/ http://backend.invalid/dl/\n" + send)},
		{name: "a socket that is not there", code: "apache-upstream-unreachable", near: "apache-proxypass-order",
			site: virtualHost(here + "ProxyPass /dl/ unix:/run/scratch/none.sock|http://localhost/dl/\n" + send)},
		{name: "TLS not switched on", code: "apache-upstream-unreachable", near: "apache-proxypass-order",
			site: both(modules("socache_shmcb", "ssl"), virtualHost(here+"ProxyPass /dl/ https://127.0.0.1:8000/dl/\n"+send))},
		{name: "a dead proxy behind the proxy", code: "apache-upstream-unreachable", near: "apache-proxypass-order",
			site: onTop(here + "ProxyRemote http http://127.0.0.1:8001")},
		{name: "a dead proxy for others", near: "apache-upstream-unreachable",
			site: onTop("ProxyRemote https http://127.0.0.1:8001\nProxyRemote http://www.example.org/ http://127.0.0.1:8001")},
		{name: "dead servers in a group", code: "apache-upstream-unreachable", near: "apache-proxypass-rewrites-path",
			site: balanced(here + "BalancerMember http://127.0.0.1:8001\n")},
		{name: "a dead server in a group", near: "apache-upstream-unreachable",
			site: balanced("BalancerMember http://127.0.0.1:8000\nBalancerMember http://127.0.0.1:8001 status=+H\n")},
		{name: "path changed", code: "apache-proxypass-rewrites-path", near: "apache-proxypass-order", site: virtualHost(here + "ProxyPass /dl/ http://127.0.0.1:8000/\n" + send)},
		{name: "path replaced by itself", near: "apache-proxypass-rewrites-path", site: virtualHost("ProxyPassMatch ^/dl/(.*)$ http://127.0.0.1:8000/dl/$1\nProxyPreserveHost On\n" + send)},
		{name: "an earlier ProxyPass", code: "apache-proxypass-order", near: "apache-upstream-unreachable",
			site: onTop(here + "ProxyPass / http://127.0.0.1:8001/")},
		{name: "an earlier ProxyPassMatch", code: "apache-proxypass-order", near: "apache-upstream-unreachable",
			site: onTop(here + "ProxyPassMatch ^/(.*)$ http://127.0.0.1:8001/$1")},
		{name: "a pattern that looks ahead before", code: "apache-proxypass-order", near: "apache-upstream-unreachable",
			site: onTop(here + "ProxyPassMatch ^/(?!static/|media/)(.*)$ http://127.0.0.1:8001/$1")},
		{name: "a pattern that looks ahead and passes downloads over", near: "apache-proxypass-order apache-access-denied",
			site: onTop("ProxyPassMatch ^/(?!dl/)(.*)$ http://127.0.0.1:8001/$1\n<LocationMatch ^/(?!dl/)>\nRequire all denied\n</LocationMatch>")},
		{name: "a Location behind", code: "apache-proxypass-order", near: "apache-upstream-unreachable",
			site: virtualHost("<Location /dl/>\nProxyPass http://127.0.0.1:8000/dl/\n</Location>\n<Location />\n" + here + "ProxyPass http://127.0.0.1:8001/\n</Location>\n" + send)},
		{name: "a Location before", near: "apache-proxypass-order apache-upstream-unreachable",
			site: virtualHost("<Location />\nProxyPass http://127.0.0.1:8001/\n</Location>\n<Location /dl/>\nProxyPass http://127.0.0.1:8000/dl/\n</Location>\nProxyPreserveHost On\n" + send)},
		{name: "a later ProxyPass", near: "apache-proxypass-order", site: atEnd("ProxyPass / http://127.0.0.1:8001/")},
		{name: "excluded", code: "apache-proxypass-excluded", near: "apache-proxypass-order apache-vhost-mismatch", site: onTop(here + "ProxyPass /dl !")},
		{name: "excluded by a pattern", code: "apache-proxypass-excluded", near: "apache-proxypass-order", site: onTop(here + "ProxyPassMatch \\.(bin|css|js)$ !")},
		{name: "excluded by a variable", code: "apache-proxypass-excluded", near: "apache-vhost-mismatch apache-proxypass-order",
			site: onTop(here + "SetEnvIf Request_URI ^/dl/ no-proxy")},
		{name: "others excluded by a variable", near: "apache-proxypass-excluded",
			site: onTop("SetEnvIf Request_URI ^/ no-proxy\nSetEnvIf Request_URI ^/dl/ !no-proxy\nSetEnv no-proxy 1")},
		{name: "others excluded", near: "apache-proxypass-excluded", site: onTop("ProxyPass /dl/static/ !\nProxyPassMatch \\.(css|js)$ !")},
		{name: "refused", code: "apache-access-denied", near: "apache-proxypass-excluded", site: onTop("<Location /dl/>\n" + here + "Require ip 192.0.2.0/24\n</Location>")},
		{name: "refused by one of all", code: "apache-access-denied", near: "apache-proxypass-excluded",
			site: onTop("<Location /dl/>\n<RequireAll>\nRequire all granted\n" + here + "Require not ip 127.0.0.0/8\n</RequireAll>\n</Location>")},
		{name: "refused by what a section adds to", code: "apache-access-denied", near: "apache-proxypass-excluded",
			site: onTop("<Location />\n" + here + "Require ip 192.0.2.0/24\n</Location>\n<Location /dl/>\nAuthMerging And\nRequire all granted\n</Location>")},
		{name: "allowed by what a section adds", near: "apache-access-denied",
			site: onTop("<Location />\nRequire ip 192.0.2.0/24\n</Location>\n<Location /dl/>\nAuthMerging Or\nRequire ip 127.0.0.1\n</Location>")},
		{name: "refused without TLS", code: "apache-access-denied", near: "apache-proxypass-excluded",
			site: both(modules("socache_shmcb", "ssl"), onTop("<Location /dl/>\n"+here+"SSLRequireSSL\n</Location>"))},
		{name: "rewritten to a page that is not there", code: "proxy-not-routed", near: "apache-proxypass-excluded apache-vhost-mismatch",
			site: onTop(pages + "RewriteEngine On\n" + here + "RewriteRule ^/dl/(.*)$ /old/$1")},
		{name: "a method refused", code: "proxy-not-routed", near: "apache-access-denied apache-proxypass-excluded",
			site: both(modules("allowmethods"), onTop("<Location /dl/>\n"+here+"AllowMethods POST\n</Location>"))},
		{name: "other methods refused", near: "apache-access-denied",
			site: both(modules("allowmethods"), onTop("<Location />\nAllowMethods POST\n</Location>\n<Location /dl/>\nAllowMethods GET\n</Location>"))},
		{name: "slashes left encoded, and made canonical", code: "handoff-name-encoding", near: "apache-proxypass-rewrites-path",
			site: onTop(here + "AllowEncodedSlashes NoDecode")},
		{name: "slashes left encoded and passed on so", near: "handoff-name-encoding",
			site: virtualHost("AllowEncodedSlashes NoDecode\nProxyPass /dl/ http://127.0.0.1:8000/dl/ nocanon\nProxyPreserveHost On\n" + send)},
		{name: "refused by an address, and later by other methods only", near: "apache-access-denied",
			site: onTop("<Location /dl/>\nRequire ip 192.0.2.0/24\n</Location>\n<LocationMatch ^/>\n<LimitExcept GET HEAD>\nRequire all denied\n</LimitExcept>\n</LocationMatch>")},
		{name: "a value that the proxy writes", code: "handoff-not-found", near: "apache-path-not-allowed apache-header-unset",
			site: onTop(here + "Header set X-Sendfile /srv/media/none/%{UNIQUE}e")},
		{name: "others refused", near: "apache-access-denied", site: onTop("<Proxy *>\nRequire all denied\n</Proxy>\n<Location /dl/>\nRequire ip 192.0.2.0/24 127.0.0.0/8 ::1\n</Location>")},
		{name: "another virtual host", code: "apache-vhost-mismatch", near: "apache-proxypass-excluded",
			site: both(swap("ServerName downloads.example.org", here+"ServerName downloads.example.org"), swap("Listen 127.0.0.1:8080\n", "Listen 127.0.0.1:8080\n"+vhost+"\nServerName www.example.org\nDocumentRoot /srv/pages\n</VirtualHost>\n"))},
		{name: "a virtual host on another port", code: "apache-vhost-mismatch", near: "apache-proxypass-excluded",
			site: both(swap(vhost, here+"<VirtualHost 127.0.0.1:8443>"), swap("Listen 127.0.0.1:8080\n", "Listen 127.0.0.1:8080\n"+vhost+"\nDocumentRoot /srv/pages\n</VirtualHost>\n"))},
		{name: "sent to a virtual host on another port", code: "proxy-redirects", near: "apache-vhost-mismatch",
			site: both(swap(vhost, "<VirtualHost 127.0.0.1:8443>"), swap("Listen 127.0.0.1:8080\n", "Listen 127.0.0.1:8080\n"+vhost+"\n"+here+"Redirect permanent / https://127.0.0.1:8443/\n</VirtualHost>\n"))},
		{name: "a Location that redirects", code: "proxy-redirects", near: "apache-vhost-mismatch",
			site: onTop("<Location /dl/>\n" + here + "Redirect 307 https://cdn.example.org/\n</Location>")},
		{name: "a Location that says 404", code: "proxy-not-routed", near: "apache-proxypass-excluded apache-vhost-mismatch",
			site: onTop("<If \"%{REQUEST_URI} =~ m#^/dl/# && -R '127.0.0.0/8'\">\n" + here + "Redirect 404\n</If>")},
		{name: "the first virtual host", near: "apache-vhost-mismatch", site: atEnd("</VirtualHost>\n" + vhost + "\nServerName www.example.org\nDocumentRoot /srv/pages")},
		{name: "where it may not stand", code: "apache-htaccess-context", near: "apache-path-not-allowed apache-vhost-mismatch",
			site: virtualHost(byFolder + send), flags: inFolder("XSendFilePath /srv/media\n")},
		{name: "where it may stand", near: "apache-htaccess-context apache-xsendfile-scope",
			site: virtualHost(byFolder + allowed), flags: inFolder("XSendFile on\nRequestHeader set Host downloads.example.org\n")},

		{name: "twin", code: "apache-public-twin", near: "apache-path-too-wide", site: onTop(public + here + "Alias /media/ /srv/media/")},
		{name: "twin by a pattern", code: "apache-public-twin", near: "apache-path-too-wide", site: onTop(public + here + "AliasMatch ^/media/(.*)$ /srv/media/$1")},
		{name: "twin by a rule", code: "apache-public-twin", near: "apache-path-too-wide",
			site: onTop(public + "RewriteEngine on\n" + here + "RewriteRule ^/media/(.*)$ /srv/media/$1 [L]")},
		{name: "twin by a pattern of two parts", code: "apache-public-twin", near: "apache-path-too-wide",
			site: onTop(public + here + "AliasMatch ^/raw/(?:v\\d+/)?([a-z]{2})/(.+)$ /srv/media/$2")},
		{name: "twin by a pattern for other files", near: "apache-public-twin",
			site: onTop(public + "AliasMatch ^/raw/([a-z]{2})/([^/]+\\.jpe?g)$ /srv/media/$2")},
		{name: "twin that is denied", near: "apache-public-twin", site: onTop("Alias /media/ /srv/media/\n<Directory /srv/media>\nRequire all denied\n</Directory>")},
		{name: "every ETag the same", code: "apache-etag-zero", near: "apache-cache-quick", only: own, site: swap("    FileETag None\n", "")},
		{name: "the application's ETag", near: "apache-etag-zero", only: own, backend: etag, site: swap("    FileETag None\n", "")},
		{name: "replayed", code: "apache-cache-quick", near: "apache-etag-zero", site: rudeCache},
		{name: "replayed before a Location is looked at", code: "apache-cache-quick", near: "apache-etag-zero",
			site: both(rudeCache, onTop("<Location /dl/>\nCacheDisable on\n</Location>"))},
		{name: "disabled in a Location that is looked at", near: "apache-cache-quick",
			site: both(rudeCache, onTop("CacheQuickHandler Off\n<Location /dl/>\nCacheDisable on\n</Location>"))},
		{name: "another path replayed", near: "apache-cache-quick", site: both(rudeCache, onTop("CacheDisable /dl/"))},
	}
	for i := range rows {
		rows[i].config, rows[i].kind = true, &apache.Kind
		if rows[i].only == "" {
			rows[i].only = companion
		}
	}
	return rows
}

// inFolder puts a .htaccess file into the folder of the pages: one that passes
// downloads on, with more text behind.
func inFolder(text string) func(*setup) {
	return func(s *setup) {
		s.t.Helper()
		rule := "RewriteEngine On\nRewriteRule ^dl/(.*)$ http://127.0.0.1:8000/dl/$1 [P,B,BNP,NE]\n"
		write(s.t, filepath.Join(s.place("/srv/pages"), ".htaccess"), s.place(rule+text))
	}
}
