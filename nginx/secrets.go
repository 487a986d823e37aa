package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf/mask"
)

// secrets are the directives that hold secrets.
var secrets = mask.Words{
	Settings: []string{
		"proxy_set_header", "grpc_set_header", "add_header", "add_trailer", "more_set_headers", "more_set_input_headers",
		"fastcgi_param", "uwsgi_param", "scgi_param", "env", "perl_set", "set",
	},
	Secrets: []string{"secure_link_md5", "secure_link_secret"},
	Open:    []string{"auth_jwt", "auth_jwt_key_request", "proxy_ssl_session_token"},
	Maps:    []string{"map", "geo", "split_clients"},
	Scripts: isScript,
}

// isScript says that a directive holds Lua or Perl: set_by_lua,
// content_by_lua_block, perl_set. A file of some is named by the others.
func isScript(name string) bool {
	return strings.HasSuffix(name, "_by_lua") || isLua(name) || name == "perl" || name == "perl_set"
}
