package diag

import (
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/conf"
)

func TestRedactConfig(t *testing.T) {
	r := testRedactor()
	for _, line := range []string{
		`proxy_set_header Authorization "Basic hunter2secret";`,
		`proxy_set_header Authorization hunter2;`,
		`  proxy_set_header X-Api-Key 'hunter2';`,
		`proxy_set_header Cookie "a=$cookie_a; sid=hunter2";`,
		`proxy_pass http://app:hunter2@127.0.0.1:8000/;`,
		`fastcgi_param DB_PASSWORD hunter2;`,
		`set $api_key "hunter2";`,
		`if ($http_x_token = "hunter2") { return 403; }`,
		`if ($arg_key != hunter2) {`,
		`secure_link_md5 "$secure_link_expires$uri hunter2";`,
		`secure_link_secret hunter2;`,
		`SetEnv APP_SECRET hunter2`,
		`RequestHeader set X-Auth-Token "hunter2"`,
		`AuthLDAPBindPassword hunter2`,
		`Define DB_PASSWORD hunter2`,
		"map $http_x_api_key $who {\n  default no;\n  hunter2 yes;\n  \"hunter2\" yes;\n}",
	} {
		got := r.configText(line)
		if strings.Contains(got, "hunter2") || len(got) != len(line) || strings.Count(got, "\n") != strings.Count(line, "\n") {
			t.Errorf("%s\nbecame\n%s", line, got)
		}
	}
}

// TestRedactConfigLeaves: what decides on a request's way stays as it is.
func TestRedactConfigLeaves(t *testing.T) {
	r := testRedactor()
	for _, line := range []string{
		`location /secret/ { internal; alias /srv/secret/; }`,
		`location = /token {`,
		`rewrite ^/secret /other last;`,
		`proxy_ignore_headers Set-Cookie X-Accel-Redirect;`,
		`proxy_hide_header Set-Cookie;`,
		`proxy_pass_header Authorization;`,
		`proxy_set_header Authorization $http_authorization;`,
		`proxy_set_header Cookie "";`,
		`proxy_cookie_path / "/; secure";`,
		`add_header Set-Cookie "a=b";`,
		`auth_basic off;`,
		`auth_basic_user_file /etc/htpasswd;`,
		`auth_request /auth;`,
		`ssl_password_file /etc/ssl/pass;`,
		`SSLPassPhraseDialog exec:/bin/pass`,
		`AuthType Basic`,
		`upstream token_service { server 127.0.0.1:1; }`,
		`proxy_pass http://token_service;`,
		`set $token $arg_token;`,
		`map $http_accept $x { default no; }`,
		`XSendFilePath /srv/secret`,
		`proxy_pass http://127.0.0.1:8000/a@b;`,
		`listen [::1]:80;`,
	} {
		if got := r.configText(line); got != line {
			t.Errorf("%s became %s", line, got)
		}
	}
}

func TestRedactConfigKeepsEquality(t *testing.T) {
	c := &Config{Kind: "k", Source: conf.Source{Roots: []string{"a"}, Files: []conf.File{{Path: "a", Text: "set $api_key hunter2;\nset $key_secret \"hunter2\";\n"}}}}
	got := testRedactor().config(c)
	if c.Source.Files[0].Text == got.Source.Files[0].Text {
		t.Fatal("nothing was replaced")
	}
	_, first, _ := strings.Cut(got.Source.Files[0].Text, "api_key ")
	first, _, _ = strings.Cut(first, ";")
	if len(first) != len("hunter2") || strings.Count(got.Source.Files[0].Text, first) != 2 {
		t.Errorf("%s", got.Source.Files[0].Text)
	}
	if testRedactor().config(nil) != nil {
		t.Error("a configuration out of nothing")
	}
}

func TestRedactWhatIsEchoed(t *testing.T) {
	r := newRedactor([]byte("key"), Stack{
		Header: compare.Header{{Name: "Authorization", Value: "Bearer hunter2"}, {Name: "X-Dir", Value: "/protected/"}},
		As:     []As{{Name: "eve", Field: compare.Field{Name: "Cookie", Value: "sid=swordfish"}}},
	})
	for text, want := range map[string]string{
		`"GET /dl/proxydiag-a?token=hunter2&b=c HTTP/1.1"`: "&b=c HTTP/1.1",
		"you sent Bearer hunter2":                          "you sent ",
		"cookie: sid=swordfish":                            "cookie: ",
		"X-Accel-Redirect: /protected/a":                   "/protected/a",
	} {
		got := r.line(text)
		if strings.Contains(got, "hunter2") || strings.Contains(got, "swordfish") || !strings.Contains(got, want) {
			t.Errorf("%s became %s", text, got)
		}
		if sample := string(r.sample([]byte("hunter2 " + text))); strings.HasPrefix(sample, "hunter2") {
			t.Errorf("the sample is %s", sample)
		}
	}
}

func FuzzRedactConfig(f *testing.F) {
	f.Add("map $http_x_api_key $who {\n hunter2 yes;\n}\nset $token \"x\";\n")
	r := testRedactor()
	f.Fuzz(func(t *testing.T, text string) {
		got := r.configText(text)
		if len(got) != len(text) || strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Errorf("%q became %q", text, got)
		}
	})
}
