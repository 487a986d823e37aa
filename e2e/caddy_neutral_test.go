package e2e

import (
	"net/http"
	"strings"

	"github.com/proxydiag/proxydiag/caddy"
)

// caddyNeutralRows are neutral findings behind Caddy, with the line in its
// configuration that is behind them, and healthy stacks that look suspicious.
func caddyNeutralRows() []row {
	healthy := healthyProxy
	rows := []row{
		{name: "to https", code: "proxy-redirects", near: "proxy-not-routed", site: caddySite("redir https://{host}{uri} permanent # here\n" + healthy)},
		{name: "redirect of another path", near: "proxy-redirects", site: caddySite("redir /old* https://{host}{uri} permanent\n" + healthy)},
		{name: "password", code: "proxy-auth-required", near: "proxy-not-routed",
			site: caddySite("basicauth /dl/* { # here\nbob JDJhJDE0JEVCNmdaNEg2Ti5iejRMYkF3MFZhZ3VtV3E1SzBWZEZ5Q3VWc0tzOEJwZE9TaFlZdEVkZDhX\n}\n" + healthy)},
		{name: "respond before reverse_proxy", code: "proxy-not-routed", near: "proxy-redirects", site: caddySite(healthy + "\nrespond \"nothing here\" 404 # here")},
		{name: "respond behind route", near: "proxy-not-routed", site: caddySite("route {\n" + healthy + "\nrespond \"nothing here\" 404\n}")},
		{name: "a handle for the extension", code: "proxy-not-routed", site: caddySite("@static path *.bin *.css\nhandle @static {\nroot * /srv/pages\nfile_server # here\n}\nhandle {\n" + healthy + "\n}")},
		{name: "another network only", code: "proxy-not-routed", site: caddySite("@outside not remote_ip 10.0.0.0/8\nrespond @outside 403 # here\n" + healthy)},
		{name: "path taken off", code: "proxy-path-rewritten", site: caddySite("handle_path /dl/* { # here\n" + healthy + "\n}")},
		{name: "path put back", near: "proxy-path-rewritten", site: caddySite("handle_path /dl/* {\nrewrite * /dl{uri}\n" + healthy + "\n}")},
		{name: "HEAD refused", code: "proxy-method-blocked", site: caddySite("@head method HEAD\nrespond @head 405 # here\n" + healthy)},
		{name: "HEAD that nothing answers", code: "proxy-head-broken", near: "proxy-method-blocked", site: caddySite("@get {\nmethod GET POST\n}\nhandle @get {\n" + healthy + "\n}")},
		{name: "POST refused", near: "proxy-method-blocked", site: caddySite("@post method POST\nrespond @post 405\n" + healthy)},
		{name: "another host for the backend", code: "proxy-host-rejected", only: own,
			site: caddySite("reverse_proxy 127.0.0.1:8000 {\nheader_up Host backend.internal # here\n" + healthy[len("reverse_proxy 127.0.0.1:8000 {\n"):]),
			backend: otherwise(func(a *answer) {
				if a.Request.Host == "backend.internal" {
					refuse(a, http.StatusBadRequest)
				}
			})},
		{name: "made cacheable", code: "proxy-cache-control-overridden", site: caddySite("header /dl/* {\nCache-Control \"public, max-age=86400\" # here\ndefer\n}\n" + healthy)},
		{name: "made cacheable beside the backend's", code: "proxy-cache-control-overridden", site: caddySite("header /dl/* Cache-Control \"public, max-age=86400\" # here\n" + healthy)},
		{name: "pages made cacheable", near: "proxy-cache-control-overridden", site: caddySite("header /pages/* Cache-Control \"public, max-age=86400\"\n" + healthy)},
		{name: "made cacheable before it is taken over", code: "proxy-cache-control-overridden",
			site: caddySite(strings.Replace(healthy, "8000 {\n", "8000 {\nheader_down -X-Powered-By\nheader_down Cache-Control \"public, max-age=60\" # here\n", 1))},
		{name: "fields removed by a pattern", code: "proxy-header-lost", near: "caddy-headers-not-copied", site: caddySite("header -Content-D* # here\n" + healthy)},
		{name: "ranges taken off", code: "proxy-ranges-broken", site: caddySite("request_header -Range # here\n" + healthy)},
		{name: "ranges taken off on the way to the backend", near: "proxy-ranges-broken", site: caddySite(strings.Replace(healthy, "8000 {\n", "8000 {\nheader_up -Range\n", 1))},
		{name: "conditions taken off", code: "proxy-conditional-broken", site: caddySite("request_header -If-None-Match # here\nrequest_header -If-Modified-Since\n" + healthy)},
		{name: "refused by an error", code: "proxy-not-routed", site: caddySite("error /dl/* \"no\" 403 # here\nhandle_errors {\nrespond \"{err.status_code}\"\n}\n" + healthy)},
		{name: "refusals replaced", code: "proxy-error-masked", site: caddySite(strings.Replace(healthy, "8000 {\n", "8000 {\n@gone status 403 404\nreplace_status @gone 200 # here\n", 1))},
		{name: "another service refuses", code: "proxy-auth-required", near: "proxy-not-routed",
			site: caddySite("handle /verify {\nrespond 401\n}\nhandle {\nforward_auth 127.0.0.1:8080 { # here\nuri /verify\n}\n" + healthy + "\n}")},
		{name: "another service lets in", near: "proxy-auth-required caddy-upstream-unreachable",
			site: caddySite("handle /verify {\nrespond 200\n}\nhandle {\nforward_auth 127.0.0.1:8080 {\nuri /verify\n}\n" + healthy + "\n}")},
		{name: "packed", code: "proxy-compressed-download", site: caddySite("encode { # here\ngzip\nmatch {\nheader Content-Type *\n}\n}\n" + healthy)},
		{name: "packed by type", near: "proxy-compressed-download", site: caddySite("encode gzip zstd\n" + healthy), file: "photo.jpg", only: own},
		{name: "every answer taken for a handoff", code: "proxy-plain-answer-lost", site: caddySite(strings.Replace(healthy, "handle_response @accel {", "handle_response {", 1))},
		{name: "handoffs of one prefix taken", near: "proxy-plain-answer-lost", site: caddySite(strings.Replace(healthy, "header X-Accel-Redirect *", "header X-Accel-Redirect /protected/*", 1))},
		{name: "refused in handle_response", code: "handoff-forbidden", site: caddySite(accelProxy("@bin path *.bin", "respond @bin 403 # here", toMedia, toHandoff, strip, copyFields, serveFiles))},
		{name: "many fields", near: "proxy-header-lost", site: caddySite("header {\nX-Content-Type-Options nosniff\nX-Frame-Options DENY\nStrict-Transport-Security max-age=31536000\n-Server\n}\n" + healthy)},
	}
	for i := range rows {
		rows[i].kind, rows[i].config = &caddy.Kind, true
		if rows[i].only == "" {
			rows[i].only = companion
		}
	}
	return rows
}
