package nginx

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
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
	return &rewriting{conf: c, o: o, router: NewRouter(c, RouterOptions{}), left: map[conf.Pos]bool{}, dirMark: "@PROXYDIAG-DIR@"}
}

// change notes what was dealt with.
func (w *rewriting) change(d *conf.Directive, format string, args ...any) {
	p := conf.Problem{Pos: d.Pos, Kind: conf.Doubtful, Message: fmt.Sprintf(format, args...)}
	if !slices.Contains(w.changes, p) {
		w.changes = append(w.changes, p)
	}
}

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
	p.raw(fmt.Sprintf("worker_processes 1;\npid %s/nginx.pid;\nerror_log %s/%s info;\nevents {}\n", w.dirMark, w.dirMark, logFile))
	for _, d := range w.conf.Top.Block {
		if d.Name == "load_module" {
			if d = w.module(d); d != nil {
				p.directive(d, 0)
			}
		}
	}
	p.raw("http {\n")
	for _, use := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		p.raw(fmt.Sprintf("    %s_temp_path %s/%s;\n", use, w.dirMark, use))
	}
	p.raw("    access_log off;\n")
	for _, d := range w.conf.HTTP.Block {
		for _, c := range w.rewrite(d) {
			p.directive(c, 1)
		}
	}
	p.raw("}\n")
	return p, w.failed
}

// module is load_module with the path of a module that is here.
func (w *rewriting) module(d *conf.Directive) *conf.Directive {
	for _, folder := range []string{"", compiledPrefix, "/usr/lib/nginx", "/etc/nginx"} {
		name := d.Arg(0)
		if !filepath.IsAbs(name) {
			name = filepath.Join(folder, name)
		}
		if _, err := os.Stat(name); err == nil && filepath.IsAbs(name) {
			return with(d, name)
		}
	}
	w.change(d, "the module %s is not on this machine: it is left out", d.Arg(0))
	return nil
}

// dropped are directives about the process, its logs and its scratch files,
// which the sandbox has of its own.
var dropped = map[string]bool{
	"include": true, "user": true, "pid": true, "daemon": true, "error_log": true, "access_log": true, "lock_file": true,
	"client_body_temp_path": true, "proxy_temp_path": true, "fastcgi_temp_path": true, "uwsgi_temp_path": true, "scgi_temp_path": true,
	"ssl_stapling": true, "ssl_stapling_verify": true, "ssl_stapling_file": true, "proxy_bind": true, "log_not_found": true,
	"limit_req": true, "limit_conn": true, "open_log_file_cache": true,
}

// rewrite is what stands for a directive in the copy.
func (w *rewriting) rewrite(d *conf.Directive) []*conf.Directive {
	switch {
	case w.left[d.Pos] || dropped[d.Name]:
		return nil
	case isLua(d.Name):
		w.change(d, "%s is code, and is left out", d.Name)
		return nil
	}
	switch d.Name {
	case "listen":
		return w.listen(d)
	case "root", "alias":
		return []*conf.Directive{with(d, w.path(d.Arg(0)))}
	case "if":
		return []*conf.Directive{w.filled(w.condition(d), d)}
	case "resolver":
		return []*conf.Directive{with(d, "127.0.0.1:1")}
	case "proxy_cache_path", "fastcgi_cache_path", "uwsgi_cache_path", "scgi_cache_path":
		return []*conf.Directive{with(d, append([]string{w.cache(d.Arg(0))}, slices.DeleteFunc(d.Texts(1), func(a string) bool { return strings.HasPrefix(a, "use_temp_path=") })...)...)}
	case "ssl_certificate", "ssl_certificate_key":
		return w.certificate(d)
	case "proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass":
		return []*conf.Directive{w.pass(d)}
	case "upstream":
		return []*conf.Directive{w.upstream(d)}
	case "server":
		if d.IsBlock && len(d.All("listen")) == 0 {
			c := w.filled(copyOf(d), d)
			c.Block = append(w.listenOn(d, listens(d)), c.Block...)
			return []*conf.Directive{c}
		}
	}
	return []*conf.Directive{w.filled(copyOf(d), d)}
}

// cache is the sandbox's folder for a cache. nginx makes one folder and not
// those above it.
func (w *rewriting) cache(path string) string {
	return w.dirMark + "/cache" + strings.ReplaceAll(path, "/", "-")
}

// filled is the copy of a directive with what stands for its block in it.
func (w *rewriting) filled(c, d *conf.Directive) *conf.Directive {
	for _, inner := range d.Block {
		c.Block = append(c.Block, w.rewrite(inner)...)
	}
	return c
}

// path is where a path of the configuration is in the sandbox. One that begins
// with a variable holds a whole path.
func (w *rewriting) path(path string) string {
	if w.o.Root == "" || path == "" || path[0] != '/' && path[0] != '$' {
		return path
	}
	return w.o.Root + path
}

// condition is an if with its path in the sandbox: if (-f /srv/closed).
func (w *rewriting) condition(d *conf.Directive) *conf.Directive {
	c := copyOf(d)
	c.Args = slices.Clone(d.Args)
	for i := 1; i < len(c.Args); i++ {
		test := strings.TrimPrefix(strings.TrimPrefix(c.Args[i-1].Text, "("), "!")
		if len(test) == 2 && test[0] == '-' && strings.HasPrefix(c.Args[i].Text, "/") {
			end := ""
			text := c.Args[i].Text
			if i == len(c.Args)-1 {
				text, end = strings.TrimSuffix(text, ")"), ")"
			}
			c.Args[i].Raw = quoted(w.path(text)) + end
		}
	}
	return c
}

// certificate is a certificate of the sandbox's own.
func (w *rewriting) certificate(d *conf.Directive) []*conf.Directive {
	cert, key, err := w.o.Certificate()
	if err != nil {
		w.failed = err
		return nil
	}
	if d.Name == "ssl_certificate" {
		return []*conf.Directive{with(d, cert)}
	}
	return []*conf.Directive{with(d, key)}
}
