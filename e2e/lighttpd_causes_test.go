package e2e

import (
	"net/http"
	"testing"

	"github.com/proxydiag/proxydiag/lighttpd"
)

func TestLighttpdCauses(t *testing.T) { try(t, lighttpdCauseRows()) }

// TestLighttpdCausesCatalogue: every cause has a stack that shows it, and one
// that nearly does.
func TestLighttpdCausesCatalogue(t *testing.T) {
	cover(t, "lighttpd", lighttpd.Kind.Rules, lighttpdCauseRows(), nil)
}

// lighttpdCauseRows are stacks whose configuration and error log are given. A
// line that ends with "# here" is the one that the finding must point to.
func lighttpdCauseRows() []row {
	const noDocroot = ",\n                \"x-sendfile-docroot\" => ( \"/srv/media/\" )"
	rows := []row{
		{name: "not enabled", code: "lighttpd-xsendfile-off", near: "lighttpd-docroot-unset",
			site: onlyProxy("proxy.server = ( \"\" => ( # here\n( " + lightApp + ", \"x-sendfile-docroot\" => ( \"/srv/media/\" ) ) ) )")},
		{name: "disabled", code: "lighttpd-xsendfile-off", site: swap(`"x-sendfile" => "enable",`, "\"x-sendfile\" => \"disable\", # here")},
		{name: "misspelt", code: "lighttpd-xsendfile-off", site: swap(`"x-sendfile" => "enable",`, "\"xsendfile\" => \"enable\", # here")},
		{name: "replaced by a later condition", code: "lighttpd-xsendfile-off", near: "lighttpd-upstream-unreachable",
			site: onlySocket("proxy.server = ( \"/dl/\" => ( ( " + lightApp + ", " + lightSend + " ) ) )\n" +
				"$HTTP[\"host\"] =~ \"^127\\.\" {\nproxy.server = ( \"/dl/\" => ( ( " + lightApp + " ) ) ) # here\n}")},
		{name: "replaced for another host", near: "lighttpd-xsendfile-off lighttpd-docroot",
			site: onlySocket("proxy.server = ( \"/dl/\" => ( ( " + lightApp + ", " + lightSend + " ) ) )\n" +
				"$HTTP[\"host\"] == \"other.example\" { proxy.server = ( \"/dl/\" => ( ( " + lightApp + " ) ) ) }")},

		{name: "another docroot", code: "lighttpd-docroot", near: "lighttpd-permission-denied lighttpd-public-twin",
			site: swap(`"x-sendfile-docroot" => ( "/srv/media/" )`, "\"x-sendfile-docroot\" => ( # here\n\"/srv/pages/\", \"/srv/med\" )")},
		{name: "docroot by its link", code: "lighttpd-docroot", site: swap(`"x-sendfile-docroot" => ( "/srv/media/" )`, "\"x-sendfile-docroot\" => ( \"/srv/link/\" ) # here")},
		{name: "one of several docroots", near: "lighttpd-docroot lighttpd-docroot-unset", site: swap(`( "/srv/media/" )`, `( "/srv/pages", "/srv/media/../media" )`)},

		{name: "no docroot", code: "lighttpd-docroot-unset", near: "lighttpd-docroot", site: swap("\"x-sendfile\" => \"enable\""+noDocroot, "\"x-sendfile\" => \"enable\" # here\n")},
		{name: "docroot of everything", code: "lighttpd-docroot-unset", site: swap(`"x-sendfile-docroot" => ( "/srv/media/" )`, "\"x-sendfile-docroot\" => ( \"/\" ) # here")},

		{name: "an alias for all", code: "lighttpd-public-twin", near: "lighttpd-docroot-unset",
			site: inSocket("alias.url = ( \"/pages/\" => \"/srv/pages/\",\n\"/files/\" => \"/srv/media/\", # here\n\"/direct/\" => \"/srv/media/\" )")},
		{name: "the document root", code: "lighttpd-public-twin", site: inSocket("$HTTP[\"url\"] !~ \"^/dl/\" {\nserver.document-root = \"/srv/link\" # here\n}")},
		{name: "the folder of the default host", code: "lighttpd-public-twin",
			site: both(lightModules("mod_simple_vhost"), inSocket("simple-vhost.server-root = \"/srv/media/..\" # here\nsimple-vhost.default-host = \"media\""))},
		{name: "another folder of the default host", near: "lighttpd-public-twin",
			site: both(lightModules("mod_simple_vhost"), inSocket("simple-vhost.server-root = \"/srv/media/..\"\nsimple-vhost.default-host = \"pages\""))},
		{name: "a document root for what nobody comes by", near: "lighttpd-public-twin",
			site: inSocket("$HTTP[\"scheme\"] == \"https\" {\nserver.document-root = \"/srv/media\"\n}")},
		{name: "a document root for what a front comes by", code: "lighttpd-public-twin",
			site: both(lightModules("mod_extforward"), inSocket("extforward.forwarder = ( \"10.0.0.1\" => \"trust\" )\n$HTTP[\"scheme\"] == \"https\" {\nserver.document-root = \"/srv/media\" # here\n}"))},
		{name: "an alias that is closed", near: "lighttpd-public-twin",
			site: inSocket("alias.url = ( \"/files/\" => \"/srv/media/\" )\n$HTTP[\"url\"] =~ \"^/files/\" { url.access-deny = ( \"\" ) }")},
		{name: "a document root behind the gateway", near: "lighttpd-public-twin", sample: "application.conf", site: inSocket("server.document-root = \"/srv/media\"")},

		{name: "header of an old version", code: "lighttpd-legacy-header", near: "lighttpd-xsendfile-off", backend: renamed("X-LIGHTTPD-send-file")},
		{name: "header with ranges", code: "lighttpd-legacy-header", backend: renamed("X-Sendfile2")},
		{name: "old and new header", code: "handoff-leaked", near: "lighttpd-legacy-header", backend: func(next http.Handler, storage string) http.Handler {
			return ok(func(a *answer) { a.Header.Set("X-Sendfile2", a.Header.Get(xSendfile)+" 0-") })(next, storage)
		}},

		{name: "not readable", code: "lighttpd-permission-denied", near: "lighttpd-docroot", flags: func(s *setup) { s.asRoot(); s.Mode = 0o600 }},
		{name: "readable by all", near: "lighttpd-permission-denied", flags: func(s *setup) { s.Mode = 0o644 }},
		{name: "links refused", code: "handoff-forbidden", near: "lighttpd-permission-denied lighttpd-docroot",
			site: both(swap("/srv/media/", "/srv/link/"), inSocket("server.follow-symlink = \"disable\" # here")), flags: func(s *setup) { s.Stack.Sendfile = "lighttpd:/srv/link/" }},

		{name: "dead upstream", code: "lighttpd-upstream-unreachable", near: "lighttpd-xsendfile-off",
			site: onlyProxy("proxy.server = ( \"\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => 8001, # here\n" + lightSend + " ) ) )")},
		{name: "socket that is not there", code: "lighttpd-upstream-unreachable",
			site: onlyProxy("proxy.server = ( \"\" => ( (\n\"socket\" => \"/run/scratch/app.sock\", # here\n" + lightSend + " ) ) )")},
		{name: "dead upstream behind a look-ahead", code: "lighttpd-upstream-unreachable",
			site: onlySocket("$HTTP[\"url\"] =~ \"^/(?!static/|$)\" {\nproxy.server = ( \"\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => 8001, # here\n" + lightSend + " ) ) )\n}")},
		{name: "replaced behind a look-ahead", near: "lighttpd-xsendfile-off lighttpd-upstream-unreachable",
			site: onlySocket("proxy.server = ( \"/dl/\" => ( ( " + lightApp + ", " + lightSend + " ) ) )\n" +
				"$HTTP[\"url\"] =~ \"^/(?!dl/)\" { proxy.server = ( \"\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => 8001 ) ) ) }")},
		{name: "dead process beside a live one", near: "lighttpd-upstream-unreachable",
			site: onlyProxy("proxy.server = ( \"\" => ( ( " + lightApp + ", " + lightSend + " ), ( \"host\" => \"127.0.0.1\", \"port\" => 8001, " + lightSend + " ) ) )")},

		{name: "another host", code: "proxy-not-routed", site: onlySocket("$HTTP[\"host\"] == \"downloads.example.org\" { # here\nproxy.server = ( \"\" => ( ( " + lightApp + ", " + lightSend + " ) ) )\n}")},
		{name: "taken by the branch before", code: "proxy-not-routed",
			site: onlySocket("$HTTP[\"url\"] =~ \"^/(dl|static)/\" { # here\nserver.document-root = \"/srv/pages\"\n}\nelse { proxy.server = ( \"\" => ( ( " + lightApp + ", " + lightSend + " ) ) ) }")},
		{name: "denied", code: "proxy-not-routed", site: inURL("url.access-deny = ( \"\" ) # here")},
		{name: "redirected", code: "proxy-redirects", site: inSocket("url.redirect = ( \"^/none\" => \"/x\",\n\"^/dl/(.*)\" => \"/files/$1\" ) # here")},
		{name: "path mapped", code: "proxy-path-rewritten", site: inURL("proxy.header = ( \"map-urlpath\" => (\n\"/dl/\" => \"/\" ) ) # here")},
		{name: "path rewritten", code: "proxy-path-rewritten", site: both(lightModules("mod_rewrite"), inSocket("url.rewrite-once = (\n\"^/dl/(.*)\" => \"/dl/v1/$1\" ) # here"))},
		{name: "no ranges", code: "proxy-ranges-broken", site: inURL("server.range-requests = \"disable\" # here")},
		{name: "no ranges for requests that ask for some", code: "proxy-ranges-broken",
			site: inSocket("$REQUEST_HEADER[\"Range\"] != \"\" {\nserver.range-requests = \"disable\" # here\n}")},
		{name: "made cacheable", code: "proxy-cache-control-overridden", site: both(lightModules("mod_setenv"), inURL("setenv.set-response-header = (\n\"Cache-Control\" => \"public, max-age=60\" ) # here"))},
		{name: "low rate", code: "proxy-throttled", only: own, site: inURL("connection.kbytes-per-second = 1000 # here")},
	}
	for i := range rows {
		rows[i].kind, rows[i].config = &lighttpd.Kind, true
		if rows[i].only == "" {
			rows[i].only = companion
		}
	}
	return rows
}

// renamed hands over by another header.
func renamed(header string) middleware {
	return ok(func(a *answer) {
		a.Header.Set(header, a.Header.Get(xSendfile)+" 0-")
		a.Header.Del(xSendfile)
	})
}
