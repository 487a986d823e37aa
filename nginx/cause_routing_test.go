package nginx

import (
	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// routingCases are about whether and how the backend is asked.
func routingCases() []causeCase {
	const (
		name     = "nginx-server-name-mismatch"
		internal = "nginx-download-location-internal"
		upstream = "nginx-upstream-unreachable"
		resolver = "nginx-no-resolver"
		tooBig   = "nginx-header-too-big"
		rewrites = "nginx-proxy-pass-rewrites-path"
	)
	other := func(first, names string) string {
		return "server {\nlisten 8080;\n" + first + "\n}\nserver {\nlisten 8080;\nserver_name " + names + "; # here\n" + download + protected + "}"
	}
	long := compare.Header{{Name: "Set-Cookie", Value: string(make([]byte, 9000))}}
	return []causeCase{
		{name, "the default answers", false, scene{status: 404, unseen: true, http: other("return 404;", "files.example.org")}},
		{name, "the default closes", false, scene{silent: true, unseen: true, http: other("return 444;", "*.example.org")}},
		{name, "another name", false, scene{status: 404, unseen: true, http: other("server_name localhost;\nroot /var/www;", "files.example.org")}},
		{name, "of a second tier", false, scene{status: 404, unseen: true, http: "server {\nlisten 8080;\nlocation / { proxy_pass http://127.0.0.1:8081; }\n}\nserver { listen 8081 default_server; return 404; }\n" +
			"server {\nlisten 8081;\nserver_name intra.example; # here\n" + download + protected + "}"}},
		{name, "of a second tier that is told", true, scene{status: 404, unseen: true, http: "server {\nlisten 8080;\nlocation / { proxy_pass http://127.0.0.1:8081; proxy_set_header Host intra.example; }\n}\nserver { listen 8081 default_server; return 404; }\n" +
			"server {\nlisten 8081;\nserver_name intra.example;\n" + download + protected + "}"}},
		{name, "another block names the address", false, scene{status: 404, unseen: true, remote: "127.0.0.1:8080", http: "server {\nlisten 127.0.0.1:8080;\nserver_name intra.example;\nreturn 404;\n}\n" +
			"server {\nlisten 8080; # here\nserver_name localhost;\n" + download + protected + "}"}},
		{name, "another block names another address", true, scene{status: 404, unseen: true, remote: "127.0.0.1:8080", http: "server {\nlisten 127.0.0.2:8080;\nreturn 404;\n}\n" +
			"server {\nlisten 8080;\n" + download + protected + "}"}},
		{name, "the right name", true, scene{http: other("return 404;", "localhost")}},
		{name, "no other has it", true, scene{status: 404, unseen: true, server: "return 404;"}},
		{name, "a redirect", true, scene{status: 301, unseen: true, http: other("return 301 https://files.example.org$request_uri;", "files.example.org")}},

		{internal, "plain", false, scene{status: 404, unseen: true, server: "location /dl/ {\ninternal; # here\nproxy_pass http://127.0.0.1:8000;\n}\n" + protected}},
		{internal, "nested", false, scene{status: 404, unseen: true, server: "location /dl {\ninternal; # here\nlocation /dl/ { proxy_pass http://127.0.0.1:8000; }\n}\n" + protected}},
		{internal, "the other one", true, scene{status: 404, server: download + protected}},

		{upstream, "a port", false, scene{status: 502, unseen: true, server: "location /dl/ {\nproxy_pass http://127.0.0.1:8001; # here\n}\n" + protected}},
		{upstream, "a group", false, scene{status: 502, unseen: true, http: "upstream app {\nserver 127.0.0.1:8001; # here\n}\nserver {\nlisten 8080;\nlocation /dl/ { proxy_pass http://app; }\n" + protected + "}"}},
		{upstream, "a socket", false, scene{status: 502, unseen: true, http: "upstream app {\nserver unix:/run/app.sock; # here\n}\nserver {\nlisten 8080;\nlocation /dl/ { proxy_pass http://app; }\n" + protected + "}"}},
		{upstream, "of the handoff", false, scene{status: 502, server: download + "location /protected/ {\ninternal;\nproxy_pass http://127.0.0.1:9000/; # here\n}"}},
		{upstream, "a dead server in a group", true, scene{status: 502, http: "upstream app { server 127.0.0.1:8001; server 127.0.0.1:8000; }\nserver {\nlisten 8080;\nlocation /dl/ { proxy_pass http://app; }\n" + protected + "}"}},
		{upstream, "another protocol", false, scene{status: 502, unseen: true, server: "location /dl/ {\nfastcgi_pass 127.0.0.1:8000; # here\n}\n" + protected}},
		{upstream, "TLS where there is none", false, scene{status: 502, unseen: true, server: "location /dl/ {\nproxy_pass https://127.0.0.1:8000; # here\n}\n" + protected}},
		{upstream, "another protocol, which a socket may speak", true, scene{status: 500, server: "location /dl/ { fastcgi_pass unix:/run/app.sock; }\n" + protected}},
		{upstream, "the header", true, scene{status: 502, backend: long, server: download + protected}},

		{resolver, "a name", false, scene{status: 502, unseen: true, server: "set $b app.internal;\nlocation /dl/ {\nproxy_pass http://$b:8000; # here\n}\n" + protected}},
		{resolver, "this machine's own name", false, scene{status: 502, unseen: true, server: "set $b localhost;\nlocation /dl/ {\nproxy_pass http://$b:8000; # here\n}\n" + protected}},
		{resolver, "a socket", true, scene{status: 502, unseen: true, server: "set $b /run/app.sock;\nlocation /dl/ { proxy_pass http://unix:$b; }\n" + protected}},
		{resolver, "by the log", false, scene{status: 502, unseen: true, server: "location /dl/ {\nproxy_pass http://$arg_b:8000; # here\n}\n" + protected, log: []string{"no resolver defined to resolve app%.0s"}}},
		{resolver, "a resolver", true, scene{status: 502, unseen: true, server: "resolver 127.0.0.53;\nset $b app.internal;\nlocation /dl/ { proxy_pass http://$b:8000; }\n" + protected}},
		{resolver, "an address", true, scene{status: 502, unseen: true, server: "set $b 127.0.0.1;\nlocation /dl/ { proxy_pass http://$b:8001; }\n" + protected}},
		{resolver, "a group", true, scene{status: 502, unseen: true, http: "upstream app { server 127.0.0.1:8001; }\nserver {\nlisten 8080;\nset $b app;\nlocation /dl/ { proxy_pass http://$b; }\n" + protected + "}"}},
		{resolver, "named elsewhere", true, scene{status: 502, unseen: true, server: "set $b app.internal;\nlocation /dl/ { proxy_pass http://$b:8001; }\nlocation /x/ { proxy_pass http://app.internal:8001; }\n" + protected}},

		{tooBig, "by its size", false, scene{status: 502, backend: long, server: "location /dl/ {\nproxy_pass http://127.0.0.1:8000;\nproxy_buffer_size 4k; # here\n}\n" + protected}},
		{tooBig, "by the log", false, scene{status: 502, server: "location /dl/ {\nproxy_pass http://127.0.0.1:8000; # here\n}\n" + protected,
			log: []string{"upstream sent too big header while reading response header from upstream%.0s"}}},
		{tooBig, "a large buffer", true, scene{status: 502, backend: long, server: "location /dl/ { proxy_pass http://127.0.0.1:8000; proxy_buffer_size 16k; }\n" + protected}},
		{tooBig, "a small header", true, scene{status: 502, server: download + protected}},

		{rewrites, "a slash", false, scene{status: 404, seen: "/" + sceneFile, server: "location /dl/ {\nproxy_pass http://127.0.0.1:8000/; # here\n}\n" + protected}},
		{rewrites, "the same", true, scene{status: 404, server: "location /dl/ { proxy_pass http://127.0.0.1:8000/dl/; }\n" + protected}},
		{rewrites, "none", true, scene{status: 404, server: download + protected}},
	}
}

// takenCases are about who takes the handoff.
func takenCases() []causeCase {
	const (
		ignored = "nginx-accel-ignored"
		rewrite = "nginx-server-rewrite"
		named   = "nginx-named-location-missing"
		cycle   = "nginx-redirect-cycle"
		shadow  = "nginx-regex-shadows-internal"
		no      = "nginx-no-internal-location"
	)
	return []causeCase{
		{ignored, "in the location", false, scene{status: 200, server: "location /dl/ {\nproxy_pass http://127.0.0.1:8000;\nproxy_ignore_headers Expires x-accel-redirect; # here\n}\n" + protected}},
		{ignored, "passed on to a tier that takes it", true, scene{status: 404, http: "server {\nlisten 8080;\nlocation / { proxy_pass http://127.0.0.1:8081; }\nlocation /protected/ { internal; root /srv/media; }\n}\n" +
			"server {\nlisten 8081;\nlocation / { proxy_pass http://127.0.0.1:8000; proxy_ignore_headers X-Accel-Redirect; proxy_pass_header X-Accel-Redirect; }\n}"}},
		{ignored, "other fields", true, scene{status: 200, server: "location /dl/ { proxy_pass http://127.0.0.1:8000; proxy_ignore_headers X-Accel-Expires; }\n" + protected}},
		{ignored, "replaced in the location", true, scene{status: 200, server: "proxy_ignore_headers X-Accel-Redirect;\nlocation /dl/ { proxy_pass http://127.0.0.1:8000; proxy_ignore_headers Expires; }\n" + protected}},

		{rewrite, "elsewhere", false, scene{status: 404, server: "rewrite ^/protected/(.*)$ /a/$1; # here\n" + download + protected}},
		{rewrite, "return in an if", false, scene{status: 403, server: "if ($uri ~ ^/protected) {\nreturn 403; # here\n}\n" + download + protected}},
		{rewrite, "to the application", false, scene{status: 500, server: "rewrite ^/protected/ /dl/ last; # here\n" + download + protected}},
		{rewrite, "of another path", true, scene{status: 404, server: "rewrite ^/old/(.*)$ /dl/$1;\n" + download + "location /protected/ { internal; alias /srv/old/; }"}},
		{rewrite, "of what the client asked for", true, scene{server: "if ($request_uri ~ ^/protected/) { return 404; }\n" + download + protected}},

		{named, "missing", false, scene{value: "@files", status: 500, http: "server { # here\nlisten 8080;\n" + download + "location @file { root /srv/media; }\n}"}},
		{named, "there", true, scene{value: "@files", status: 500, server: download + "location @files { root /srv/media; }"}},
		{named, "a URI", true, scene{status: 500, server: download + protected}},

		{cycle, "proxied again", false, scene{status: 500, server: download + "location /protected/ {\ninternal;\nproxy_pass http://127.0.0.1:8000; # here\n}"}},
		{cycle, "to a store by its name, where the download is lost before", true, scene{status: 404, seen: "/" + sceneFile, server: "location /dl/ { proxy_pass http://127.0.0.1:8000/; }\nlocation /protected/ { internal; proxy_pass http://store.internal:9000; }"}},
		{cycle, "which a rewrite leads to", true, scene{status: 500, server: "rewrite ^/protected/ /dl/ last;\n" + download + protected}},
		{cycle, "to another server", true, scene{status: 500, server: download + "location /protected/ { internal; proxy_pass http://127.0.0.1:9000; }"}},
		{cycle, "taken away by a regular expression", true, scene{status: 500, server: download + protected + "location ~ ^/pro { proxy_pass http://127.0.0.1:8000; }"}},

		{shadow, "files of another type", false, scene{server: download + protected + "location ~ \\.pdf$ { # here\nroot /var/www;\n}", more: otherType(404)}},
		{shadow, "the download of another type", false, scene{server: download + "location ~ ^/dl/.*\\.pdf$ { # here\nroot /var/www;\n}\n" + protected, more: otherType(404)}},
		{shadow, "files of another type, which are refused", true, scene{server: download + protected + "location ~ \\.pdf$ { deny all; }", more: otherType(403)}},
		{shadow, "files of another type that have their place", true, scene{server: download + protected + "location ~ ^/protected/(.*\\.pdf)$ { internal; alias /srv/media/$1; }", more: otherType(404)}},
		{shadow, "the internal URI", false, scene{status: 404, server: "location ^~ /dl/ { proxy_pass http://127.0.0.1:8000; }\n" + protected + "location ~ \\.bin$ { # here\nroot /var/www;\n}"}},
		{shadow, "the download", false, scene{status: 404, unseen: true, server: download + "location ^~ /protected/ { internal; alias /srv/media/; }\nlocation ~* \\.BIN$ { # here\nroot /var/www;\n}"}},
		{shadow, "an internal one that stands later", false, scene{status: 404, server: download + "location ~ ^/pro { # here\nroot /var/www;\n}\nlocation ~ ^/protected/(.*)$ { internal; alias /srv/media/$1; }"}},
		{shadow, "nested in a location that is wrong as well", true, scene{status: 404, server: download + "location /protected/ { internal; alias /srv/old/; location ~ \\.bin$ { root /var/www; } }"}},
		{shadow, "not looked at", true, scene{status: 404, server: "location ^~ /dl/ { proxy_pass http://127.0.0.1:8000; }\nlocation ^~ /protected/ { internal; alias /srv/old/; }\nlocation ~ \\.bin$ { root /var/www; }"}},
		{shadow, "other extensions", true, scene{status: 404, server: download + "location /protected/ { internal; alias /srv/old/; }\nlocation ~ \\.php$ { root /var/www; }"}},
		{shadow, "one that asks the application", true, scene{status: 404, server: "location ~ ^/dl/.*\\.bin$ { proxy_pass http://127.0.0.1:8000; }\n" + download + "location /protected/ { internal; alias /srv/old/; }"}},

		{no, "to a dead port before the server that has it", true, scene{status: 502, unseen: true, http: "server {\nlisten 8080;\nlocation / { proxy_pass http://127.0.0.1:9; }\n}\nserver { listen 8081; " + download + protected + "}"}},
		{no, "none", false, scene{status: 404, http: "server { # here\nlisten 8080;\n" + download + "}"}},
		{no, "with a page for what is missing", false, scene{status: 404, http: "server { # here\nlisten 8080;\nerror_page 404 /404.html;\nroot /srv/www;\nlocation / { try_files $uri =404; }\n" + download + "}",
			paths: []diag.Path{folderAt("/srv/www", 0o755), {Path: "/srv/www/protected/" + sceneFile, Missing: true}}}},
		{no, "in other letters", false, scene{status: 404, server: download + "location /Protected/ { # here\ninternal;\nalias /srv/media/;\n}"}},
		{no, "in another server", false, scene{status: 404, http: "server { # here\nlisten 8080 default_server;\n" + download + "}\nserver {\nlisten 8080;\nserver_name b.example;\n" + protected + "}"}},
		{no, "one that stands for a single URI", false, scene{status: 404, server: download + "location = /protected/ { # here\ninternal;\nalias /srv/media/;\n}"}},
		{no, "a wrong folder", true, scene{status: 404, server: download + "location /protected/ { internal; alias /srv/old/; }"}},
		{no, "a regular expression", true, scene{status: 404, server: download + "location ~ ^/protected/(.*)$ { internal; alias /srv/old/$1; }"}},
	}
}

// otherType are the answers to a request for a PDF file, of the proxy and of
// the backend.
func otherType(status int) []diag.Exchange {
	const name = "proxydiag-pdf-1.pdf"
	p, b := exchange("proxy-pdf", status, "no"), exchange(check.OnBackend("proxy-pdf"), 200, "")
	p.Probe.Role, b.Probe.Role, b.Probe.Port = "pdf", "pdf", diag.Backend
	p.Request.URL, b.Request.URL = "http://localhost:8080/dl/"+name, "http://127.0.0.1:8000/dl/"+name
	b.Header = compare.Header{{Name: header, Value: "/protected/" + name}}
	return []diag.Exchange{p, b}
}
