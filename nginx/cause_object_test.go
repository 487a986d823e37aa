package nginx

import (
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// objectCases are about files that an internal location fetches from a storage
// at port 9000.
func objectCases() []causeCase {
	const (
		args    = "nginx-s3-args-lost"
		host    = "nginx-s3-host"
		auth    = "nginx-s3-auth-forwarded"
		leak    = "nginx-s3-header-leak"
		decoded = "nginx-s3-variable-decoded"
	)
	const (
		signed  = "/protected/" + sceneFile + "?X-Amz-Signature=0a"
		plain   = "/protected/" + sceneFile
		expired = "<Code>AccessDenied</Code>"
		wrong   = "<Code>SignatureDoesNotMatch</Code>"
	)
	in := func(directives string) string {
		return download + "location /protected/ {\ninternal;\n" + directives + "\n}"
	}
	captured := func(directives string) string {
		return download + "location ~ ^/protected/(.*)$ {\ninternal;\n" + directives + "\n}"
	}
	group := func(directives string) string {
		return "upstream objects { server 127.0.0.1:9000; }\nserver {\nlisten 8080;\n" + in(directives) + "\n}"
	}
	whole := in("proxy_pass http://127.0.0.1:9000/b/; # here")
	amz := compare.Header{{Name: "x-amz-request-id", Value: "1"}}
	return []causeCase{
		{args, "by variables", false, scene{status: 403, value: signed, server: captured("proxy_pass http://127.0.0.1:9000/b/$1; # here")}},
		{args, "by a rewrite", false, scene{status: 403, value: signed, server: in("rewrite ^/protected/(.*)$ /b/$1? break; # here\nproxy_pass http://127.0.0.1:9000;")}},
		{args, "kept", true, scene{status: 403, value: signed, server: captured("proxy_pass http://127.0.0.1:9000/b/$1$is_args$args;")}},
		{args, "none", true, scene{status: 403, value: plain, server: captured("proxy_pass http://127.0.0.1:9000/b/$1;")}},
		{args, "not needed", true, scene{value: signed, server: captured("proxy_pass http://127.0.0.1:9000/b/$1;")}},
		{args, "asks the backend", true, scene{status: 403, value: signed, server: captured("proxy_pass http://127.0.0.1:8000/b/$1;")}},

		{host, "of the client", false, scene{status: 403, value: signed, server: "proxy_set_header Host $host; # here\n" + in("proxy_pass http://127.0.0.1:9000/b/;")}},
		{host, "of the group", false, scene{status: 403, value: signed, http: group("proxy_pass http://objects/b/; # here")}},
		{host, "chosen, and refused", false, scene{status: 403, body: wrong, value: signed, server: in("proxy_set_header Host b.example; # here\nproxy_pass http://127.0.0.1:9000/b/;")}},
		{host, "chosen", true, scene{status: 403, body: expired, value: signed, server: in("proxy_set_header Host b.example;\nproxy_pass http://127.0.0.1:9000/b/;")}},
		{host, "of the address", true, scene{status: 403, body: expired, value: signed, server: whole}},
		{host, "of the client, unsigned", true, scene{status: 403, value: plain, server: "proxy_set_header Host $host;\n" + in("proxy_pass http://127.0.0.1:9000/b/;")}},

		{auth, "refused with it", false, scene{value: signed, server: whole, more: withAuthorization(200, 400)}},
		{auth, "let through", true, scene{value: signed, server: whole, more: withAuthorization(200, 200)}},
		{auth, "refused by the backend", true, scene{value: signed, server: whole, more: withAuthorization(401, 401)}},
		{auth, "cleared", true, scene{value: signed, server: in("proxy_set_header Authorization \"\";\nproxy_pass http://127.0.0.1:9000/b/;"), more: withAuthorization(200, 400)}},

		{leak, "an id", false, scene{value: signed, proxy: amz, server: whole}},
		{leak, "of the backend's own", true, scene{value: signed, proxy: amz, backend: amz, server: whole}},
		{leak, "of a file", true, scene{proxy: amz, server: download + protected}},
		{leak, "hidden", true, scene{value: signed, server: whole}},

		{decoded, "a capture", false, scene{server: captured("proxy_pass http://127.0.0.1:9000/b/$1; # here"), more: spaced(400)}},
		{decoded, "a capture that arrives", true, scene{server: captured("proxy_pass http://127.0.0.1:9000/b/$1;"), more: spaced(200)}},
		{decoded, "by its prefix", true, scene{server: whole, more: spaced(400)}},
	}
}

// withAuthorization is what both ports answer to a request with credentials.
func withAuthorization(backend, proxy int) []diag.Exchange {
	b, p := exchange("backend-with-authorization", backend, "x"), exchange("proxy-with-authorization", proxy, "x")
	b.Probe.Port = diag.Backend
	if backend < 300 {
		b.Header = compare.Header{{Name: header, Value: "/protected/" + sceneFile}}
	}
	return []diag.Exchange{b, p}
}

// spaced is what the proxy answers for a name with a space.
func spaced(status int) []diag.Exchange {
	x := exchange("proxy-name-space", status, "")
	x.Probe.Role, x.Request.URL = "name-space", "http://localhost:8080/dl/a%20b.bin"
	if status == 200 {
		x.Body = compare.Body{Length: 1600, Match: compare.Equal}
	}
	return []diag.Exchange{x}
}
