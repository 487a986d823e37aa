package e2e

import (
	"github.com/proxydiag/proxydiag/apache"
	"github.com/proxydiag/proxydiag/caddy"
	"github.com/proxydiag/proxydiag/lighttpd"
	"github.com/proxydiag/proxydiag/pkg/gate"
)

func apacheRealistic() []realistic {
	return []realistic{
		{kind: apache.Kind, name: "redmine", main: "redmine.conf", faults: []injected{
			{code: "apache-xsendfile-off", old: "XSendFile On", new: "XSendFile Off"},
			{code: "apache-header-unset", old: "RequestHeader set X-Sendfile-Type", new: "Header unset X-Sendfile\n    RequestHeader set X-Sendfile-Type"},
			{
				code: "apache-path-not-allowed", old: "XSendFilePath /srv/redmine/files\n", new: "XSendFilePath /srv/redmine/attachments\n",
				intent: gate.Intent{Storage: "/srv/redmine/files", Sendfile: "apache:/srv/redmine/files/", Path: "https://redmine.example.org/attachments/download/"},
			},
		}},
		{kind: apache.Kind, name: "moodle", main: "moodle.conf", faults: []injected{
			{
				code: "apache-guarded-off", old: "<IfModule mod_xsendfile.c>\n        XSendFile on\n        XSendFilePath /var/moodledata\n    </IfModule>",
				new: "<IfVersion < 2.4>\n        XSendFile on\n        XSendFilePath /var/moodledata\n    </IfVersion>",
			},
			{code: "apache-path-too-wide", old: "XSendFilePath /var/moodledata", new: "XSendFilePath /"},
		}},
		{kind: apache.Kind, name: "galaxy", main: "galaxy.conf", faults: []injected{
			{code: "apache-xsendfile-scope", old: "<Location \"/\">\n        XSendFile on", new: "<Directory \"/srv/galaxy\">\n        XSendFile on\n    </Directory>\n    <Location \"/\">", at: "XSendFile on"},
		}},
		{kind: apache.Kind, name: "django", main: "sites-available/django.conf", faults: []injected{
			{code: "apache-public-twin", old: "ProxyPass /media/ !", new: "ProxyPass /media/ !\n    Alias /documents/ ${PROJECT}/protected/\n    ProxyPass /documents/ !\n    <Directory ${PROJECT}/protected>\n    Require all granted\n    </Directory>", at: "Alias /documents/"},
			{
				code: "apache-proxypass-rewrites-path", old: "ProxyPass /static/ !", new: "ProxyPass /documents/ http://127.0.0.1:9/elsewhere/\n    ProxyPass /static/ !",
				intent: gate.Intent{Storage: "/srv/project/protected", Sendfile: "apache:/srv/project/protected/", Path: "/documents/"},
			},
		}},
	}
}

func lighttpdRealistic() []realistic {
	return []realistic{
		{kind: lighttpd.Kind, name: "dokuwiki", main: "lighttpd.conf", faults: []injected{
			{code: "lighttpd-xsendfile-off", old: `"x-sendfile"         => "enable"`, new: `"x-sendfile"         => "disable"`, at: `"x-sendfile"`},
			{code: "lighttpd-docroot-unset", old: `    "x-sendfile-docroot" => ( "/var/lib/dokuwiki/data/media", "/var/lib/dokuwiki/data/cache" ),` + "\n", at: `"x-sendfile"`},
		}},
		{kind: lighttpd.Kind, name: "tracker", main: "90-tracker.conf", faults: []injected{
			{code: "lighttpd-public-twin", old: `expire.url =`, new: "alias.url = ( \"/static/\" => \"/srv/tracker/attachments/\" )\n        expire.url ="},
			{
				code: "lighttpd-docroot", old: `"/srv/tracker/attachments/"`, new: `"/srv/tracker/files/"`, at: `"x-sendfile-docroot"`,
				intent: gate.Intent{Storage: "/srv/tracker/attachments", Sendfile: "lighttpd:/srv/tracker/attachments/", Path: "http://tracker.example.org/attachment/"},
			},
		}},
		{kind: lighttpd.Kind, name: "portal", main: "lighttpd.conf", faults: []injected{
			{code: "lighttpd-xsendfile-off", old: `"x-sendfile"         => "enable",`, new: `"x-send-file"        => "enable",`},
			{code: "lighttpd-docroot-unset", old: `( var.home + "/documents/" )`, new: `( "/" )`},
			{code: "lighttpd-public-twin", old: `    setenv.add-response-header = (`, new: "    alias.url = ( \"/static/files/\" => \"/srv/portal/documents/\" )\n    setenv.add-response-header = ("},
			{
				code: "proxy-redirects", old: `$HTTP["scheme"] == "http" {`, new: `$HTTP["scheme"] =~ "http" {`, at: `url.redirect = ( "" => "https://${url.authority}${url.path}${qsa}" )`,
				intent: gate.Intent{Storage: "/srv/portal/documents", Sendfile: "lighttpd:/srv/portal/documents/", Path: "https://portal.example.org/d/"},
			},
		}},
	}
}

func caddyRealistic() []realistic {
	return []realistic{
		{kind: caddy.Kind, name: "odoo", main: "Caddyfile", faults: []injected{
			{code: "caddy-root-too-wide", old: "root * /var/lib/odoo/filestore", new: "root * /"},
			{code: "caddy-no-file-server", old: "\t\t\tfile_server\n", at: "handle_response @filestore {"},
			{
				code: "caddy-prefix-kept", old: "\t\t\turi strip_prefix /web/filestore\n", at: "root * /var/lib/odoo/filestore",
				intent: gate.Intent{Storage: "/var/lib/odoo/filestore", Sendfile: "caddy:/web/filestore/", Path: "https://odoo.example.com/web/content/"},
			},
		}},
		{kind: caddy.Kind, name: "photos", main: "Caddyfile", faults: []injected{
			{code: "caddy-wrong-placeholder", old: "rewrite * {rp.header.X-Accel-Redirect}", new: "rewrite * {http.response.header.X-Accel-Redirect}"},
			{
				code: "caddy-headers-not-copied", at: "handle_response @sent {",
				old:    "\t\t\t\tcopy_response_headers {\n\t\t\t\t\tinclude Content-Type Content-Disposition Cache-Control Set-Cookie\n\t\t\t\t}\n",
				intent: gate.Intent{Storage: "/srv/photos/storage/originals", Sendfile: "caddy:/_originals/", Path: "http://photos.example.org/originals/"},
			},
		}},
		{kind: caddy.Kind, name: "archive", main: "caddy.json", faults: []injected{
			{code: "caddy-wrong-placeholder", old: `"{http.reverse_proxy.header.X-Accel-Redirect}"`, new: `"{http.response.header.X-Accel-Redirect}"`},
			{code: "caddy-client-header", old: `"{http.reverse_proxy.header.X-Accel-Redirect}"`, new: `"{http.request.header.X-Accel-Redirect}"`},
			{
				code: "caddy-prefix-kept", old: `"strip_path_prefix": "/vault"`, new: `"strip_path_prefix": "/internal"`,
				intent: gate.Intent{Storage: "/data/archive", Sendfile: "caddy:/vault/", Path: "https://archive.example.net/get/"},
			},
		}},
		{kind: caddy.Kind, name: "tenants", main: "Caddyfile", faults: []injected{
			{code: "caddy-copy-leaks", old: "include Content-Type Content-Disposition Cache-Control Set-Cookie", new: "include Content-Type X-Accel-Redirect Content-Disposition Cache-Control Set-Cookie"},
			{code: "caddy-no-rewrite", old: "\t\trewrite * {rp.header.X-Accel-Redirect}\n", at: "handle_response @handed_over {"},
		}},
	}
}
