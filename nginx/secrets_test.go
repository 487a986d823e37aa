package nginx

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// masked masks a source as Kind.Load does.
func masked(s conf.Source) conf.Source {
	c, _ := Parse(s)
	return secrets.Source(s, c.Top)
}

func TestWithoutSecrets(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a field", `proxy_set_header Authorization "Basic dXNlcjpwYXNz";`, `proxy_set_header Authorization "xxxxx xxxxxxxxxxxx";`},
		{"a field of one's own", `proxy_set_header X-Api-Key abc123;`, `proxy_set_header X-Api-Key xxxxxx;`},
		{"a variable stays", `proxy_set_header Authorization "Bearer $token;x";`, `proxy_set_header Authorization "xxxxxx $tokenxx";`},
		{"a variable alone", `proxy_set_header Cookie $http_cookie;`, `proxy_set_header Cookie $http_cookie;`},
		{"a usual field", `proxy_set_header X-Forwarded-Proto https;`, `proxy_set_header X-Forwarded-Proto https;`},
		{"a signature", `secure_link_md5 "$secure_link_expires$uri s3cr3t";`, `secure_link_md5 "$secure_link_expires$uri xxxxxx";`},
		{"a parameter", `fastcgi_param DB_PASSWORD 'a b';`, `fastcgi_param DB_PASSWORD 'x x';`},
		{"a variable", `set $api_key abc;`, `set $api_key xxx;`},
		{"a directive", `redis_password hunter2;`, `redis_password xxxxxxx;`},
		{"a file of passwords", `ssl_password_file /etc/p;`, `ssl_password_file /etc/p;`},
		{"versions", `server_tokens off;`, `server_tokens off;`},
		{"a cache's key", `proxy_cache_key $host$uri;`, `proxy_cache_key $host$uri;`},
		{"a private key's file", `ssl_certificate_key /etc/k.pem;`, `ssl_certificate_key /etc/k.pem;`},
		{"a map", "map $host $auth_token {\n  default abc;\n  a.example \"d e\";\n}", "map $host $auth_token {\n  default xxx;\n  a.example \"y y\";\n}"},
		{"a map of something else", "map $host $root {\n  default /srv;\n}", "map $host $root {\n  default /srv;\n}"},
		{"a login in a URL", `proxy_pass http://user:pass@127.0.0.1/;`, `proxy_pass http://user:xxxx@127.0.0.1/;`},
		{"no login", `proxy_pass http://127.0.0.1:8000/a@b;`, `proxy_pass http://127.0.0.1:8000/a@b;`},
		{"a comment", "# proxy_set_header X-Auth-Token abc123;\nexpires off;", "# proxy_set_header X-Auth-Token xxxxxx;\nexpires off;"},
		{"what a credential is compared with", "map $http_x_key $who { default \"\"; \"k1;y\" one; k2\\;y two; ~^abcdefgh(.*)$ three; }", "map $http_x_key $who { default \"\"; \"xxxx\" one; yyyyy two; ~^zzzzzzzz(.*)$ three; }"},
		{"what a page is compared with", "map $uri $who { /secret one; \"~^/token/(.*)$\" two; }", "map $uri $who { /secret one; \"~^/token/(.*)$\" two; }"},
		{"texts of a script", "content_by_lua_block { local p = \"a b\"; if x then ngx.say('c}', [[d]]) end }", "content_by_lua_block { local p = \"x x\"; if x then ngx.say('yy', [[z]]) end }"},
		{"texts of a short script", `set_by_lua $t 'return "abc"';`, `set_by_lua $t 'return "xxx"';`},
		{"a file of a script", `content_by_lua_file "/etc/x.lua";`, `content_by_lua_file "/etc/x.lua";`},
		{"of the environment", `env API_TOKEN=abc;`, `env API_TOKEN=xxx;`},
		{"of the environment, quoted", `env "API_TOKEN=a b";`, `env "API_TOKEN=xxx";`},
		{"a name of the environment", `env API_TOKEN;`, `env API_TOKEN;`},
		{"a signed address", `proxy_pass https://s3.example.org/b?X-Amz-Signature=abcdef;`, `proxy_pass https://s3.example.org/b?X-Amz-Signature=xxxxxx;`},
		{"a password prompt", `auth_basic "Members only";`, `auth_basic "Members only";`},
		{"over lines", "proxy_set_header\n  Authorization\n  \"a\n  b\" ;", "proxy_set_header\n  Authorization\n  \"x\n  x\" ;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, masked(sourceOf(c.text)).Files[0].Text); d != "" {
				t.Error(d)
			}
		})
	}
}

// FuzzWithoutSecrets: no place moves, and no directive changes but for values.
func FuzzWithoutSecrets(f *testing.F) {
	f.Add("http { map $a $api_token { default \"a b\"; } proxy_set_header X-Key \\ a\\;b; }")
	f.Add("set $secret \"${a}x\\\"y\"; # token abc")
	f.Add("secure_link_md5 'a\nb' c;\nproxy_pass http://a:b@c;")
	f.Add("map $arg_token $a { \"b;\" c; ~*defghijkl e; } set_by_lua $a 'return \"b\"'; env A_TOKEN=b;")
	f.Add("content_by_lua_block { a = \"}\" b = [[}]] } set $x \"token=\"; set $y \"z\";")
	f.Fuzz(func(t *testing.T, text string) {
		source := sourceOf(text)
		masked := masked(source)
		if len(masked.Files[0].Text) != len(text) || source.Files[0].Text != text {
			t.Fatalf("%q became %q", text, masked.Files[0].Text)
		}
		before, problem := Parse(source)
		after, problem2 := Parse(masked)
		if problem != nil {
			return // it may end otherwise where it is broken
		}
		if problem2 != nil {
			t.Fatalf("%q does not parse any more: %v", masked.Files[0].Text, problem2)
		}
		if d := cmp.Diff(skeleton(before.Top), skeleton(after.Top)); d != "" {
			t.Errorf("%q: %s", masked.Files[0].Text, d)
		}
	})
}

// skeleton is a block without the text of its arguments.
func skeleton(top *conf.Directive) []string {
	var list []string
	top.Walk(func(d *conf.Directive) bool {
		line := d.Pos.String()
		for _, a := range d.Args {
			line += " " + a.Pos.String() + strings.Repeat("-", len(a.Raw))
		}
		list = append(list, line)
		return true
	})
	return list
}
