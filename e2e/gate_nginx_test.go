package e2e

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/gate"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// TestGateNginx tries configurations with the real nginx, with the file alone:
// what they lack here is dealt with, and what is wrong with them is found.
func TestGateNginx(t *testing.T) {
	t.Parallel()
	const out = "location /protected/ { internal; alias /srv/files/; }\n"
	for _, c := range []struct {
		name, text string
		code       string   // the first finding at warning or above
		status     string   // of the report; "" is healthy, or misconfigured with a code
		changes    []string // parts of what is told
		pairs      int      // that were tried; 0 is 1
	}{
		{name: "modules that are absent", text: "server { listen 80; brotli on; more_clear_headers Server; http2 on; add_header X $brotli_ratio;\n" +
			"location / { proxy_pass http://app; set_by_lua_block $x { return 1 } } " + out + "}",
			changes: []string{"brotli", "more_clear_headers", "http2", "$brotli_ratio", "set_by_lua_block is code"}},
		{name: "what another file defines", text: "proxy_cache shared;\nlimit_req zone=api;\naccess_log /var/log/x combined_x;\n" +
			"location / { proxy_pass http://backend; proxy_set_header Connection $connection_upgrade; }\n" + out,
			changes: []string{"zone shared", "$connection_upgrade"}},
		{name: "no application", text: out},
		{name: "an application of a module", text: "events {} http { server { listen 80; root /srv/www; passenger_enabled on; " + out + "} }", changes: []string{"passenger_enabled"}},
		{name: "TLS", text: "server { listen 80; server_name a.example.com; return 301 https://$host$request_uri; }\n" +
			"server { listen 443 ssl http2; server_name a.example.com; ssl_certificate /none/a.pem; ssl_certificate_key /none/a.key; ssl_dhparam /none/dh.pem;\n" +
			"include /etc/letsencrypt/options-ssl.conf; location / { proxy_pass https://app; proxy_ssl_verify on; } " + out + "}",
			changes: []string{"/none/a.pem", "options-ssl.conf"}},
		{name: "TLS of another file", text: "server { listen 443 ssl; location / { proxy_pass http://app; } " + out + "}", changes: []string{"no ssl_certificate"}},
		{name: "PHP", text: "server { listen 80; root /srv/www; index index.php; location / { try_files $uri $uri/ /index.php?$args; }\n" +
			"location ~ \\.php$ { include snippets/fastcgi-php.conf; fastcgi_pass unix:/run/php/php.sock; } " + out + "}", changes: []string{"fastcgi-php.conf"}},
		{name: "Python by uwsgi", text: "upstream django { server unix:///run/uwsgi.sock; } server { listen 8000; location / { include uwsgi_params; uwsgi_pass django; } " + out + "}", changes: []string{"uwsgi_params"}},
		{name: "a host in a variable", text: "events {} http { map $host $pool { default app:8000; } server { listen 80; resolver 192.0.2.1; set $other $pool; location / { proxy_pass http://$other; } " + out + "} }"},
		{name: "a URL in a variable", text: "events {} http { server { listen 80; resolver 192.0.2.1; set $app http://app:8000; location / { proxy_pass $app; } " + out + "} }"},
		{name: "static types of a front controller", text: "server { listen 80; root /srv/www; location / { try_files $uri /index.php?$args; }\n" +
			"location ~ \\.php$ { include fastcgi_params; fastcgi_pass unix:/run/php.sock; } location ~* \\.(js|png|jpg)$ { expires max; } location ~ /\\. { return 404; }\n" +
			"location ^~ /protected/ { internal; alias /srv/files/; } }"},
		{name: "types of an internal folder", text: "server { listen 80; root /srv/www; location / { try_files $uri /index.php?$args; }\n" +
			"location ~ \\.php$ { include fastcgi_params; fastcgi_pass unix:/run/php.sock; } location ~* \\.(js|png|jpg)$ { expires max; }\n" +
			"location /files/ { internal; root /srv/www; } }", code: "nginx-public-twin"},
		{name: "no resolver", text: "events {} http { server { listen 80; set $app app:8000; location / { proxy_pass http://$app; } " + out + "} }", code: "nginx-no-resolver"},
		{name: "an address in a variable", text: "events {} http { server { listen 80; set $app 10.0.0.1:8000; location / { proxy_pass http://$app; } " + out + "} }"},
		{name: "unix sockets alone", text: "server { listen unix:/run/www.sock; location / { proxy_pass http://unix:/run/app.sock:/; } " + out + "}"},
		{name: "the PROXY protocol", text: "server { listen 80 proxy_protocol; set_real_ip_from 10.0.0.0/8; real_ip_header proxy_protocol; location / { proxy_pass http://app; } " + out + "}", changes: []string{"PROXY protocol"}},
		{name: "two tiers", text: "server { listen 80; location / { proxy_pass http://127.0.0.1:8081; } }\nserver { listen 127.0.0.1:8081; location / { proxy_pass http://app; } " + out + "}"},
		{name: "a subrequest to the application", text: "server { listen 80; auth_request /api/may; location / { proxy_pass http://app; } " + out + "}"},
		{name: "a password", text: "server { listen 80; auth_basic x; auth_basic_user_file /none/htpasswd; location / { proxy_pass http://app; } " + out + "}", status: "inconclusive", changes: []string{"nobody is let in"}},
		{name: "a folder in a variable", text: "server { listen 80; set $files /srv/files; location / { proxy_pass http://app; } location /protected/ { internal; alias $files/; } }"},
		{name: "a store", text: "server { listen 80; location / { proxy_pass http://app; } location ~ ^/s3/(.*)$ { internal; proxy_set_header Authorization ''; proxy_set_header Cookie ''; proxy_hide_header x-amz-request-id; proxy_hide_header x-amz-id-2; proxy_pass https://bucket.s3.amazonaws.com$request_uri; } " + out + "}", pairs: 2, status: "any"},
		{name: "what the handoff names", text: "server { listen 80; location / { proxy_pass http://app; } location ~ ^/any/([^/]+)/(.*)$ { internal; proxy_pass http://$1/$2; } }", code: "nginx-open-upstream"},
		{name: "what the handoff names with arguments", text: "server { listen 80; location / { proxy_pass http://app; } location ~ ^/any/(?<where>[^/]+)/(?<rest>.*)$ { internal; set $to https://$where/$rest; proxy_pass $to$is_args$args; } }", code: "nginx-open-upstream"},
		{name: "not internal", text: "server { listen 80; location / { proxy_pass http://app; } location /protected/ { alias /srv/files/; } }", code: "nginx-internal-missing"},
		{name: "the download is internal", text: "server { listen 80; location /dl/ { internal; proxy_pass http://app; } " + out + "}", code: "nginx-download-location-internal"},
		{name: "a prefix called as its folder", text: "server { listen 80; location / { proxy_pass http://app; } location /media { internal; alias /media; deny all; } }", code: "nginx-access-denied"},
		{name: "a page for what is missing", text: "server { listen 80; root /srv/www; location / { try_files $uri /index.html; } location /api/ { proxy_pass http://app; } " + out + "}"},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			rep, err := gateNginx(t, c.text)
			if err != nil {
				t.Fatal(err)
			}
			code := ""
			for _, f := range slices.Backward(rep.Findings) {
				if f.Counts(diag.Warning) {
					code = f.Code
				}
			}
			want := c.status
			if want == "" {
				want = string(diag.Healthy)
				if c.code != "" {
					want = string(diag.Misconfigured)
				}
			}
			if want != "any" && (string(rep.Status) != want || code != c.code) || len(rep.Pairs) != max(c.pairs, 1) {
				t.Errorf("%s, %q, want %s, %q: %s", rep.Status, code, want, c.code, marshal(t, rep))
			}
			var told strings.Builder
			for _, p := range rep.Changes {
				told.WriteString(p.String() + "\n")
			}
			for _, part := range c.changes {
				if !strings.Contains(told.String(), part) {
					t.Errorf("%q is not told:\n%s", part, told.String())
				}
			}
		})
	}
}

// TestGateNginxRealistic: configurations such as well-known applications document
// them start without more and are found healthy.
func TestGateNginxRealistic(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../nginx/testdata/realistic/*.conf")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			rep, err := gateNginxFile(t, file)
			if err != nil {
				t.Fatal(err)
			}
			if rep.Status != diag.Healthy {
				t.Errorf("%s: %s", rep.Status, marshal(t, rep))
			}
		})
	}
}

// gateNginx tries a text with the file alone.
func gateNginx(t *testing.T, text string) (diag.Report, error) {
	t.Helper()
	file := t.TempDir() + "/site.conf"
	write(t, file, text)
	return gateNginxFile(t, file)
}

func gateNginxFile(t *testing.T, file string) (diag.Report, error) {
	t.Helper()
	need.Server(t, nginx.Kind.Program)
	source, err := nginx.Kind.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	var added []conf.Problem
	if c, ok := nginx.Kind.Sandbox.(server.Completer); ok {
		source, added = c.Complete(source)
	}
	return gate.Run(t.Context(), gate.Options{Kind: nginx.Kind, Config: &diag.Config{Kind: nginx.Kind.Name, Source: source}, Completed: added})
}

// TestGateNginxRefuses: what nginx itself refuses is told at the user's line.
func TestGateNginxRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"server { listen 80;\nlocation / { proxy_pas http://app; } location /p/ { internal; alias /srv/p/; } }":                              `2 unknown directive "proxy_pas"`,
		"server { listen 80; location / { proxy_pass http://app;\n\nclient_max_body_size 10Q; } }":                                           `3 "client_max_body_size" directive invalid value`,
		"events {} http { server { listen 80;\nlocation / { proxy_pass http://app; add_header X $nope; } } }":                                `2 unknown "nope" variable`,
		"server {\nlisten ${PORT}; location / { proxy_pass http://app; } location /p/ { internal; alias /srv/p/; } }":                        `2 listen takes no variables`,
		"server { listen 80;\nlocation / { proxy_pass http://app; add_header X ${API_HOST}; } location /p/ { internal; alias /srv/p/; } }":   `2 unknown "api_host" variable`,
		"events {} http { server {\nlisten 443 ssl; location / { proxy_pass http://app; } location /p/ { internal; alias /srv/p/; } } }":     `1 no "ssl_certificate" is defined`,
		"server { listen 80; location / { proxy_pass http://app; }\nlocation ~ ^/p/( { internal; alias /srv/p/; } }":                         `2 `,
		"server { listen 443 ssl; location / { proxy_pass http://app; }\nssl_ciphers HIHG; location /p/ { internal; alias /srv/p/; } }":      `2 SSL_CTX_set_cipher_list("HIHG") failed`,
		"server { listen 443 ssl; location / { proxy_pass http://app; }\nssl_stapling of; location /p/ { internal; alias /srv/p/; } }":       `2 invalid value "of" in "ssl_stapling"`,
		"server { listen 443 ssl; location / { proxy_pass http://app; }\nssl_protocols TLSv1.4; location /p/ { internal; alias /srv/p/; } }": `2 invalid value "TLSv1.4"`,
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			_, err := gateNginx(t, text)
			var refused *conf.Error
			if !errors.As(err, &refused) {
				t.Fatalf("%v", err)
			}
			line, message, _ := strings.Cut(want, " ")
			p := refused.Problems[0]
			if d := cmp.Diff(line, string(rune('0'+p.Pos.Line))); d != "" || !strings.Contains(p.Message, message) {
				t.Errorf("%s (-want +got):\n%s", p, d)
			}
		})
	}
}
