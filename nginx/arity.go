package nginx

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// arity is how a directive is written.
type arity struct {
	least, most int // number of arguments
	block       bool
}

// many is no limit (NGX_CONF_MAX_ARGS is not reached by sane files).
const many = 1 << 20

// arities are the directives that decide a download, and those in which a
// forgotten semicolon or brace shows most often. All others are read without
// a look at their form: third-party modules define thousands.
// Source: the "Syntax" lines of https://nginx.org/en/docs/dirindex.html.
var arities = map[string]arity{
	"http": {0, 0, true}, "events": {0, 0, true}, "server": {0, 0, true}, "types": {0, 0, true},
	"location": {1, 2, true}, "if": {1, many, true}, "limit_except": {1, many, true},
	"upstream": {1, 1, true}, "map": {2, 2, true}, "geo": {1, 2, true}, "split_clients": {2, 2, true}, "charset_map": {2, 2, true},

	"root": {1, 1, false}, "alias": {1, 1, false}, "internal": {0, 0, false}, "include": {1, 1, false},
	"listen": {1, many, false}, "server_name": {1, many, false}, "try_files": {2, many, false},
	"index": {1, many, false}, "autoindex": {1, 1, false}, "error_page": {2, many, false},
	"rewrite": {2, 3, false}, "return": {1, 2, false}, "break": {0, 0, false}, "set": {2, 2, false},
	"allow": {1, 1, false}, "deny": {1, 1, false}, "satisfy": {1, 1, false},
	"auth_basic": {1, 1, false}, "auth_basic_user_file": {1, 1, false}, "auth_request": {1, 1, false},
	"proxy_pass": {1, 1, false}, "fastcgi_pass": {1, 1, false}, "uwsgi_pass": {1, 1, false},
	"scgi_pass": {1, 1, false}, "grpc_pass": {1, 1, false}, "memcached_pass": {1, 1, false},
	"proxy_set_header": {2, 2, false}, "proxy_hide_header": {1, 1, false}, "proxy_pass_header": {1, 1, false},
	"proxy_ignore_headers": {1, many, false}, "proxy_intercept_errors": {1, 1, false},
	"proxy_buffering": {1, 1, false}, "proxy_cache": {1, 1, false}, "proxy_cache_key": {1, 1, false},
	"proxy_http_version": {1, 1, false}, "proxy_redirect": {1, 2, false}, "proxy_read_timeout": {1, 1, false},
	"fastcgi_param": {2, 3, false}, "uwsgi_param": {2, 3, false}, "scgi_param": {2, 3, false},
	"add_header": {2, 3, false}, "expires": {1, 2, false}, "etag": {1, 1, false}, "max_ranges": {1, 1, false},
	"gzip": {1, 1, false}, "gzip_types": {1, many, false}, "sub_filter": {2, 2, false},
	"sendfile": {1, 1, false}, "open_file_cache": {1, 2, false}, "disable_symlinks": {1, 2, false},
	"default_type": {1, 1, false}, "merge_slashes": {1, 1, false}, "client_max_body_size": {1, 1, false},
	"resolver": {1, many, false}, "log_format": {2, many, false}, "error_log": {1, 2, false}, "keepalive_timeout": {1, 2, false},
	"ssl_certificate": {1, 1, false}, "ssl_certificate_key": {1, 1, false},
	"worker_processes": {1, 1, false}, "worker_connections": {1, 1, false}, "pid": {1, 1, false}, "user": {1, 2, false},
}

// entryBlock says that what stands in the block of a directive are no
// directives but entries, in which names mean nothing.
func entryBlock(d *conf.Directive) bool {
	if d == nil {
		return false
	}
	switch d.Name {
	case "types", "map", "geo", "split_clients", "charset_map":
		return true
	}
	return false
}

// misformed says what nginx finds wrong with the form of a directive.
func misformed(d *conf.Directive) *conf.Problem {
	message := ""
	if entryBlock(d.Parent) {
		switch {
		case d.IsBlock:
			message = `unexpected "{"`
		case d.Name == "include" && d.Parent.Name == "types" && len(d.Args) != 1:
			message = `invalid number of arguments in "include" directive`
		}
	} else if d.Name == "server" && d.Parent != nil && d.Parent.Name == "upstream" {
		if d.IsBlock {
			message = `directive "server" is not terminated by ";"`
		}
	} else if a, ok := arities[d.Name]; ok {
		switch n := len(d.Args); {
		case a.block && !d.IsBlock:
			message = fmt.Sprintf(`directive "%s" has no opening "{"`, d.Name)
		case !a.block && d.IsBlock:
			message = fmt.Sprintf(`directive "%s" is not terminated by ";"`, d.Name)
		case n < a.least || n > a.most:
			message = fmt.Sprintf(`invalid number of arguments in "%s" directive`, d.Name)
			if word := swallowed(d, a); word != nil {
				message += fmt.Sprintf(`: a ";" may be missing before "%s" in line %d`, word.Raw, word.Pos.Line)
			}
		}
	}
	if message == "" {
		return nil
	}
	return &conf.Problem{Pos: d.Pos, Kind: conf.Syntax, Message: message}
}

// swallowed returns the word with which the next directive seems to begin,
// where the ";" between the two was forgotten: the first word of another line.
func swallowed(d *conf.Directive, a arity) *conf.Arg {
	if len(d.Args) <= a.most {
		return nil
	}
	line := d.Pos.Line
	for i, w := range d.Args {
		if w.Pos.Line > line && i >= a.least {
			return &d.Args[i]
		}
		line = w.Pos.Line + strings.Count(w.Raw, "\n")
	}
	return nil
}
