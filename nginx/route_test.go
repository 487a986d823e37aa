package nginx

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

func router(t testing.TB, site string, o RouterOptions) *Router {
	t.Helper()
	c, err := Parse(conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: site}}})
	if err != nil {
		t.Fatal(err)
	}
	return NewRouter(c, o)
}

// What the configuration alone does not tell is said, with the place.
func TestUndecided(t *testing.T) {
	const site = `geo $geo { default 0; }
split_clients $remote_addr $variant { 50% a; * b; }
js_set $js main.f;
map $remote_addr $by_client { default x; }
server {
  listen 80;
  set $later "";
  location /lua/ { content_by_lua_block { ngx.say("}") } }
  location /rewritelua/ { rewrite_by_lua_block { ngx.exec("/x") } root /x; }
  location /setlua/ { set_by_lua_block $f { return "x" } alias /m/$f/; }
  location /geo/ { if ($geo) { return 403; } root /x; }
  location /js/ { root /x/$js; }
  location /variant/ { proxy_pass http://$variant; }
  location /client/ { alias /m/$by_client/; }
  location /try/ { root /x; try_files $uri /other; }
  location /file/ { root /x; if (-f $request_filename) { return 403; } }
  location /cookie/ { if ($cookie_id) { return 403; } root /x; }
  location /harmless/ { if ($geo) { set $later 1; } root /x; }
  location /used/ { if ($geo) { set $later 1; } root /x/$later; }
  location /vendor/ { root /x/$vendor_variable; }
  location ~ ^/recursive/(\((?:[^()]|(?1))*\))$ { root /x; }
  location /auth/ { auth_request /check; auth_request_set $who $upstream_http_x; alias /m/$who/; }
  location /auth2/ { auth_request /check; root /x; }
  location /rate/ { limit_req zone=z; access_by_lua_file a.lua; root /x; }
  location /password/ { auth_basic x; auth_basic_user_file y; root /x; }
  location /net/ { deny 10.0.0.0/8; root /x; }
  location /all/ { allow 10.0.0.1; deny all; root /x; }
}
`
	r := router(t, site, RouterOptions{})
	for _, c := range []struct {
		uri      string
		outcome  route.Outcome
		file     string
		why      string // part of what is not known
		at       int    // line of the directive of the last step
		provided string // part of what may still refuse
	}{
		{uri: "/lua/x", outcome: route.Undecided, why: "content_by_lua_block", at: 8},
		{uri: "/rewritelua/x", outcome: route.Undecided, why: "Lua may change the URI", at: 9},
		{uri: "/setlua/x", outcome: route.Undecided, why: "$f is set by set_by_lua_block", at: 10},
		{uri: "/geo/x", outcome: route.Undecided, why: "$geo is set by geo, from the client's address", at: 11},
		{uri: "/js/x", outcome: route.Undecided, why: "$js is set by js_set", at: 12},
		{uri: "/variant/x", outcome: route.Proxied, at: 13},
		{uri: "/client/x", outcome: route.Undecided, why: "$remote_addr is the client's address", at: 14},
		{uri: "/try/x", outcome: route.Undecided, why: "whether /x/try/x is there decides", at: 15},
		{uri: "/file/x", outcome: route.Undecided, why: "what is at /x/file/x is not known", at: 16},
		{uri: "/cookie/x", outcome: route.File, file: "/x/cookie/x", at: 17},
		{uri: "/harmless/x", outcome: route.File, file: "/x/harmless/x", at: 18},
		{uri: "/used/x", outcome: route.Undecided, why: "$later is set on a condition that is not known", at: 19},
		{uri: "/vendor/x", outcome: route.Undecided, why: "$vendor_variable is not known", at: 20},
		{uri: "/recursive/()", outcome: route.Undecided, why: "is beyond what is understood here", at: 21},
		{uri: "/auth/x", outcome: route.Undecided, why: "$who is set by auth_request_set", at: 22, provided: "subrequest to /check"},
		{uri: "/auth2/x", outcome: route.File, file: "/x/auth2/x", at: 23, provided: "subrequest to /check"},
		{uri: "/rate/x", outcome: route.File, file: "/x/rate/x", at: 24, provided: "rate"},
		{uri: "/password/x", outcome: route.Refused, at: 25},
		{uri: "/net/x", outcome: route.File, file: "/x/net/x", at: 26, provided: "client's address"},
		{uri: "/all/x", outcome: route.File, file: "/x/all/x", at: 27, provided: "client's address"},
	} {
		t.Run(c.uri, func(t *testing.T) {
			routed := r.Route(route.Request{Host: "h", URI: c.uri})
			if routed.Outcome != c.outcome || c.file != "" && routed.File != c.file || !strings.Contains(routed.Undecided, c.why) || c.why == "" && routed.Undecided != "" {
				t.Errorf("%s, %q, %q\n%s", routed.Outcome, routed.File, routed.Undecided, describe(routed))
			}
			last := routed.Steps[len(routed.Steps)-1]
			if last.Directive == nil || last.Directive.Pos.Line != c.at {
				t.Errorf("the last step is not of line %d\n%s", c.at, describe(routed))
			}
			provided := ""
			for _, p := range routed.Provided {
				provided += p.Text
			}
			if !strings.Contains(provided, c.provided) || c.provided == "" && provided != "" {
				t.Errorf("provided: %q", provided)
			}
		})
	}
	if u := r.Route(route.Request{Host: "h", URI: "/variant/x"}).Upstream; !strings.Contains(u.Unknown, "split_clients") {
		t.Errorf("%+v", u)
	}
}

func TestEffective(t *testing.T) {
	const site = `add_header X-Http 1;
proxy_set_header A 1;
gzip on;
server {
  add_header X-Server 1;
  root /srv;
  allow all;
  try_files $uri =404;
  location /none/ { }
  location /own/ { add_header X-Own 1; add_header X-Own 2; proxy_set_header B 1; gzip off; alias /a/; deny all; }
  location /int/ { internal; proxy_pass http://x; location /int/in/ { } if ($arg_x) { etag off; } limit_except GET { deny all; } }
}
`
	r := router(t, site, RouterOptions{})
	for _, c := range []struct {
		method, uri string
		names       []string
		want        []string
	}{
		{"GET", "/none/", []string{"add_header", "proxy_set_header", "gzip", "root"}, []string{"add_header X-Server 1", "proxy_set_header A 1", "gzip on", "root /srv"}},
		{"GET", "/none/", []string{"try_files", "alias", "internal"}, nil},
		{"GET", "/own/", []string{"add_header", "proxy_set_header", "gzip"}, []string{"add_header X-Own 1", "add_header X-Own 2", "proxy_set_header B 1", "gzip off"}},
		{"GET", "/own/", []string{"root", "alias", "allow", "deny"}, []string{"alias /a/", "deny all"}},
		{"GET", "/int/in/", []string{"internal", "proxy_pass", "allow"}, []string{"internal", "allow all"}},
		{"GET", "/int/x?x=1", []string{"etag", "proxy_pass", "internal"}, []string{"etag off", "proxy_pass http://x", "internal"}},
		{"PUT", "/int/x", []string{"deny", "proxy_pass"}, []string{"deny all", "proxy_pass http://x"}},
	} {
		uri, args, _ := strings.Cut(c.uri, "?")
		s := newState(r, route.Request{Method: c.method})
		s.srv, s.group, s.uri, s.args, s.internal = r.servers[0], r.order[0], uri, args, true
		s.run(true)
		var got []string
		for _, d := range s.result().Effective(c.names...) {
			got = append(got, d.String())
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s %s: %s", c.method, c.uri, d)
		}
	}
}

// Without the local address the URL's port picks, and where nothing listens on
// it the port is taken to be mapped.
func TestServerWithoutAddress(t *testing.T) {
	const site = `server { listen 80; server_name a; return 200 a80; }
server { listen 443 ssl; server_name a; return 200 a443; }
server { listen 192.0.2.1:8080; server_name b; return 200 b1; }
server { listen 192.0.2.2:8080; server_name c; return 200 c2; }
server { listen 192.0.2.1:9000-9002; listen [::]:9001 ipv6only=off; server_name d; return 200 d; }
`
	r := router(t, site, RouterOptions{})
	for _, c := range []struct {
		q    route.Request
		want string
	}{
		{route.Request{Host: "a"}, "a80"},
		{route.Request{Host: "a", Scheme: "https"}, "a443"},
		{route.Request{Host: "a:8443", Scheme: "https"}, "a443"},
		{route.Request{Host: "a", Addr: "10.0.0.1:443"}, "a443"},
		{route.Request{Host: "b:8080", Addr: "192.0.2.2:8080"}, "c2"},
		{route.Request{Host: "b:8080"}, ""},
		{route.Request{Host: "d:9001"}, "d"},
		{route.Request{Host: "d", Addr: "192.0.2.1:9002"}, "d"},
		{route.Request{Host: "d", Addr: "192.0.2.9:9001"}, "d"},
		{route.Request{Host: "d", Addr: "192.0.2.9:9002"}, ""},
	} {
		c.q.URI = "/"
		routed := r.Route(c.q)
		if routed.Text != c.want || c.want == "" && routed.Outcome != route.Undecided && routed.Outcome != route.Failed {
			t.Errorf("%+v: %s %q\n%s", c.q, routed.Outcome, routed.Text, describe(routed))
		}
	}
}

func TestRouteDetails(t *testing.T) {
	const site = `upstream app { server 127.0.0.1:1 backup; server unix:/run/a.sock; server b down; }
server {
  listen 80;
  error_page 404 /missing.html;
  error_page 503 @app;
  location / { proxy_pass http://app; proxy_intercept_errors on; }
  location @app { fastcgi_pass unix:/run/php.sock; }
  location /protected/ { internal; alias media/; }
  location /s3/ { internal; proxy_pass $upstream_http_x_url; }
  location = /missing.html { root /www; }
}
`
	r := router(t, site, RouterOptions{Prefix: "/usr/share/nginx"})
	routed := r.Route(route.Request{Host: "h", URI: "/dl/a"})
	var peers []string
	for _, p := range routed.Upstream.Peers {
		peers = append(peers, p.Addr)
	}
	if d := cmp.Diff([]string{"127.0.0.1:1", "unix:/run/a.sock", "b:80"}, peers); d != "" || routed.Upstream.Block == nil {
		t.Error(d)
	}
	file := r.Handoff(routed, route.Handoff{Value: "/protected/x%20y"})
	if file.File != "/usr/share/nginx/media/x y" || file.FileBy.Pos.Line != 8 || file.Location.Pos.Line != 8 {
		t.Errorf("%+v", file)
	}
	if missing := r.Error(file, 404); missing.File != "/www/missing.html" || missing.Status != 404 {
		t.Errorf("%+v", missing)
	}
	if other := r.Error(file, 416); other.Outcome != route.Refused || other.Status != 416 {
		t.Errorf("%+v", other)
	}
	if i := r.Handoff(routed, route.Handoff{Value: "/protected/x", Status: 503}); i.Upstream == nil || i.Upstream.Protocol != "fastcgi" || i.Upstream.Host != "unix:/run/php.sock" {
		t.Errorf("%+v", i)
	}
	s3 := r.Handoff(routed, route.Handoff{Value: "/s3/x", Header: http.Header{"X-Url": {"https://b.s3.test/k?sig=1"}}})
	if s3.Upstream.Peers[0].Addr != "b.s3.test:443" || s3.Upstream.URI != "/k?sig=1" || s3.Upstream.Protocol != "https" {
		t.Errorf("%+v", s3.Upstream)
	}
	if v, ok := s3.Eval("$host$uri-$proxy_host"); v != "h/s3/x-b.s3.test" || !ok {
		t.Errorf("%q, %v", v, ok)
	}
	if _, ok := s3.Eval("$time_local"); ok {
		t.Error("the time is known")
	}
	if got := len(routed.Steps); got != 3 {
		t.Errorf("following a redirect changed the routed: %d steps", got)
	}
	file2 := router(t, site, RouterOptions{}).Handoff(routed, route.Handoff{Value: "/protected/x"})
	if file2.File == "" {
		t.Error("no file")
	}
}
