package nginx

import (
	"slices"
	"strings"
)

// isCode says that a directive brings code of the user's into nginx: Lua, njs,
// Perl (https://github.com/openresty/lua-nginx-module,
// https://nginx.org/en/docs/http/ngx_http_js_module.html,
// https://nginx.org/en/docs/http/ngx_http_perl_module.html).
func isCode(name string) bool {
	return strings.Contains(name, "_by_lua") || strings.HasPrefix(name, "lua_") || strings.HasPrefix(name, "js_") ||
		name == "perl" || strings.HasPrefix(name, "perl_")
}

// moduleFamilies are what the directives of modules begin with that a build of
// nginx may lack: those of other authors, those of the commercial version, and
// those that versions after 1.22 brought.
var moduleFamilies = []string{
	"accept_language", "akamai_", "api_", "ajp_", "array_", "auth_basic_ldap", "auth_digest", "auth_gss", "auth_jwt", "auth_ldap", "auth_oidc",
	"auth_pam", "auth_spnego", "auth_totp", "aws_", "brotli", "bytes_filter", "captcha_", "ct_", "cache_purge", "check_", "chunkin", "consul_",
	"cookie_flag", "datadog_", "dav_ext_", "drizzle_", "dynamic_", "dyups_", "echo", "encrypted_session_", "eval", "etcd_", "fancyindex", "form_", "f4f", "geoip",
	"gridfs", "headers_", "health_check", "hls", "http3", "http2_chunk", "iconv_", "image_filter", "immutable", "jaeger_", "jwt_", "kafka", "keyval",
	"ldap_", "length_hiding", "limit_upload", "limit_upstream", "memc_", "mirror_", "modsecurity", "mogilefs", "more_", "mruby", "naxsi",
	"nchan_", "njs_", "ntlm", "opentelemetry", "opentracing", "otel_", "pagespeed", "passenger", "pinba_", "postgres_", "proxy_connect",
	"push_stream", "quic", "rails_", "rds_", "reqstat", "redis", "replace_filter", "rtmp", "secure_cookie", "security_headers", "session_", "set_base32", "set_base64",
	"set_cookie", "set_decode", "set_encode", "set_encrypt", "set_escape", "set_formatted", "set_from", "set_form", "set_hash", "set_hex", "set_hmac", "set_if",
	"set_local", "set_md5", "set_misc", "set_quote", "set_random", "set_rotate", "set_secure", "set_sha", "set_unescape", "shib_", "slowfs", "small_light", "spdy_", "srcache",
	"ssl_ct", "status_", "statsd", "sticky", "subs_filter", "substitutions", "sxg", "sysguard", "tcp_", "testcookie", "tfs_", "trim", "uploadprogress", "upload_",
	"upstream_conf", "upstream_jdomain", "uthash", "vhost_traffic_status", "video_", "vod", "websockify", "xml_entities", "xslt_", "xss_", "zip", "zstd",
}

// moduleDirectives are such directives with names of their own.
var moduleDirectives = []string{
	"api", "BasicRule", "CheckRule", "DeniedUrl", "LearningMode", "LibInjectionSql", "LibInjectionXss", "MainRule", "NaxsiLogFile", "SecRulesDisabled", "SecRulesEnabled",
	"ModSecurityConfig", "ModSecurityEnabled", "check", "concat", "fair", "health", "http2", "jdomain", "least_time", "live", "match",
	"queue", "report_uploads", "track_uploads", "state", "status", "upload", "fastcgi_cache_purge", "proxy_cache_purge", "uwsgi_cache_purge",
	"scgi_cache_purge", "internal_redirect", "js", "proxy_pass_trailers", "proxy_limit_rate", "keepalive_min_timeout", "max_headers", "early_hints",
	"add_header_inherit", "add_trailer_inherit", "ssl_certificate_cache", "ssl_object_cache_inheritable", "ssl_key_log", "ssl_encrypted_hello_key", "ssl_reject_handshake", "ssl_conf_command",
	"grpc_set_trailer", "proxy_allow_upstream", "tunnel_pass", "expires_by_types",
	"limit_zone", "perl",
	"server_info", "server_admin", "server_tag", "footer", "ja3", "zone_sync",
}

// ofModule says that a directive is one of a module, or of a version, that
// builds of nginx may lack: not a misspelt one.
func ofModule(name string) bool {
	return isCode(name) || slices.Contains(moduleDirectives, name) ||
		slices.ContainsFunc(moduleFamilies, func(family string) bool { return strings.HasPrefix(name, family) })
}
