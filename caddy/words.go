package caddy

import "strings"

// shorthands are the placeholders that a Caddyfile may write shortly
// (httpcaddyfile, placeholderShorthands).
var shorthands = strings.NewReplacer(
	"{dir}", "{http.request.uri.path.dir}",
	"{file}", "{http.request.uri.path.file}",
	"{host}", "{http.request.host}",
	"{hostport}", "{http.request.hostport}",
	"{port}", "{http.request.port}",
	"{method}", "{http.request.method}",
	"{path}", "{http.request.uri.path}",
	"{query}", "{http.request.uri.query}",
	"{remote}", "{http.request.remote}",
	"{remote_host}", "{http.request.remote.host}",
	"{remote_port}", "{http.request.remote.port}",
	"{scheme}", "{http.request.scheme}",
	"{uri}", "{http.request.uri}",
	"{orig_method}", "{http.request.orig_method}",
	"{orig_uri}", "{http.request.orig_uri}",
	"{orig_path}", "{http.request.orig_uri.path}",
	"{orig_dir}", "{http.request.orig_uri.path.dir}",
	"{orig_file}", "{http.request.orig_uri.path.file}",
	"{orig_query}", "{http.request.orig_uri.query}",
	"{tls_cipher}", "{http.request.tls.cipher_suite}",
	"{tls_version}", "{http.request.tls.version}",
	"{tls_client_subject}", "{http.request.tls.client.subject}",
	"{upstream_hostport}", "{http.reverse_proxy.upstream.hostport}",
	"{client_ip}", "{http.vars.client_ip}",
)

// families are the shorthands with a name in them.
var families = []struct{ short, long string }{
	{"{header.", "{http.request.header."},
	{"{cookie.", "{http.request.cookie."},
	{"{labels.", "{http.request.host.labels."},
	{"{path.", "{http.request.uri.path."},
	{"{file.", "{http.request.uri.path.file."},
	{"{query.", "{http.request.uri.query."},
	{"{re.", "{http.regexp."},
	{"{vars.", "{http.vars."},
	{"{rp.", "{http.reverse_proxy."},
	{"{resp.", "{http.intercept."},
	{"{err.", "{http.error."},
	{"{file_match.", "{http.matchers.file."},
	{"{args.", "{args."},
}

// long writes the shorthands of a word out.
func long(word string) string {
	if !strings.Contains(word, "{") {
		return word
	}
	word = shorthands.Replace(word)
	for _, f := range families {
		word = strings.ReplaceAll(word, f.short, f.long)
	}
	return word
}

// defaultOrder is the order in which the directives of a block run, whatever
// their order in the file (httpcaddyfile, directiveOrder; those of later
// versions are at their places).
var defaultOrder = []string{
	"tracing", "map", "vars", "fs", "root", "log_append", "skip_log", "log_skip", "log_name",
	"header", "copy_response_headers", "request_body", "redir",
	"method", "rewrite", "uri", "try_files",
	"basicauth", "basic_auth", "forward_auth", "request_header", "encode", "push", "intercept", "templates",
	"invoke", "handle", "handle_path", "route",
	"abort", "error", "copy_response", "respond", "metrics", "reverse_proxy", "php_fastcgi", "file_server", "acme_server",
}
