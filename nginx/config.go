package nginx

import (
	"slices"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// Config is a configuration as nginx reads it.
type Config struct {
	Source conf.Source
	// Top holds every directive in its block; it has no name and no place.
	Top *conf.Directive
	// HTTP is the http block; nil where a main file has none. A fragment gets
	// one, and a server and a location where it needs them: directives without
	// a place.
	HTTP *conf.Directive
	// Fragment says that the source is a part of a configuration, such as a
	// file of sites-available: what stands around it is not known.
	Fragment bool
}

// Parse reads the texts of a source. It is a pure function. The Config is
// whatever could be read and never nil; the error is nil or a *conf.Error with
// every problem found, in the order of reading. A file is read up to its first
// syntax error. Of the meaning of directives little is checked (see refused):
// nginx may refuse a configuration that Parse accepts, and knows modules that
// Parse does not.
func Parse(s conf.Source) (*Config, error) {
	p := &parser{files: load.NewKept(s), prefix: s.Prefix}
	c := &Config{Source: s, Top: &conf.Directive{IsBlock: true}}
	for _, root := range s.Roots {
		p.file(root, c.Top, nil)
	}
	if isMain(c.Top) {
		c.HTTP = c.Top.First("http")
		if all := c.Top.All("http"); len(all) > 1 {
			p.fail(all[1].Pos, conf.Syntax, `"http" directive is duplicate`)
		}
	} else {
		c.Fragment = true
		c.HTTP = wrap(c.Top)
	}
	c.HTTP.Walk(func(d *conf.Directive) bool {
		if (d.Name == "server" || d.Name == "location") && d.IsBlock && d.Pos.Line > 0 {
			p.problems = append(p.problems, sameLocations(d)...)
		}
		return d.Name == "http" || d.Name == "server" || d.Name == "location"
	})
	if len(p.problems) > 0 {
		return c, &conf.Error{Problems: p.problems}
	}
	return c, nil
}

// isMain says that directives are those of a main file, not of a fragment.
func isMain(top *conf.Directive) bool {
	return len(top.All(mainOnly...)) > 0
}

// mainOnly are directives that stand in a main file only.
var mainOnly = []string{"http", "events", "stream", "mail", "worker_processes", "daemon", "pid", "load_module"}

// Directives that say where a fragment belongs.
var (
	httpOnly = []string{
		"server", "upstream", "map", "geo", "split_clients", "log_format", "limit_req_zone", "limit_conn_zone",
		"proxy_cache_path", "fastcgi_cache_path", "uwsgi_cache_path", "scgi_cache_path",
		"server_names_hash_bucket_size", "server_names_hash_max_size", "map_hash_bucket_size", "map_hash_max_size",
		"variables_hash_bucket_size", "variables_hash_max_size", "lua_package_path", "lua_shared_dict",
		"init_by_lua_block", "init_worker_by_lua_block", "perl_modules",
	}
	serverOnly   = []string{"listen", "server_name", "location"}
	serverOrIn   = []string{"set", "if", "rewrite", "return", "break", "try_files"}
	locationOnly = []string{"alias", "internal", "limit_except", "proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass", "content_by_lua_block"}
)

// wrap puts a fragment into the blocks around it that nginx needs, each only
// where something in it asks for it.
func wrap(top *conf.Directive) *conf.Directive {
	http := &conf.Directive{Name: "http", IsBlock: true, Parent: top}
	hasServers := len(top.All(httpOnly...)) > 0
	inner := http // where directives go that may stand anywhere
	server := &conf.Directive{Name: "server", IsBlock: true, Parent: http}
	location := &conf.Directive{Name: "location", Args: []conf.Arg{{Raw: "/", Text: "/"}}, IsBlock: true, Parent: server}
	inServer := len(top.All(serverOnly...)) > 0
	inLocation := len(top.All(locationOnly...)) > 0
	rewrites := server // where rewriting directives go
	if inLocation && !inServer {
		rewrites = location
	}
	if inServer || inLocation || len(top.All(serverOrIn...)) > 0 {
		if !hasServers {
			inner = rewrites
		}
	}
	for _, d := range top.Block {
		into := inner
		switch {
		case slices.Contains(httpOnly, d.Name):
			into = http
		case slices.Contains(serverOnly, d.Name):
			into = server
		case slices.Contains(serverOrIn, d.Name):
			into = rewrites
		case slices.Contains(locationOnly, d.Name):
			into = location
		}
		d.Parent = into
		into.Block = append(into.Block, d)
	}
	if len(location.Block) > 0 {
		server.Block = append(server.Block, location)
	}
	if len(server.Block) > 0 {
		http.Block = append(http.Block, server)
	}
	return http
}
