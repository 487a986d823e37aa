package e2e

import (
	"testing"

	"github.com/proxydiag/proxydiag/caddy"
)

func TestCaddyCauses(t *testing.T) { try(t, append(caddyCauseRows(), caddyNeutralRows()...)) }

// TestCaddyCausesCatalogue: every finding of Caddy's own has a stack that shows
// it, and one that nearly does.
func TestCaddyCausesCatalogue(t *testing.T) {
	cover(t, "caddy", caddy.Kind.Rules, caddyCauseRows(), nil)
}

// caddyCauseRows are stacks whose configuration and error log are given. A line
// that ends with "# here" is the one that the finding must point to.
func caddyCauseRows() []row {
	const snippet = "(serve) {\nroot * {args.0}\n" + toHandoff + "\nuri strip_prefix {args.1}\n" + copyFields + "\n" + serveFiles + "\n}\n"
	imported := func(args string) edit { return both(accelSite("import serve "+args), above(snippet)) }
	rows := []row{
		{name: "no handle_response", code: "caddy-no-handle-response", near: "caddy-wrong-header",
			site: caddySite("reverse_proxy 127.0.0.1:8000 # here")},
		{name: "only errors are handled", code: "caddy-no-handle-response", near: "caddy-wrong-header",
			site: caddySite("reverse_proxy 127.0.0.1:8000 { # here\n@broken status 5xx\nhandle_response @broken {\nrespond \"sorry\" 503\n}\n}")},
		{name: "every answer is handled", near: "caddy-no-handle-response caddy-wrong-header",
			site:  caddySite("reverse_proxy 127.0.0.1:8000 {\nhandle_response {\n@accel header X-None *\n" + toMedia + "\n" + toHandoff + "\n" + strip + "\n" + copyFields + "\n" + serveFiles + "\n}\n}"),
			flags: func(s *setup) { s.Stack.Profile = "quick" }},
		{name: "waits for another field", code: "caddy-wrong-header", near: "caddy-no-handle-response",
			site: caddySite("reverse_proxy 127.0.0.1:8000 {\n@accel header X-Sendfile * # here\nhandle_response @accel {\n" + toMedia + "\n" + serveFiles + "\n}\n}")},
		{name: "waits for another value", code: "caddy-wrong-header", near: "caddy-no-handle-response",
			site: caddySite("reverse_proxy 127.0.0.1:8000 {\n@accel { # here\nheader X-Accel-Redirect /private/*\nstatus 2xx\n}\nhandle_response @accel {\n" + toMedia + "\n" + toHandoff + "\n" + serveFiles + "\n}\n}")},
		{name: "waits for another status", code: "caddy-wrong-header", near: "caddy-no-handle-response",
			site: caddySite("reverse_proxy 127.0.0.1:8000 {\n@accel { # here\nheader X-Accel-Redirect *\nstatus 3xx\n}\nhandle_response @accel {\n" + toMedia + "\n" + toHandoff + "\n" + serveFiles + "\n}\n}")},
		{name: "waits for either field", near: "caddy-wrong-header caddy-no-handle-response",
			site: caddySite("reverse_proxy 127.0.0.1:8000 {\n@send header X-Sendfile *\nhandle_response @send {\nroot * /srv/media\nrewrite * {rp.header.X-Sendfile}\nfile_server\n}\n" +
				"@accel header X-Accel-Redirect /protected/*\nhandle_response @accel {\n" + toMedia + "\n" + toHandoff + "\n" + strip + "\n" + copyFields + "\n" + serveFiles + "\n}\n}")},

		{name: "another folder", code: "caddy-wrong-root", near: "caddy-prefix-kept caddy-no-rewrite", site: accelSite("root * /srv/pages # here", toHandoff, strip, copyFields, serveFiles)},
		{name: "another folder in file_server", code: "caddy-wrong-root", near: "caddy-prefix-kept",
			site: accelSite(toMedia, toHandoff, strip, copyFields, "file_server {\nroot /srv/pages # here\n}")},
		{name: "another folder by an import", code: "caddy-wrong-root", near: "caddy-prefix-kept",
			site: imported("/srv/pages /protected # here")},
		{name: "another folder by a default", code: "caddy-wrong-root", near: "caddy-prefix-kept",
			site: accelSite("root * {$PROXYDIAG_E2E_MEDIA:/srv/pages} # here", toHandoff, strip, copyFields, serveFiles)},
		{name: "the folder by a default", near: "caddy-wrong-root caddy-root-too-wide",
			site: accelSite("root * {$PROXYDIAG_E2E_MEDIA:/srv/media}", toHandoff, strip, copyFields, serveFiles)},
		{name: "another folder by a map", code: "caddy-wrong-root", near: "caddy-no-rewrite",
			site: accelSite("map {rp.header.X-Accel-Redirect} {media} {\n~^/private/ /srv/media\ndefault /srv/pages\n}", "root * {media} # here", toHandoff, strip, copyFields, serveFiles)},
		{name: "the file by a map", near: "caddy-wrong-root caddy-no-rewrite caddy-prefix-kept",
			site: accelSite("map {rp.header.X-Accel-Redirect} {media} {below} {\n~^/protected(/.*)$ /srv/media ${1}\ndefault /srv/pages /none\n}", "root * {media}", "rewrite * {below}", copyFields, serveFiles)},
		{name: "another folder and a page for errors", code: "caddy-wrong-root",
			site: caddySite("handle_errors {\nrespond \"sorry\" 200\n}\n" + accelProxy("root * /srv/pages # here", toHandoff, strip, copyFields, serveFiles))},
		{name: "no folder", code: "caddy-wrong-root", near: "caddy-prefix-kept", site: accelSite(toHandoff, strip, copyFields, "file_server # here")},
		{name: "a folder by a variable", near: "caddy-wrong-root", site: accelSite("vars media /srv/media\nroot * {vars.media}", toHandoff, strip, copyFields, serveFiles)},
		{name: "a link to the folder", near: "caddy-wrong-root", site: accelSite("root * /srv/link", toHandoff, strip, copyFields, serveFiles)},
		{name: "the folder of the site", near: "caddy-wrong-root caddy-no-rewrite",
			site: caddySite("root * /srv/media\n" + accelProxy(toHandoff, strip, copyFields, serveFiles))},
		{name: "the folder by an import", near: "caddy-wrong-root caddy-prefix-kept", site: imported("/srv/media /protected")},

		{name: "prefix kept", code: "caddy-prefix-kept", near: "caddy-wrong-root", site: accelSite("root * /srv/media # here", toHandoff, copyFields, serveFiles)},
		{name: "another prefix stripped", code: "caddy-prefix-kept", near: "caddy-wrong-root caddy-no-rewrite",
			site: accelSite(toMedia, toHandoff, "uri strip_prefix /private # here", copyFields, serveFiles)},
		{name: "prefix called as the folder kept", code: "caddy-prefix-kept", near: "caddy-wrong-root", site: accelSite("root * /srv/media # here", toHandoff, copyFields, serveFiles),
			flags: func(s *setup) { s.Stack.Sendfile = "caddy:/media/" }},
		{name: "prefix that is the folder", near: "caddy-prefix-kept caddy-wrong-root", site: accelSite("root * /srv/media/..", toHandoff, copyFields, serveFiles),
			flags: func(s *setup) { s.Stack.Sendfile = "caddy:/media/" }},
		{name: "prefix replaced", near: "caddy-prefix-kept", site: accelSite(toMedia, toHandoff, "uri replace /protected/ / 1", copyFields, serveFiles)},
		{name: "prefix without its slash", near: "caddy-prefix-kept", site: accelSite(toMedia, toHandoff, "uri strip_prefix protected/", copyFields, serveFiles)},

		{name: "no rewrite", code: "caddy-no-rewrite", near: "caddy-wrong-placeholder caddy-wrong-root caddy-prefix-kept",
			site: caddySite("reverse_proxy 127.0.0.1:8000 {\n@accel header X-Accel-Redirect *\nhandle_response @accel { # here\n" + toMedia + "\n" + strip + "\n" + copyFields + "\n" + serveFiles + "\n}\n}")},
		{name: "rewritten in a route", near: "caddy-no-rewrite caddy-no-file-server",
			site: accelSite("route {", toMedia, toHandoff, strip, copyFields, serveFiles, "}")},

		{name: "field of the answer being written", code: "caddy-wrong-placeholder", near: "caddy-no-rewrite caddy-client-header",
			site: accelSite(toMedia, "rewrite * {http.response.header.X-Accel-Redirect} # here", strip, copyFields, serveFiles)},
		{name: "field of another directive", code: "caddy-wrong-placeholder", near: "caddy-no-rewrite",
			site: accelSite(toMedia, "rewrite * {http.intercept.header.X-Accel-Redirect} # here", strip, copyFields, serveFiles)},
		{name: "field in small letters", code: "caddy-wrong-placeholder", near: "caddy-no-rewrite",
			site: accelSite(toMedia, "rewrite * {rp.header.x-accel-redirect} # here", strip, copyFields, serveFiles)},
		{name: "another field of the backend", code: "caddy-wrong-placeholder", near: "caddy-no-rewrite",
			site: accelSite(toMedia, "rewrite * {rp.header.X-Sendfile} # here", strip, copyFields, serveFiles)},
		{name: "the placeholder in full", near: "caddy-wrong-placeholder", site: accelSite(toMedia, "rewrite * {http.reverse_proxy.header.X-Accel-Redirect}", strip, copyFields, serveFiles)},
		{name: "the placeholder in lower case", near: "caddy-no-rewrite", site: accelSite(toMedia, "rewrite * {rp.header.X-Accel-Redirect}?download", strip, copyFields, serveFiles)},

		{name: "the client's field", code: "caddy-client-header", near: "caddy-wrong-placeholder caddy-no-rewrite",
			site: accelSite(toMedia, "rewrite * {header.X-Accel-Redirect} # here", strip, copyFields, serveFiles)},
		{name: "the client's field elsewhere", near: "caddy-client-header", site: caddySite("header X-Seen {header.X-Accel-Redirect}\nrequest_header X-Was {header.X-Accel-Redirect}\n" + healthyProxy)},

		{name: "nothing sends", code: "caddy-no-file-server", near: "caddy-no-handle-response",
			site: caddySite("reverse_proxy 127.0.0.1:8000 {\n@accel header X-Accel-Redirect *\nhandle_response @accel { # here\n" + toMedia + "\n" + toHandoff + "\n" + strip + "\n" + copyFields + "\n}\n}")},
		{name: "something else answers", code: "caddy-no-file-server",
			site: caddySite("route {\nreverse_proxy 127.0.0.1:8000 {\n@accel header X-Accel-Redirect *\nhandle_response @accel { # here\n" + toMedia + "\n" + toHandoff + "\n" + strip + "\n}\n}\nrespond \"not found\" 404\n}")},
		{name: "what sends is for other paths", code: "caddy-no-file-server", near: "caddy-no-rewrite",
			site: accelSite(toMedia, toHandoff, strip, copyFields, "file_server /protected/* # here")},
		{name: "what sends is for these paths", near: "caddy-no-file-server", site: accelSite(toMedia, toHandoff, strip, copyFields, "@any path /proxydiag* /x/*", "method * GET", "file_server @any")},
		{name: "the site's file_server sends", near: "caddy-no-file-server", site: caddySite("handle /dl/* {\n" + accelProxy(toMedia, toHandoff, strip, copyFields, "method * GET") + "\nfile_server\n}")},

		{name: "nothing taken over", code: "caddy-headers-not-copied",
			site: caddySite("reverse_proxy 127.0.0.1:8000 {\n@accel header X-Accel-Redirect *\nhandle_response @accel { # here\n" + toMedia + "\n" + toHandoff + "\n" + strip + "\n" + serveFiles + "\n}\n}")},
		{name: "only the type taken over", code: "caddy-headers-not-copied", near: "caddy-copy-leaks",
			site: accelSite(toMedia, toHandoff, strip, "copy_response_headers {\ninclude Content-Type # here\n}", serveFiles)},
		{name: "a backend that says nothing more", near: "caddy-headers-not-copied", site: accelSite(toMedia, toHandoff, strip, serveFiles), only: own,
			backend: ok(func(a *answer) {
				for _, name := range []string{"Content-Type", "Content-Disposition", "Cache-Control", "Set-Cookie", "Etag", "Last-Modified"} {
					a.Header[name] = nil
				}
			})},
		{name: "everything taken over", code: "caddy-copy-leaks", near: "caddy-headers-not-copied",
			site: accelSite(toMedia, toHandoff, strip, "copy_response_headers # here", "header -Content-Length", serveFiles)},
		{name: "the handoff taken over", code: "caddy-copy-leaks", near: "handoff-ignored",
			site: accelSite(toMedia, toHandoff, strip, "copy_response_headers {\ninclude Content-Type Content-Disposition Cache-Control Set-Cookie\ninclude X-Accel-Redirect # here\n}", serveFiles)},
		{name: "everything but the handoff", near: "caddy-copy-leaks",
			site: accelSite(toMedia, toHandoff, strip, "copy_response_headers {\nexclude X-Accel-Redirect Content-Length\n}", serveFiles)},

		{name: "everything", code: "caddy-root-too-wide", site: accelSite("root * / # here", toHandoff, strip, copyFields, serveFiles), backend: absolute, only: own,
			flags: func(s *setup) { s.Stack.Sendfile = "caddy:/protected/srv/media/" }},
		{name: "the folder before the field", near: "caddy-root-too-wide", site: accelSite("root * /", "rewrite * /srv/media{rp.header.X-Accel-Redirect}", "uri replace /protected/ / 1", copyFields, serveFiles)},

		{name: "public twin", code: "caddy-public-twin",
			site: caddySite("handle /dl/* {\n" + healthyProxy + "\n}\nhandle_path /media/* {\nroot * /srv/media\nfile_server # here\n}")},
		{name: "twin by the folder above", code: "caddy-public-twin",
			site: caddySite("handle /dl/* {\n" + healthyProxy + "\n}\nhandle {\nroot * /srv/media/..\nfile_server # here\n}")},
		{name: "twin by a path that is replaced", code: "caddy-public-twin",
			site: caddySite("handle /dl/* {\n" + healthyProxy + "\n}\nhandle /pub/* {\nuri replace /pub/ /media/\nroot * /srv/media/..\nfile_server # here\n}")},
		{name: "another folder by a path that is replaced", near: "caddy-public-twin",
			site: caddySite("handle /dl/* {\n" + healthyProxy + "\n}\nhandle /pub/* {\nuri replace /pub/ /pages/\nroot * /srv/media/..\nfile_server /pages/*\n}")},
		{name: "twin by a link", code: "caddy-public-twin",
			site: caddySite("handle /dl/* {\n" + healthyProxy + "\n}\nhandle_path /pub/* {\nroot * /srv/link\nfile_server # here\n}")},
		{name: "twin that asks for a password", near: "caddy-public-twin",
			site: caddySite("handle /dl/* {\n" + healthyProxy + "\n}\nhandle_path /media/* {\nbasicauth {\nbob JDJhJDE0JEVCNmdaNEg2Ti5iejRMYkF3MFZhZ3VtV3E1SzBWZEZ5Q3VWc0tzOEJwZE9TaFlZdEVkZDhX\n}\nroot * /srv/media\nfile_server\n}")},
		{name: "twin that is hidden", near: "caddy-public-twin",
			site: caddySite("handle /dl/* {\n" + healthyProxy + "\n}\nhandle_path /media/* {\nroot * /srv/media\nfile_server {\nhide /srv/media\n}\n}")},
		{name: "other public files", near: "caddy-public-twin",
			site: caddySite("handle /dl/* {\n" + healthyProxy + "\n}\nhandle_path /media/* {\nroot * /srv/pages\nfile_server\n}")},

		{name: "not readable", code: "caddy-permission-denied", near: "caddy-wrong-root", site: accelSite("root * /srv/media # here", toHandoff, strip, copyFields, serveFiles),
			flags: func(s *setup) { s.asRoot(); s.Mode = 0o600 }},
		{name: "readable for all", near: "caddy-permission-denied", flags: func(s *setup) { s.Mode = 0o644 }},

		{name: "dead upstream", code: "caddy-upstream-unreachable", near: "proxy-not-routed", site: caddySite("reverse_proxy 127.0.0.1:8001 { # here\nflush_interval -1\n}")},
		{name: "dead upstream on a line of its own", code: "caddy-upstream-unreachable", site: caddySite("reverse_proxy {\nto 127.0.0.1:8001 # here\nflush_interval -1\n}")},
		{name: "dead server of the files", code: "caddy-upstream-unreachable", near: "handoff-not-found", site: accelSite(toHandoff, strip, "reverse_proxy 127.0.0.1:8001 # here")},
		{name: "dead upstream by a default", code: "caddy-upstream-unreachable", site: caddySite("reverse_proxy {$PROXYDIAG_E2E_APP:127.0.0.1:8001} # here")},
		{name: "dead upstream in turn with the right one", code: "caddy-upstream-unreachable",
			site: both(caddySite(healthyProxy), swap("reverse_proxy 127.0.0.1:8000 {", "reverse_proxy 127.0.0.1:8000 {\nto 127.0.0.1:8001 # here\nlb_policy round_robin"))},
		{name: "dead upstream beside the right one", near: "caddy-upstream-unreachable",
			site: both(caddySite(healthyProxy), swap("reverse_proxy 127.0.0.1:8000 {", "reverse_proxy 127.0.0.1:8001 127.0.0.1:8000 {\nlb_policy first\nlb_try_duration 5s\nfail_duration 30s"))},
	}
	for i := range rows {
		rows[i].kind, rows[i].config = &caddy.Kind, true
		if rows[i].only == "" {
			rows[i].only = companion
		}
	}
	return rows
}
