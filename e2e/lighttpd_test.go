package e2e

import (
	"slices"
	"testing"

	"github.com/proxydiag/proxydiag/lighttpd"
)

func TestLighttpd(t *testing.T) {
	try(t, lighttpdRows())
}

// lighttpdRows are the stacks with lighttpd.
func lighttpdRows() []row {
	rows := slices.Concat(lighttpdStorageRows(), lighttpdBackendRows(), lighttpdValueRows(), lighttpdNameRows(), lighttpdRoutingRows(),
		lighttpdAnswerRows(), lighttpdRequestRows(), lighttpdHandoffRows(), lighttpdSampleRows(), lighttpdHealthyRows())
	for i := range rows {
		rows[i].kind = &lighttpd.Kind
	}
	return rows
}

// lighttpdStorageRows are those of storageRows in which the site is as it is.
func lighttpdStorageRows() []row {
	return slices.DeleteFunc(storageRows(), func(r row) bool { return r.site != nil })
}

// lighttpdSampleRows are the samples as they are.
func lighttpdSampleRows() []row {
	var rows []row
	for _, s := range lighttpd.Kind.Samples {
		rows = append(rows, row{name: s.Name, sample: s.Name, config: true})
		if s.Direct != "" {
			rows = append(rows, row{name: s.Name + " with direct", sample: s.Name, flags: direct, config: true})
		}
		rows = append(rows, row{name: s.Name + " with a new fixed file", sample: s.Name, file: "health.pdf"})
	}
	return append(rows,
		row{name: "fixed file that is there", file: "report.txt"},
		row{name: "django", sample: "application.conf", only: own, flags: func(s *setup) { healthView(s, "report.txt") },
			backend: view(framework{Server: "WSGIServer/0.2 CPython/3.11.2", File: "report.txt", Charset: "; charset=utf-8", Field: xSendfile})},
		row{name: "rails", sample: "application.conf", only: learned, flags: func(s *setup) { healthView(s, "health.txt") },
			backend: view(framework{Server: "puma", File: "health.txt", RequestID: true, Field: xSendfile})})
}

// lighttpdHealthyRows look suspicious and are not.
func lighttpdHealthyRows() []row {
	rows := []row{
		{name: "docroot without its slash", site: swap(`( "/srv/media/" )`, `( "/srv/media" )`)},
		{name: "docroot above", sample: "processes.conf", site: swap(`( "/srv/media/protected/" )`, `( "/srv/media/" )`)},
		{name: "docroot with dots, among others", site: swap(`( "/srv/media/" )`, `( "/nonexistent", "/srv/media/../media/", "/srv/pages" )`)},
		{name: "older name", site: swap(`"x-sendfile" =>`, `"allow-x-send-file" =>`)},
		{name: "newer name wins", site: swap(`"x-sendfile" =>`, `"allow-x-send-file" => "disable", "x-sendfile" =>`)},
		{name: "switched on by a number", site: swap(`"x-sendfile" => "enable"`, `"x-sendfile" => 1`)},
		{name: "dots within an allowed path", backend: dots},
		{name: "a later condition that keeps it", site: inSocket("proxy.server = ( \"/dl/\" => ( ( " + lightApp + " ) ) )")},
		{name: "else branches", site: onlySocket("$HTTP[\"host\"] == \"other.example\" { proxy.server = ( \"\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => 8001 ) ) ) }\n" +
			"else $HTTP[\"url\"] =~ \"^/dl/\" { proxy.server = ( \"\" => ( ( " + lightApp + ", " + lightSend + " ) ) ) }\nelse { url.access-deny = ( \"\" ) }")},
		{name: "replaced and set again", site: inURL("proxy.server := ( \"\" => ( ( "+lightApp+", "+lightSend+" ) ) )\nsetenv.add-environment = ( \"A\" => \"b\" )\nproxy.balance = \"hash\"",
			swap("proxy.server = ( \"\" => (\n", "var.unused = ( \"\" => (\n"), lightModules("mod_setenv"))},
		{name: "alias beside the gateway", site: inSocket("alias.url = ( \"/dl/\" => \"/srv/media/\", \"/pages/\" => \"/srv/pages/\" )")},
		{name: "alias that is denied", site: inSocket("alias.url = ( \"/files/\" => \"/srv/media/\" )\n$HTTP[\"url\"] =~ \"^/files/\" { url.access-deny = ( \"\" ) }")},
		{name: "redirect for another host", site: inSocket("$HTTP[\"host\"] =~ \"^www\\.(.*)$\" { url.redirect = ( \"^/(.*)\" => \"https://%1/$1\" ) }")},
		{name: "rewrite of other paths", site: both(lightModules("mod_rewrite"), inSocket("url.rewrite-once = ( \"^/old/(.*)\" => \"/dl/$1\" )"))},
		{name: "hardening", site: both(lightModules("mod_setenv"), inSocket("server.tag = \"\"\nurl.access-deny = ( \"~\", \".inc\", \".key\" )\n"+
			"setenv.add-response-header = ( \"X-Content-Type-Options\" => \"nosniff\", \"X-Frame-Options\" => \"DENY\", \"Strict-Transport-Security\" => \"max-age=31536000\" )"))},
		{name: "expires elsewhere", site: both(lightModules("mod_expire"), inSocket("$HTTP[\"url\"] =~ \"^/static/\" { expire.url = ( \"\" => \"access plus 1 years\" ) }"))},
		{name: "small chunks", site: inSocket("server.network-backend = \"writev\"", inSocket("server.stream-response-body = 2"))},
		{name: "no type from the backend", site: above("mimetype.assign += ( \"\" => \"application/octet-stream\" )"), backend: ok(func(a *answer) { a.Header["Content-Type"] = nil })},
		{name: "no cache control from the backend", backend: field(cacheControl, "")},
		{name: "ETag of the application", backend: etag},
		{name: "cookie set with the file", backend: field("Set-Cookie", "session=1; HttpOnly; Path=/")},
		{name: "cookie renewed with every answer", backend: renewed()},
		{name: "second tier", near: "storage-corrupt proxy-body-altered proxy-stale-file proxy-compressed-download", site: lightTier("server.tag = \"front\"")},
		{name: "missing files left to the proxy", only: own, flags: func(s *setup) { s.Stack.Denied = string(s.Stack.Backend) + "secret.txt" }},
	}
	for i := range rows {
		rows[i].config = true
	}
	return rows
}
