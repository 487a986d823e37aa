package nginx

import "github.com/proxydiag/proxydiag/pkg/diag"

// mappingCases are about the file that the handoff opens.
func mappingCases() []causeCase {
	const (
		root  = "nginx-root-for-alias"
		slash = "nginx-alias-slash"
		wrong = "nginx-wrong-directory"
		none  = "nginx-no-root"
		regex = "nginx-regex-alias-no-capture"
		place = "nginx-placeholder-capture"
		mount = "storage-mount-not-shared"
	)
	gone := []string{`open() "/srv/media/%s" failed (2: No such file or directory)`}
	return []causeCase{
		{root, "plain", false, scene{status: 404, server: download + "location /protected/ {\ninternal;\nroot /srv/media; # here\n}"}},
		{root, "by variables", false, scene{status: 404, server: "set $m /srv/media;\n" + download + "location ^~ /protected {\ninternal;\nroot $m; # here\n}"}},
		{root, "in a nested location", false, scene{status: 404, server: download + "location /protected/ {\ninternal;\nroot /srv/media; # here\nlocation /protected/x/ { }\n}"}},
		{root, "delivers", true, scene{server: download + protected}},
		{root, "a folder that has the prefix", true, scene{status: 404, server: download + "location /protected/ { internal; root /srv; }"}},
		{root, "behind a rewrite", true, scene{status: 404, server: download + "location /protected/ { internal; rewrite ^/protected/(.*)$ /$1 break; root /srv/media; }"}},

		{slash, "plain", false, scene{status: 404, server: download + "location /protected/ {\ninternal;\nalias /srv/media; # here\n}"}},
		{slash, "by a map", false, scene{status: 404, http: "map $host $d { default /srv/media; }\nserver {\nlisten 8080;\n" + download + "location /protected/ {\ninternal;\nalias $d; # here\n}\n}"}},
		{slash, "on neither side", true, scene{status: 404, server: download + "location /protected { internal; alias /srv/media; }"}},
		{slash, "another folder", true, scene{status: 404, server: download + "location /protected/ { internal; alias /srv/old; }"}},

		{wrong, "alias", false, scene{status: 404, server: download + "location /protected/ {\ninternal;\nalias /srv/old/; # here\n}"}},
		{wrong, "a regular expression", false, scene{status: 404, server: download + "location ~ ^/protected/(.*)$ {\ninternal;\nalias /srv/old/$1; # here\n}"}},
		{wrong, "before a fallback", false, scene{status: 404, server: download + "location /protected/ {\ninternal;\nroot /srv/old; # here\ntry_files $uri @gone;\n}\nlocation @gone { return 404 gone; }",
			paths: []diag.Path{folderAt("/srv/old", 0o755), {Path: "/srv/old/protected/" + sceneFile, Missing: true}}}},
		{wrong, "try_files", false, scene{status: 404, server: "root /srv;\n" + download + "location ~ ^/protected/(.*) {\ninternal;\ntry_files /old/$1 =404; # here\n}",
			paths: []diag.Path{folderAt("/srv/old", 0o755), {Path: "/srv/old/" + sceneFile, Missing: true}}}},
		{wrong, "try_files that is right", true, scene{server: "root /srv;\n" + download + "location ~ ^/protected/(.*) { internal; try_files /media/$1 =404; }"}},
		{wrong, "by the log", false, scene{status: 404, server: download + "location /protected/ {\ninternal;\nalias $unknown/; # here\n}", log: []string{`open() "/srv/old/%s" failed (2: No such file or directory)`}}},
		{wrong, "a link to the right one", true, scene{status: 404, server: download + "location /protected/ { internal; alias /srv/link/; }", link: "/srv/link"}},
		{wrong, "root for alias", true, scene{status: 404, server: download + "location /protected/ { internal; root /srv/media; }"}},
		{wrong, "not known", true, scene{status: 404, server: download + "location /protected/ { internal; alias $unknown/; }"}},

		{root, "in the tier in front, which takes the handoff", false, scene{status: 404, http: "server {\nlisten 8080;\nlocation / { proxy_pass http://127.0.0.1:8081; }\nlocation /protected/ {\ninternal;\nroot /srv/media; # here\n}\n}\n" +
			"server {\nlisten 8081;\nlocation / { proxy_pass http://127.0.0.1:8000; proxy_ignore_headers X-Accel-Redirect; proxy_pass_header X-Accel-Redirect; }\n}"}},
		{none, "none at all", false, scene{status: 404, server: download + "location /protected/ { # here\ninternal;\n}"}},
		{none, "taken over from the server", false, scene{status: 404, server: "root /var/www;\n" + download + "location /protected/ { # here\ninternal;\n}"}},
		{none, "try_files that names a folder", true, scene{status: 404, server: "root /srv;\n" + download + "location ~ ^/protected/(.*) { internal; try_files /old/$1 =404; }",
			paths: []diag.Path{folderAt("/srv/old", 0o755), {Path: "/srv/old/" + sceneFile, Missing: true}}}},
		{none, "root of the server that is right", true, scene{server: "root /srv;\n" + download + "location /protected/ { internal; }"}},
		{none, "of the location around it", true, scene{status: 404, server: download + "location /protected/ { internal; alias /srv/old/; location /protected/a { } }"}},

		{regex, "plain", false, scene{status: 301, server: download + "location ~ ^/protected/ {\ninternal;\nalias /srv/media/; # here\n}"}},
		{regex, "with a capture", true, scene{server: download + "location ~ ^/protected/(.*)$ { internal; alias /srv/media/$1; }"}},
		{regex, "a prefix", true, scene{status: 404, server: download + "location /protected/ { internal; alias /srv/old/; }"}},

		{place, "of an if", false, scene{status: 404, server: "if ($request_uri ~ ^/([a-z]+)/) { set $x $1; }\n" + download + "location /protected/ {\ninternal;\nalias /srv/media/$1; # here\n}"}},
		{place, "its own", true, scene{status: 404, server: download + "location ~ ^/protected/(.*)$ { internal; alias /srv/old/$1; }"}},
		{place, "none", true, scene{status: 404, server: download + "location /protected/ { internal; alias /srv/old/; }"}},

		{mount, "the log says so", false, scene{status: 404, server: download + "location /protected/ {\ninternal;\nalias /srv/media/; # here\n}", log: gone}},
		{mount, "without a log", true, scene{status: 404, server: download + protected}},
		{mount, "another folder", true, scene{status: 404, server: download + "location /protected/ { internal; alias /srv/old/; }", log: []string{`open() "/srv/old/%s" failed (2: No such file or directory)`}}},
	}
}

// refusalCases are about a file that nginx finds and does not send.
func refusalCases() []causeCase {
	const (
		denied     = "nginx-access-denied"
		permission = "nginx-permission-denied"
		link       = "nginx-symlink-refused"
	)
	closed := []diag.Path{folderAt("/srv/media", 0o700)}
	return []causeCase{
		{denied, "deny", false, scene{status: 403, server: download + "location /protected/ {\ninternal;\nalias /srv/media/;\ndeny all; # here\n}"}},
		{denied, "deny of the server", false, scene{status: 403, server: "deny all; # here\nlocation /dl/ { allow all; proxy_pass http://127.0.0.1:8000; }\n" + protected}},
		{denied, "a subrequest", false, scene{status: 403, server: download + "location /protected/ {\ninternal;\nalias /srv/media/;\nauth_request /auth; # here\n}\nlocation = /auth { proxy_pass http://127.0.0.1:8000; }"}},
		{denied, "a password for both, and no file of them", true, scene{status: 403, own: true, request: "Basic YTpi", log: []string{noPasswords}, server: "auth_basic x;\nauth_basic_user_file /etc/pw;\n" + download + protected}},
		{denied, "closed for both", true, scene{status: 403, own: true, server: "deny 127.0.0.1;\n" + download + protected}},
		{denied, "a subrequest of the download", true, scene{status: 403, server: "location /dl/ { auth_request /auth; proxy_pass http://127.0.0.1:8000; }\n" + protected}},
		{denied, "a return", false, scene{status: 403, server: "set $open 0;\n" + download + "location /protected/ {\ninternal;\nif ($open = 0) {\nreturn 403; # here\n}\nalias /srv/media/;\n}"}},
		{denied, "a return for clients of unknown address", false, scene{status: 403, http: "geo $office { default 0; 10.0.0.0/8 1; }\nserver {\nlisten 8080;\n" + download + "location /protected/ {\ninternal;\nif ($office = 0) {\nreturn 403; # here\n}\nalias /srv/media/;\n}\n}"}},
		{denied, "a return that does not hold", true, scene{status: 403, server: "set $open 1;\n" + download + "location /protected/ {\ninternal;\nif ($open = 0) {\nreturn 403;\n}\nalias /srv/media/;\n}", paths: closed}},
		{denied, "permission", true, scene{status: 403, server: download + protected, paths: closed}},
		{denied, "allowed", true, scene{server: download + "location /protected/ { internal; allow all; deny all; alias /srv/media/; }"}},

		{permission, "the folder", false, scene{status: 403, server: download + "location /protected/ {\ninternal;\nalias /srv/media/; # here\n}", paths: closed}},
		{permission, "by the log", false, scene{status: 403, server: download + "location /protected/ {\ninternal;\nalias /srv/media/; # here\n}",
			log: []string{`open() "/srv/media/%s" failed (13: Permission denied)`}}},
		{permission, "workers as root", true, scene{top: "user root;\n", status: 403, server: download + protected, paths: closed}},
		{permission, "deny", true, scene{status: 403, server: download + "location /protected/ { internal; deny all; alias /srv/media/; }"}},

		{link, "on", false, scene{status: 404, link: "/srv/link", server: download + "location /protected/ {\ninternal;\nalias /srv/link/;\ndisable_symlinks on; # here\n}"}},
		{link, "of the server, by the log", false, scene{status: 403, server: "disable_symlinks if_not_owner; # here\n" + download + protected,
			log: []string{`openat() "/srv/media/%s" failed (40: Too many levels of symbolic links)`}}},
		{link, "off", true, scene{status: 404, link: "/srv/link", server: "disable_symlinks on;\n" + download + "location /protected/ { internal; alias /srv/link/; disable_symlinks off; }"}},
		{link, "no link", true, scene{status: 404, server: "disable_symlinks on;\n" + download + protected}},
	}
}
