package e2e

import (
	"strings"
)

// docNames puts addresses and folders of the samples and of the world (see
// there) in the place of those that read better in a page.
func docNames() *strings.Replacer {
	return strings.NewReplacer(
		"listen 80", "listen 127.0.0.1:8080",
		"<VirtualHost *:80>", vhost,
		"listen 127.0.0.1:8081", "listen unix:/run/scratch/site.sock",
		"http://127.0.0.1:8081", "http://unix:/run/scratch/site.sock",
		"www.example.org", "127.*", // where users ask in the tests
		"http://storage.example.org", "http://127.0.0.1:8003/whole",
		"https://bucket.s3.example.org", "http://127.0.0.1:8003/signed",
		"bucket.s3.example.org", "127.0.0.1:8003",
		"/s3/", "/protected/",
		"/var/www/html", "/srv/pages",
		"/srv/static/;", "/srv/pages/;",
		"/srv/old-media", "/srv/pages",
		"/sorry.html", "/index.html",
		"/var/cache/nginx", "/run/scratch/cache",
		"/var/cache/apache2", "/run/scratch",
	)
}

// excerpt completes the text of a page: one that holds no whole server (virtual
// host) is put into one on the address that users ask, beside those parts of a
// healthy set-up of which it says nothing.
func excerpt(kind, text string) string {
	lacks := func(word string) bool { return !strings.Contains(text, word) }
	add := func(word, missing string) {
		if lacks(word) {
			text += "\n" + missing
		}
	}
	switch kind {
	case "nginx":
		if !lacks("server {") {
			return text
		}
		if !strings.Contains(text, "location /dl/") && !strings.Contains(text, "location ^~ /dl/") {
			text += "\n" + download
		}
		add("/protected/", internal) // a comment that speaks of it says that there is none
		return "server {\nlisten 127.0.0.1:8080;\n" + text + "\n}\n"
	case "apache":
		if lacks(vhost) {
			add("ProxyPass ", pass)
			add("XSendFile ", "XSendFile On")
			add("XSendFilePath ", "XSendFilePath /srv/media")
			add("FileETag ", "FileETag None")
			text = vhost + "\nServerName downloads.example.org\n" + text + "\n</VirtualHost>\n"
		}
		return "Listen 127.0.0.1:8080\n" + text
	case "lighttpd":
		if lacks("proxy.server") {
			text = "proxy.server = ( \"/dl/\" => ( ( " + lightApp + ", " + lightSend + " ) ) )\n" + text
		}
		return "server.modules += ( \"mod_proxy\" )\n" + lightSocket + "\n" + text + "\n}\n"
	case "caddy":
		add("reverse_proxy ", "handle /dl/* {\n"+healthyProxy+"\n}")
		return "http://127.0.0.1:8080 {\n" + text + "\n}\n"
	}
	return text
}
