package caddy

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// rewriting makes a copy of a configuration that runs in a sandbox. A Caddyfile
// is written anew as one file, with its imports carried out and without what
// the sandbox has of its own, and adapted by Caddy itself; what comes out, or the
// user's own JSON, is then changed where it listens, asks, and opens files.
type rewriting struct {
	conf   *Config
	o      server.SandboxOptions
	folder string // what relative paths are relative to
	user   string

	sockets []socket
	left    map[conf.Pos]bool // what Caddy does not know here and is left out
	changes []conf.Problem
	back    map[string]string // what the sandbox says, and what the user wrote
	failed  error
}

// socket is an address of the configuration and the one that stands for it.
type socket struct {
	listen string
	tls    bool
	addr   string
}

func newRewriting(s conf.Source, o server.SandboxOptions) *rewriting {
	whole, told := fill(s)
	c, _ := Parse(whole)
	return &rewriting{conf: c, o: o, folder: workingFolder(s), left: map[conf.Pos]bool{}, changes: told, back: map[string]string{}}
}

// change notes what was dealt with.
func (w *rewriting) change(at conf.Pos, format string, args ...any) {
	p := conf.Problem{Pos: at, Kind: conf.Doubtful, Message: fmt.Sprintf(format, args...)}
	if !slices.Contains(w.changes, p) {
		w.changes = append(w.changes, p)
	}
}

func (w *rewriting) fail(err error) {
	if w.failed == nil {
		w.failed = err
	}
}

// path is where a path of the configuration is in the sandbox. One that begins
// with a placeholder holds a whole path.
func (w *rewriting) path(name string) string {
	if name == "" {
		return name
	}
	if !path.IsAbs(name) && !strings.HasPrefix(name, "{") {
		name = path.Join(w.folder, name)
	}
	return proc.Below(w.o.Root, name)
}

// ownOptions are global options that are about the process, its certificates
// and its logs, which the sandbox has of its own.
var ownOptions = []string{
	"admin", "persist_config", "debug", "log", "email", "acme_ca", "acme_ca_root", "acme_dns", "acme_eab", "cert_issuer", "on_demand_tls",
	"local_certs", "skip_install_trust", "preferred_chains", "key_type", "ocsp_stapling", "ocsp_interval", "renew_interval", "cert_lifetime",
	"storage", "storage_clean_interval", "storage_check", "grace_period", "shutdown_delay", "default_sni", "fallback_sni", "metrics", "dns", "ech",
}

// ownDirectives are the like in sites.
var ownDirectives = []string{"log", "log_skip", "skip_log", "log_append", "log_name"}

// print writes the Caddyfile.
func (w *rewriting) print() *copied {
	out := &copied{}
	for _, d := range w.conf.Top.Block {
		switch {
		case !d.IsBlock || strings.HasPrefix(d.Name, "("):
			// imports, which are carried out, and snippets, which stand where they are used
		case d.Name == "":
			w.options(out, d)
		default:
			w.site(out, d)
		}
	}
	return out
}

func (w *rewriting) options(out *copied, d *conf.Directive) {
	out.open(d, 0, "")
	for _, c := range d.Block {
		switch {
		case w.left[c.Pos] || slices.Contains(ownOptions, c.Name) || c.Name == "import":
		case c.Name == "servers":
			w.serverOptions(out, c)
		default:
			w.directive(out, c, 1)
		}
	}
	out.close(d, 0)
}

// serverOptions are those of servers but for what is about their sockets.
func (w *rewriting) serverOptions(out *copied, d *conf.Directive) {
	out.open(d, 1, words(append([]string{d.Name}, d.Texts(0)...), " "))
	for _, c := range d.Block {
		if !slices.Contains([]string{"listener_wrappers", "metrics", "protocols", "protocol"}, c.Name) {
			w.directive(out, c, 2)
		}
	}
	out.close(d, 1)
}

func (w *rewriting) site(out *copied, d *conf.Directive) {
	head := words(append([]string{d.Name}, d.Texts(0)...), ", ")
	out.open(d, 0, head)
	for _, c := range d.Block {
		w.directive(out, c, 1)
	}
	out.close(d, 0)
}

// directive writes a directive with what is in it.
func (w *rewriting) directive(out *copied, d *conf.Directive, depth int) {
	switch {
	case w.left[d.Pos] || d.Name == "import":
		return
	case depth == 1 && slices.Contains(ownDirectives, d.Name):
		return
	case depth == 1 && d.Name == "tls" && d.Parent != nil && d.Parent.Name != "":
		w.tls(out, d)
		return
	case d.Name == "tls_trusted_ca_certs" || d.Name == "tls_client_auth" || d.Name == "tls_insecure_skip_verify" || d.Name == "tls_trust_pool":
		return // of a transport: its stand-in is plain
	}
	line := words(append([]string{d.Name}, d.Texts(0)...), " ")
	if !d.IsBlock {
		out.line(d, depth, line)
		return
	}
	out.open(d, depth, line)
	for _, c := range d.Block {
		w.directive(out, c, depth+1)
	}
	out.close(d, depth)
}

// tls keeps TLS on with a certificate of the sandbox's own.
func (w *rewriting) tls(out *copied, d *conf.Directive) {
	for _, c := range d.Block {
		if c.Name == "client_auth" {
			w.change(c.Pos, "clients need no certificate here: client_auth is left out")
		}
	}
	if len(d.Args) == 1 && !d.IsBlock && d.Arg(0) != "internal" && !strings.Contains(d.Arg(0), "@") {
		out.line(d, 1, words([]string{"tls", d.Arg(0)}, " ")) // Caddy says what is wrong with it
		return
	}
	cert, key, err := w.o.Certificate()
	if err != nil {
		w.fail(err)
		return
	}
	out.line(d, 1, words([]string{"tls", cert, key}, " "))
}
