package e2e

import (
	"strings"
	"testing"
)

// vhost begins the virtual host in Apache's samples.
const vhost = "<VirtualHost 127.0.0.1:8080>"

// within puts text at the top of a section: the one that begins with head.
func within(head, text string) edit { return swap(head, head+"\n"+text) }

// onTop puts text at the top of the virtual host.
func onTop(text string) edit { return within(vhost, text) }

// atEnd puts text at the end of the virtual host.
func atEnd(text string) edit { return swap("</VirtualHost>", text+"\n</VirtualHost>") }

// virtualHost replaces everything in the virtual host.
func virtualHost(text string) edit {
	return func(testing.TB, string) string {
		return "Listen 127.0.0.1:8080\n" + vhost + "\nServerName downloads.example.org\n" + text + "\n</VirtualHost>\n"
	}
}

// pass and send are what a virtual host needs for downloads.
const (
	pass = "ProxyPass /dl/ http://127.0.0.1:8000/dl/\nProxyPreserveHost On\n"
	send = "XSendFile On\nXSendFilePath /srv/media\nFileETag None\n"
)

// pages has the virtual host keep pages of its own.
const pages = "DocumentRoot /srv/pages\n<Directory /srv/pages>\nRequire all granted\n</Directory>\n"

// modules loads more modules than the usual ones.
func modules(names ...string) edit {
	var b strings.Builder
	for _, n := range names {
		b.WriteString("LoadModule " + n + "_module modules/mod_" + n + ".so\n")
	}
	return above(b.String())
}

// tier puts another virtual host in front of the site, on the same address,
// with this text in it. The site is reached by its name.
func tier(text string) edit {
	return func(t testing.TB, site string) string {
		listen := "Listen 127.0.0.1:8080\n"
		return replace(t, listen, listen+vhost+"\nServerName front.example.org\nProxyPass / http://127.0.0.1:8080/\n"+
			"ProxyPreserveHost On\nRequestHeader set Host downloads.example.org\n"+text+"\n</VirtualHost>\n")(site)
	}
}

// apacheOverTLS is the site with a throw-away certificate.
func apacheOverTLS(t testing.TB, site string) string {
	return both(modules("socache_shmcb", "ssl"),
		onTop("SSLEngine On\nSSLCertificateFile /srv/tls/cert.pem\nSSLCertificateKeyFile /srv/tls/key.pem"))(t, site)
}

// Caches for the whole site: one asks first what the backend allows, the other does not.
var (
	politeCache = both(modules("cache", "cache_disk"), onTop("CacheRoot /run/scratch\nCacheEnable disk /\nCacheQuickHandler Off"))
	rudeCache   = both(modules("cache", "cache_disk"),
		onTop("CacheRoot /run/scratch\nCacheEnable disk /\nCacheStorePrivate On\nCacheIgnoreCacheControl On\nCacheDefaultExpire 3600"))
)
