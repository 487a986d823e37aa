package nginx

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// rewriting makes a copy of a configuration that runs in a sandbox: it listens
// on loopback, asks stand-ins, and has its paths in the sandbox.
type rewriting struct {
	conf    *Config
	router  *Router
	o       server.SandboxOptions
	dirMark string // stands for the folder of the process, which is made anew for each start
	sockets []socket
	left    map[conf.Pos]bool // what nginx refuses here and is left out
	unknown map[string]bool   // names of directives that this nginx does not know
	empty   map[string]bool   // variables that are not defined here
	defined []string          // directives for the http block that nobody wrote
	maps    int               // how many of them are maps of ours
	urls    map[string]bool   // variables that proxy_pass takes whole URLs from, nil before they are looked for
	madeUp  map[*conf.Directive]server.App
	changes []conf.Problem
	back    []string // pairs for a replacer: what the sandbox says, what the user wrote
	failed  error
}

// socket is an address of the configuration and the one that stands for it.
type socket struct {
	key      string
	addr     string
	listener *net.TCPListener
}

func newRewriting(c *Config, o server.SandboxOptions) *rewriting {
	return &rewriting{
		conf: c, o: o, router: NewRouter(c, RouterOptions{}), dirMark: "@PROXYDIAG-DIR@",
		left: map[conf.Pos]bool{}, unknown: map[string]bool{}, empty: map[string]bool{}, madeUp: map[*conf.Directive]server.App{},
	}
}

// close lets the listening sockets go.
func (w *rewriting) close() {
	for _, s := range w.sockets {
		_ = s.listener.Close()
	}
}

// change notes what was dealt with.
func (w *rewriting) change(d *conf.Directive, format string, args ...any) {
	p := conf.Problem{Pos: d.Pos, Kind: conf.Doubtful, Message: fmt.Sprintf(format, args...)}
	if !slices.Contains(w.changes, p) {
		w.changes = append(w.changes, p)
	}
}

// fail notes why the copy cannot be made.
func (w *rewriting) fail(err error) { w.failed = errors.Join(w.failed, err) }

// replacer puts what nginx says into the user's words.
func (w *rewriting) replacer() *strings.Replacer {
	pairs := slices.Clone(w.back)
	if w.o.Root != "" {
		pairs = append(pairs, w.o.Root, "")
	}
	return strings.NewReplacer(pairs...)
}

// print writes the copy.
func (w *rewriting) print() (*printed, error) {
	p := &printed{}
	if user, group := proc.WorkerUser("www-data", "nginx", "nobody"); user != "" {
		p.raw(fmt.Sprintf("user %s %s;\n", user, group))
	}
	p.raw(fmt.Sprintf("pid %s/nginx.pid;\nerror_log %s/%s info;\n", w.dirMark, w.dirMark, logFile))
	for _, d := range w.outside() {
		p.directive(d, 0)
	}
	w.defined, w.maps = nil, 0
	block := w.filled(copyOf(w.conf.HTTP), w.conf.HTTP)
	p.raw("http {\n")
	for _, use := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		p.raw(fmt.Sprintf("    %s_temp_path %s/%s;\n", use, w.dirMark, use))
	}
	p.raw("    access_log off;\n    map_hash_bucket_size 512;\n    server_names_hash_bucket_size 512;\n    variables_hash_bucket_size 512;\n    proxy_headers_hash_bucket_size 512;\n")
	for _, line := range slices.Concat(w.around(), w.variables(), w.defined) {
		p.raw("    " + line + "\n")
	}
	for _, d := range slices.Concat(block.Block, w.ciphers()) {
		p.directive(d, 1)
	}
	p.raw("}\n")
	return p, w.failed
}

// dropped are directives about the process, its logs, its scratch files and
// its TLS, which the sandbox has of its own; those that write files; and limits,
// which many requests at once would run into.
var dropped = map[string]bool{
	"include": true, "user": true, "pid": true, "daemon": true, "error_log": true, "lock_file": true,
	"client_body_temp_path": true, "proxy_temp_path": true, "fastcgi_temp_path": true, "uwsgi_temp_path": true, "scgi_temp_path": true,
	"client_body_in_file_only": true, "proxy_store": true, "fastcgi_store": true, "uwsgi_store": true, "scgi_store": true,
	"proxy_store_access": true, "fastcgi_store_access": true, "uwsgi_store_access": true, "scgi_store_access": true,
	"dav_methods": true, "dav_access": true, "create_full_put_path": true, "min_delete_depth": true,
	"ssl_stapling": true, "ssl_stapling_verify": true, "ssl_stapling_file": true, "ssl_stapling_responder": true,
	"ssl_ciphers": true, "ssl_ecdh_curve": true, "ssl_dhparam": true, "ssl_conf_command": true, "ssl_early_data": true, "ssl_engine": true,
	"ssl_password_file": true, "ssl_session_ticket_key": true, "ssl_crl": true,
	"proxy_bind": true, "fastcgi_bind": true, "uwsgi_bind": true, "scgi_bind": true, "grpc_bind": true, "memcached_bind": true,
	"log_not_found": true, "open_log_file_cache": true, "aio": true, "thread_pool": true,
	"map_hash_bucket_size": true, "server_names_hash_bucket_size": true, "variables_hash_bucket_size": true, "proxy_headers_hash_bucket_size": true,
}

// rewrite is what stands for a directive in the copy.
func (w *rewriting) rewrite(d *conf.Directive) []*conf.Directive {
	switch {
	case d.Parent != nil && isTable(d.Parent):
		if d.Parent.Name == "map" && len(d.Args) == 1 && w.holdsURL(strings.TrimPrefix(d.Parent.Arg(1), "$")) {
			return []*conf.Directive{w.assignment(d)}
		}
		if d.Name == "include" {
			return nil
		}
		return []*conf.Directive{copyOf(d)}
	case w.left[d.Pos] || dropped[d.Name] && !misspeltSwitch(d):
		return nil
	case isCode(d.Name):
		w.change(d, "%s is code, and is left out", d.Name)
		return nil
	case w.unknown[d.Name]:
		w.change(d, noModule, d.Name)
		return nil
	case aboutTLSOut(d.Name): // what is asked is asked without TLS
		return nil
	}
	switch d.Name {
	case "listen":
		return w.listen(d)
	case "access_log":
		return w.accessLog(d)
	case "limit_req", "limit_conn":
		return w.limit(d)
	case "root", "alias":
		return []*conf.Directive{with(d, w.path(d.Arg(0)))}
	case "if":
		return []*conf.Directive{w.filled(w.condition(d), d)}
	case "resolver":
		return []*conf.Directive{with(d, "127.0.0.1:1")}
	case "proxy_cache_path", "fastcgi_cache_path", "uwsgi_cache_path", "scgi_cache_path":
		return []*conf.Directive{with(d, append([]string{w.cache(d.Arg(0))}, slices.DeleteFunc(d.Texts(1), func(a string) bool { return strings.HasPrefix(a, "use_temp_path=") })...)...)}
	case "ssl_certificate", "ssl_certificate_key", "ssl_client_certificate", "ssl_trusted_certificate":
		return w.certificate(d)
	case "auth_basic_user_file":
		return []*conf.Directive{w.passwords(d)}
	case "proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass":
		return []*conf.Directive{w.pass(d)}
	case "set":
		if w.holdsURL(strings.TrimPrefix(d.Arg(0), "$")) {
			return []*conf.Directive{w.assignment(d)}
		}
	case "upstream":
		return []*conf.Directive{w.upstream(d)}
	case "server":
		if d.IsBlock {
			return []*conf.Directive{w.server(d)}
		}
	}
	return []*conf.Directive{w.filled(copyOf(d), d)}
}

// isTable says that what stands in a block are no directives.
func isTable(d *conf.Directive) bool {
	switch d.Name {
	case "map", "geo", "types", "split_clients", "charset_map":
		return true
	}
	return false
}

// server is a server block.
func (w *rewriting) server(d *conf.Directive) *conf.Directive {
	c := w.filled(copyOf(d), d)
	c.Block = append(c.Block, w.agreeing(d)...)
	if len(d.All("listen")) == 0 {
		c.Block = append(w.listenOn(d, listens(d)), c.Block...)
	}
	if app, ok := w.madeUp[d]; ok {
		at, err := w.standIn(app)
		if err != nil {
			w.fail(err)
		}
		pass := with(d, "http://"+at)
		pass.Name, pass.IsBlock = "proxy_pass", false
		location := with(d, "^~", madeUpPath)
		location.Name, location.Block = "location", []*conf.Directive{pass}
		c.Block = append(c.Block, location)
	}
	return c
}

// agreeing are locations for what a server block asks beside a request where that
// has no location of its own: the application's, which is not there, would refuse.
func (w *rewriting) agreeing(block *conf.Directive) []*conf.Directive {
	var list []*conf.Directive
	var uris []string
	for _, d := range w.router.requestedBeside(block) {
		uri, _, _ := strings.Cut(d.Arg(0), "?")
		taken := slices.ContainsFunc(locations(block), func(l *conf.Directive) bool {
			kind, name := LocationName(l)
			return kind == LocationExact && name == uri || l.First("proxy_pass") != nil && w.router.aside(l.First("proxy_pass")) && strings.HasPrefix(uri, name)
		})
		if taken || slices.Contains(uris, uri) {
			continue
		}
		uris = append(uris, uri)
		at, err := w.standIn(server.App{Protocol: "http", Address: "beside", Aside: true})
		if err != nil {
			w.fail(err)
		}
		pass := with(d, "http://"+at)
		pass.Name = "proxy_pass"
		location := with(d, "=", uri)
		location.Name, location.IsBlock, location.Block = "location", true, []*conf.Directive{pass}
		list = append(list, location)
	}
	return list
}

// filled is the copy of a directive with what stands for its block in it.
func (w *rewriting) filled(c, d *conf.Directive) *conf.Directive {
	for _, inner := range d.Block {
		c.Block = append(c.Block, w.rewrite(inner)...)
	}
	return c
}

// supply makes what the configuration has elsewhere: applications that another
// file names, the scripts that it looks for before it asks for them, and the
// pages that it falls back to.
func (w *rewriting) supply() {
	o := newOffering(w.conf)
	o.offers()
	o.stated(w.o.Stated)
	w.madeUp = o.madeUp
	if w.o.Root == "" {
		return
	}
	for _, file := range slices.Concat(slices.Sorted(maps.Keys(o.scripts)), o.named()) {
		text := "<p>a page of the sandbox</p>\n"
		if o.scripts[file] {
			text = ""
		}
		if err := proc.Put(w.o.Root, file, text); err != nil {
			w.fail(fmt.Errorf("the sandbox's file: %w", err))
		}
	}
}
