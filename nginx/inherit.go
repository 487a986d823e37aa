package nginx

import (
	"slices"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// protocols are the directives that hand a request to an upstream, with the
// protocol that it speaks.
var protocols = map[string]string{
	"proxy_pass": "http", "fastcgi_pass": "fastcgi", "uwsgi_pass": "uwsgi", "scgi_pass": "scgi",
	"grpc_pass": "grpc", "memcached_pass": "memcached",
}

// otherHandlers are directives of further modules that answer by themselves.
var otherHandlers = []string{
	"content_by_lua", "content_by_lua_block", "content_by_lua_file", "js_content", "perl", "echo", "echo_exec",
	"stub_status", "empty_gif", "hls", "api", "status", "passenger_enabled", "redis_pass", "redis2_pass",
	"postgres_pass", "drizzle_pass", "push_stream_publisher", "push_stream_subscriber", "nchan_publisher", "nchan_subscriber", "vod",
}

// ownOnly are directives that hold where they stand and are not inherited.
var ownOnly = []string{
	"location", "if", "limit_except", "rewrite", "return", "set", "break", "try_files",
	"proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass",
	"listen", "server_name", "flv", "mp4",
}

// handlerOf returns the directive in a block that answers its requests.
func handlerOf(block *conf.Directive) *conf.Directive {
	var found *conf.Directive
	for _, d := range block.Block {
		if protocols[d.Name] != "" || slices.Contains(otherHandlers, d.Name) {
			found = d
		}
	}
	return found
}

// together are directives that make one setting: where a block has one of
// them, none of the others is inherited.
var together = [][]string{{"root", "alias"}, {"allow", "deny"}}

// Effective returns the directives with one of the names that are in force in
// a block: a server, a location, an if or a limit_except. By nginx's rules
// they are those of the innermost block that has any of them: a list such as
// add_header or proxy_set_header is replaced as a whole, never merged. root
// and alias, and allow and deny, replace each other. What is not inherited,
// such as try_files and rewrite, is in force only in its own block; a handler
// such as proxy_pass in the if and limit_except blocks of its location, too.
// Each name is looked for by itself.
func Effective(block *conf.Directive, names ...string) []*conf.Directive {
	var all []*conf.Directive
	for _, name := range names {
		all = append(all, effective(block, name)...)
	}
	return all
}

// Effective returns what is in force at the end of the route, as the function
// Effective does for Route.Inside.
func (t *Route) Effective(names ...string) []*conf.Directive { return Effective(t.Inside, names...) }

func effective(block *conf.Directive, name string) []*conf.Directive {
	group := []string{name}
	for _, g := range together {
		if slices.Contains(g, name) {
			group = g
		}
	}
	own := slices.Contains(ownOnly, name)
	for b := block; b != nil; b = b.Parent {
		if found := b.All(group...); len(found) > 0 {
			return slices.DeleteFunc(found, func(d *conf.Directive) bool { return d.Name != name })
		}
		if own && (protocols[name] == "" || b.Name != "if" && b.Name != "limit_except") {
			return nil
		}
	}
	return nil
}

// last returns the directive in force of a setting that has one value, nil
// where none is: nginx refuses a second one in a block.
func last(block *conf.Directive, name string) *conf.Directive {
	if found := effective(block, name); len(found) > 0 {
		return found[len(found)-1]
	}
	return nil
}

// setting is the value of a setting that has one, or its default.
func setting(block *conf.Directive, name, standard string) string {
	if d := last(block, name); d != nil {
		return d.Arg(0)
	}
	return standard
}
