package e2e

import (
	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/gate"
)

func nginxRealistic() []realistic {
	return []realistic{
		{kind: nginx.Kind, name: "frappe", main: "sites-available/erp.conf", faults: []injected{
			{code: "nginx-accel-ignored", old: "proxy_redirect off;", new: "proxy_ignore_headers X-Accel-Redirect;"},
			{
				code: "nginx-internal-missing", old: "location ~ ^/protected/(.*) {\n        internal;", new: "location ~ ^/protected/(.*) {",
				intent: gate.Intent{Storage: "/home/frappe/bench/sites/erp.example.com", Sendfile: "nginx:/protected/", Path: "/private/files/"},
			},
			{
				code: "nginx-wrong-directory", old: "/erp.example.com/$1 =404", new: "/erp.example.org/$1 =404", at: "try_files /erp.example.org/$1",
				intent: gate.Intent{Storage: "/home/frappe/bench/sites/erp.example.com", Sendfile: "nginx:/protected/", Path: "/private/files/"},
			},
			{
				code: "nginx-no-internal-location", old: "location ~ ^/protected/(.*) {", new: "location ~ ^/private-files/(.*) {", at: "server {",
				intent: gate.Intent{Storage: "/home/frappe/bench/sites/erp.example.com", Sendfile: "nginx:/protected/", Path: "/private/files/"},
			},
		}},
		{kind: nginx.Kind, name: "odoo", main: "nginx.conf", faults: []injected{
			{code: "nginx-cache-control-overridden", file: "conf.d/odoo.conf", old: "alias /var/lib/odoo/filestore;", new: "alias /var/lib/odoo/filestore;\nexpires 30d;", at: "expires 30d;"},
			{code: "nginx-alias-slash", file: "conf.d/odoo.conf", old: "location /web/filestore {", new: "location /web/filestore/ {", at: "alias /var/lib/odoo/filestore;"},
			{
				code: "nginx-root-for-alias", file: "conf.d/odoo.conf", old: "alias /var/lib/odoo/filestore;", new: "root /var/lib/odoo/filestore;",
				intent: gate.Intent{Storage: "/var/lib/odoo/filestore", Sendfile: "nginx:/web/filestore/", Path: "/web/content/"},
			},
		}},
		{kind: nginx.Kind, name: "discourse", main: "discourse.conf", faults: []injected{
			{code: "nginx-regex-shadows-internal", old: "    location /downloads/ {", new: "    location ~* \\.(bin|pdf|jpg|png|zip)$ {\n        expires max;\n    }\n    location /downloads/ {"},
			{code: "nginx-body-filter", old: "alias $public/;", new: "alias $public/;\n        sub_filter_types *;\n        sub_filter a b;", at: "sub_filter a b;"},
		}},
		{kind: nginx.Kind, name: "moodle", main: "moodle.conf", faults: []injected{
			{code: "nginx-access-denied", old: "alias /var/moodledata/;", new: "alias /var/moodledata/;\n        deny all;", at: "deny all;"},
			{
				code: "nginx-wrong-directory", old: "alias /var/moodledata/;", new: "alias /var/moodle/;",
				intent: gate.Intent{Storage: "/var/moodledata", Sendfile: "nginx:/dataroot/", Path: "https://moodle.example.edu/pluginfile.php/"},
			},
		}},
		{kind: nginx.Kind, name: "zulip", main: "nginx.conf", faults: []injected{
			{code: "nginx-ranges-disabled", old: "alias /home/zulip/uploads/files/;", new: "alias /home/zulip/uploads/files/;\nmax_ranges 0;", at: "max_ranges 0;"},
			{code: "nginx-accel-ignored", file: "zulip-include/uwsgi_params", old: "uwsgi_read_timeout 300;", new: "uwsgi_ignore_headers X-Accel-Redirect X-Accel-Expires;"},
			{
				code: "nginx-no-internal-location", old: "location /internal/local/uploads/ {", new: "location /internal/uploads/ {", at: "server {",
				intent: gate.Intent{Storage: "/home/zulip/uploads/files", Sendfile: "nginx:/internal/local/uploads/", Path: "/user_uploads/"},
			},
		}},
		{kind: nginx.Kind, name: "funkwhale", main: "funkwhale.conf", faults: []injected{
			{code: "nginx-s3-auth-forwarded", old: "        proxy_set_header Authorization \"\";\n", at: "proxy_pass http://minio.internal:9000/funkwhale/;"},

			{
				code: "nginx-internal-missing", old: "internal;\n        alias /srv/funkwhale/data/music/;", new: "alias /srv/funkwhale/data/music/;", at: "location /_protected/music/ {",
				intent: gate.Intent{Storage: "/srv/funkwhale/data/music", Sendfile: "nginx:/_protected/music/", Path: "/api/v1/listen/"},
			},
			{
				code: "nginx-proxy-pass-rewrites-path", old: "proxy_pass http://funkwhale-api;\n    }\n\n    location ~", new: "proxy_pass http://funkwhale-api/;\n    }\n\n    location ~",
				intent: gate.Intent{Sendfile: "nginx:/_protected/media/", Path: "/api/v1/listen/"},
			},
		}},
		{kind: nginx.Kind, name: "symfony", main: "symfony.conf", faults: []injected{
			{
				code: "nginx-internal-missing", old: "internal;\n        alias", new: "alias", at: "location /invoices-internal/ {",
				intent: gate.Intent{Storage: "/var/www/project/var/invoices", Sendfile: "nginx:/invoices-internal/", Path: "/invoices/"},
			},
			{code: "nginx-accel-ignored", old: "include fastcgi_params;", new: "include fastcgi_params;\nfastcgi_ignore_headers X-Accel-Redirect;", at: "fastcgi_ignore_headers"},
			{code: "nginx-server-rewrite", old: "    location / {", new: "    rewrite ^/invoices-internal/(.*)$ /index.php last;\n\n    location / {"},
		}},
		{kind: nginx.Kind, name: "redmine", main: "sites-available/redmine", faults: []injected{
			{code: "nginx-alias-slash", old: "alias /srv/redmine/files/;", new: "alias /srv/redmine/files;"},
			{
				code: "nginx-proxy-pass-rewrites-path", old: "location @puma {", new: "location /attachments/ { proxy_pass http://puma_redmine/; }\n    location @puma {",
				intent: gate.Intent{Storage: "/srv/redmine/files", Sendfile: "nginx:/attachments-internal/", Path: "https://redmine.example.org/attachments/download/"},
			},
		}},
		{kind: nginx.Kind, name: "woocommerce", main: "woocommerce.conf", faults: []injected{
			{code: "nginx-cache-control-overridden", old: "        internal;\n", new: "        internal;\n        expires max;\n", at: "expires max;"},
			{code: "nginx-accel-ignored", old: "fastcgi_intercept_errors on;", new: "fastcgi_ignore_headers Cache-Control Expires Set-Cookie X-Accel-Redirect;"},
		}},
		{kind: nginx.Kind, name: "drupal", main: "drupal.conf", faults: []injected{
			{
				code: "nginx-no-root", old: "        alias /var/lib/drupal/private/;\n", at: "location ^~ /private-files/ {",
				intent: gate.Intent{Storage: "/var/lib/drupal/private", Sendfile: "nginx:/private-files/", Path: "http://www.example.org:8080/system/files/"},
			},
			{code: "nginx-public-twin", old: "    location @rewrite {", new: "    location /library/ {\n        alias /var/lib/drupal/private/;\n    }\n\n    location @rewrite {"},
		}},
		{kind: nginx.Kind, name: "django", main: "locations.conf", faults: []injected{
			{code: "nginx-off-by-slash", old: "location /static/ {", new: "location /static {"},
			{code: "nginx-cache-control-overridden", old: "add_header X-Content-Type-Options nosniff;", new: "add_header Cache-Control public;"},
			{
				code: "nginx-root-for-alias", old: "root /srv/django;", new: "root /srv/django/protected;",
				intent: gate.Intent{Storage: "/srv/django/protected", Sendfile: "nginx:/protected/", Path: "/documents/"},
			},
		}},
		{kind: nginx.Kind, name: "atom", main: "atom.conf", faults: []injected{
			{code: "nginx-alias-slash", old: "alias /usr/share/nginx/atom/;", new: "alias /usr/share/nginx/atom;"},
			{code: "nginx-access-denied", old: "alias /usr/share/nginx/atom/;", new: "allow 10.0.0.0/8;\n        deny all; # readers only\n        alias /usr/share/nginx/atom/;", at: "# readers only"},
		}},
	}
}
