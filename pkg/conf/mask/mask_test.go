package mask_test

import (
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/mask"
)

var words = mask.Words{
	Settings: []string{"proxy_set_header", "fastcgi_param", "set", "add_header", "SetEnv", "Define", "RequestHeader", "Header", "export"},
	Secrets:  []string{"secure_link_md5", "secure_link_secret"},
	Maps:     []string{"map"},
}

// masked masks a text that no parser has read.
func masked(text string) string {
	s := conf.Source{Roots: []string{"a"}, Files: []conf.File{{Path: "a", Text: text}}}
	out := words.Source(s, &conf.Directive{}).Files[0].Text
	if s.Files[0].Text != text {
		panic("the source was changed")
	}
	return out
}

func TestMasks(t *testing.T) {
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
		`export DB_PASSWORD='hunter2'`,
		`app.secret = "hunter2"`,
		`app.environment = ( "A" => "b", "DB_PASSWORD" => "hunter2" )`,
		`{"headers": {"Authorization": ["hunter2"], "a": "b"}}`,
		`if ($http_x_token = hunter2\;) {`,
		`# Authorization: hunter2`,
		`proxy_pass https://b.example.org/x?X-Amz-Signature=hunter2&a=b;`,
		`return 301 https://x/?a=b&access_token=hunter2;`,
		`local password = "hunter2"`,
		`config["api_key"] = 'hunter2'`,
		`proxy_set_header X-Backend-Auth hunter2;`,
		`fastcgi_param HTTP_X_BACKEND_AUTH hunter2;`,
		`fastcgi_param APP_KEY hunter2;`,
		"map $http_x_api_key $who {\n  default no;\n  hunter2 yes;\n  \"hunter2\" yes;\n}",
	} {
		got := masked(line)
		if strings.Contains(got, "hunter2") || len(got) != len(line) || strings.Count(got, "\n") != strings.Count(line, "\n") {
			t.Errorf("%s\nbecame\n%s", line, got)
		}
	}
}

// TestLeaves: what decides on a request's way stays as it is.
func TestLeaves(t *testing.T) {
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
		`set $auth off;`,
		`set $cache_key a;`,
		`set $x "token="; set $y "z";`,
		`rewrite ^/a /b?token=$1 last;`,
		`rewrite ^/a /b?page=abcdef last;`,
		`if ($args ~ "token=([a-z]+)") {`,
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
		`server_tokens off;`,
		`files += ( "password_file" => "/etc/p", "a" => "b" )`,
		`ServerTokens Prod`,
		`ServerSignature On`,
		`userid_cookie uid;`,
		`RequestHeader unset Cookie`,
		`secret.enable = {$SECRET}`,
		`proxy_set_header Authorization "{env.TOKEN}";`,
		`proxy_pass http://127.0.0.1:8000/a@b;`,
		`listen [::1]:80;`,
	} {
		if got := masked(line); got != line {
			t.Errorf("%s became %s", line, got)
		}
	}
}

func TestEquality(t *testing.T) {
	got := masked("set $api_key hunter2;\nset $key_secret \"hunter2\";\nset $token swordfish;\n")
	if want := "set $api_key xxxxxxx;\nset $key_secret \"xxxxxxx\";\nset $token yyyyyyyyy;\n"; got != want {
		t.Errorf("%s", got)
	}
}

func FuzzMasks(f *testing.F) {
	f.Add("map $http_x_api_key $who {\n hunter2 yes;\n}\nset $token \"x\";\n")
	f.Fuzz(func(t *testing.T, text string) {
		got := masked(text)
		if len(got) != len(text) || strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Errorf("%q became %q", text, got)
		}
	})
}
