package nginx

import "github.com/proxydiag/proxydiag/pkg/conf/mask"

// secrets are the directives that hold secrets.
var secrets = mask.Words{
	Settings: []string{
		"proxy_set_header", "grpc_set_header", "add_header", "add_trailer", "more_set_headers", "more_set_input_headers",
		"fastcgi_param", "uwsgi_param", "scgi_param", "env", "perl_set", "set",
	},
	Secrets: []string{"secure_link_md5", "secure_link_secret"},
	Open:    []string{"auth_jwt", "proxy_ssl_session_token"},
	Maps:    []string{"map", "geo", "split_clients"},
}
