package caddy

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// listens are the sandbox's addresses, by those of the configuration.
func (w *rewriting) listens() map[string]string {
	list := map[string]string{}
	for _, s := range w.sockets {
		list[s.listen] = s.addr
	}
	return list
}

// original puts what Caddy says into the user's words.
func (w *rewriting) original(text string) string {
	var pairs []string
	longest := slices.SortedFunc(maps.Keys(w.back), func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, from := range longest { // one may begin with another
		pairs = append(pairs, from, w.back[from])
	}
	if w.o.Root != "" {
		pairs = append(pairs, w.o.Root, "")
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// attempts is how often Caddy is asked: with other addresses, or without what it
// does not know here.
const attempts = 20

// Start implements server.Sandboxer.
func (trials) Start(ctx context.Context, source conf.Source, o server.SandboxOptions) (*server.Sandbox, error) {
	program, err := proc.Program(o.Binary, program)
	if err != nil {
		return nil, err
	}
	w := newRewriting(source, o)
	w.without(source)
	w.user, _ = proc.WorkerUser("caddy", "www-data", "nobody")
	if err := w.scripts(offersOf(source).scripts); err != nil {
		return nil, err
	}
	config, err := w.adapted(ctx, program)
	if err != nil {
		return nil, err
	}
	for range attempts {
		var p *proc.Process
		if p, err = w.start(ctx, program, config); err == nil {
			return &server.Sandbox{Process: p, Listens: w.listens(), Changes: w.changes, Original: w.original}, nil
		}
		if !strings.Contains(err.Error(), taken) {
			break
		}
	}
	return nil, w.refusal(ctx, program, err, nil)
}

// without tells what could not be read, and is left out.
func (w *rewriting) without(source conf.Source) {
	_, problems := Parse(source)
	var e *conf.Error
	if !errors.As(problems, &e) {
		return
	}
	for _, p := range e.Problems {
		if p.Kind == conf.Missing || p.Kind == conf.Unreadable {
			w.changes = append(w.changes, conf.Problem{Pos: p.Pos, Kind: conf.Doubtful, Message: p.Message + ": it is left out"})
		}
	}
}

// scripts makes the files that the configuration wants to see.
func (w *rewriting) scripts(names []string) error {
	if w.o.Root == "" {
		return nil // nothing is put beside the user's own files
	}
	for _, name := range names {
		if !path.IsAbs(name) {
			name = path.Join(w.folder, name)
		}
		if err := proc.Put(w.o.Root, name, ""); err != nil {
			return err
		}
	}
	return nil
}

// adapted is the configuration in JSON: the user's own, or what Caddy makes of
// the Caddyfile. What it has no module for is left out.
func (w *rewriting) adapted(ctx context.Context, program string) ([]byte, error) {
	if f, ok := w.conf.Source.File(w.conf.Source.Roots[0]); ok && isJSON(f.Text) {
		return []byte(f.Text), nil
	}
	file := filepath.Join(w.o.Dir, mainFile)
	for {
		text := w.print()
		if w.failed != nil {
			return nil, w.failed
		}
		if err := os.WriteFile(file, []byte(text.text.String()), 0o600); err != nil {
			return nil, err
		}
		out, err := w.ask(ctx, program, "adapt", "--config", file, "--adapter", adapterName)
		if err == nil {
			return out, nil
		}
		if !w.mend(err, text) {
			return nil, w.refusal(ctx, program, err, text)
		}
	}
}

// ask runs Caddy for an answer. Nothing of the user's own is touched: its home
// is the sandbox.
func (w *rewriting) ask(ctx context.Context, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), w.home(w.o.Dir)...)
	cmd.Dir = w.o.Dir
	var out, failure bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failure
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("caddy %s: %w\n%s", args[0], err, failure.String())
	}
	return out.Bytes(), nil
}

// home are the variables of the environment by which Caddy finds its own files.
func (w *rewriting) home(dir string) []string {
	return []string{"HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "XDG_DATA_HOME=" + dir}
}

// start starts Caddy with a configuration in JSON.
func (w *rewriting) start(ctx context.Context, program string, config []byte) (*proc.Process, error) {
	if err := w.listen(); err != nil {
		return nil, err
	}
	dir, err := proc.ScratchIn(w.o.Dir, "caddy", w.user)
	if err != nil {
		return nil, err
	}
	text, err := w.sandboxed(config, dir)
	file := filepath.Join(dir, "caddy.json")
	if err == nil {
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	p, err := proc.Start(ctx, proc.Options{
		Name: "Caddy", Path: program, Args: []string{"run", "--config", file, "--pidfile", filepath.Join(dir, pidFile)},
		Env: w.home(dir), Dir: dir, User: w.user, ErrorLog: filepath.Join(dir, logFile), Addr: w.sockets[0].addr, Grace: grace,
	})
	if err != nil {
		return nil, err
	}
	waitFor(ctx, filepath.Join(dir, pidFile))
	return p, nil
}

// listen finds an address of the sandbox for each of the configuration's.
func (w *rewriting) listen() error {
	w.sockets = nil
	for _, s := range w.conf.Servers {
		for _, l := range s.Listen {
			host, port := splitListen(l)
			n, _ := strconv.Atoi(port)
			addr, err := proc.FreeAddrFor(n, w.user)
			if err != nil {
				return err
			}
			w.sockets = append(w.sockets, socket{l, s.TLS, addr})
			if host == "" {
				host = "127.0.0.1"
			}
			w.back[addr] = host + ":" + port
		}
	}
	if len(w.sockets) == 0 {
		return errors.New("the configuration listens nowhere, so that nothing can be asked")
	}
	return nil
}

// place is where Caddy names a line of its Caddyfile.
var place = regexp.MustCompile(`\S*` + mainFile + `:(\d+)(?: - Error during parsing)?: `)

// notKnown is what Caddy says of what it has no module for.
var notKnown = regexp.MustCompile(`unrecognized (?:directive|global option|servers option)s?:? '?([\w.]+)'?|module not registered: ([\w.]+)`)

// mend leaves out what is of a module that builds of Caddy may have and this one
// has not. false where that is not the matter.
func (w *rewriting) mend(err error, text *copied) bool {
	d := blamed(err, text)
	m := notKnown.FindStringSubmatch(err.Error())
	if d == nil || m == nil || w.left[d.Pos] {
		return false
	}
	if !slices.Contains(pluginWords, m[1]) && !slices.ContainsFunc(pluginModules, func(p string) bool { return strings.HasPrefix(m[2], p) }) {
		return false // misspelt, or one that nobody but the user has
	}
	w.left[d.Pos] = true
	w.change(d.Pos, "this Caddy has no module for %s: it is left out", cmp.Or(m[1], m[2]))
	return true
}

// blamed is the directive that Caddy's message is about, the innermost one that
// it names.
func blamed(err error, text *copied) *conf.Directive {
	list := place.FindAllStringSubmatch(err.Error(), -1)
	if len(list) == 0 || text == nil {
		return nil
	}
	n, _ := strconv.Atoi(list[len(list)-1][1])
	return text.from(n)
}

// pluginWords are directives and global options of well-known modules that are
// not in Caddy's own builds.
var pluginWords = []string{
	"appsec", "authenticate", "authorize", "brotli", "cache", "cgi", "coraza_waf", "crowdsec", "dynamic_dns", "exec", "filter", "forward_proxy",
	"frankenphp", "geoip", "git", "grpc_web", "http_cache", "jwtauth", "layer4", "maxmind_geolocation", "mercure", "mirror", "php", "php_server",
	"rate_limit", "ratelimit", "realip", "replace", "s3proxy", "security", "souin", "supervisor", "tailscale", "teapot", "tracing", "transform_encoder",
	"trace", "umami", "vulcain", "webdav", "wasm",
}

// pluginModules begin the names of modules that are not in Caddy's own builds.
var pluginModules = []string{
	"dns.providers.", "caddy.storage.", "caddy.listeners.", "caddy.logging.", "tls.", "http.encoders.br", "http.ip_sources.", "http.authentication.providers.",
	"http.reverse_proxy.upstreams.", "http.matchers.maxmind", "http.matchers.geoip",
}

// refusal is Caddy's own message with the place in the user's files.
func (w *rewriting) refusal(ctx context.Context, program string, err error, text *copied) error {
	_, message, ok := strings.Cut(err.Error(), "Error: ")
	if !ok {
		return err
	}
	message, _, _ = strings.Cut(message, "\n")
	p := conf.Problem{Kind: conf.Syntax, Pos: conf.Pos{File: w.conf.Source.Roots[0]}}
	if d := blamed(err, text); d != nil {
		p.Pos = d.Pos
	}
	version := ""
	if out, err := w.ask(ctx, program, "version"); err == nil {
		version, _, _ = strings.Cut(strings.TrimSpace(string(out)), " ")
	}
	p.Message = fmt.Sprintf("Caddy %s refuses the configuration: %s", version, w.original(place.ReplaceAllString(message, "")))
	switch {
	case w.conf.ofFirst():
		p.Message += "; this is written for Caddy 1, whose configuration Caddy 2 does not read"
	case strings.Contains(message, "unrecognized") || w.conf.Later:
		p.Message += "; if another version of Caddy or one with more modules runs it, try it where that one is installed"
	}
	return &conf.Error{Problems: []conf.Problem{p}}
}

// ofFirst says that a Caddyfile is one for Caddy 1: it has directives that only
// that one had.
func (c *Config) ofFirst() bool {
	first := false
	c.Top.Walk(func(d *conf.Directive) bool {
		if slices.Contains([]string{"proxy", "fastcgi", "gzip", "internal", "errors", "startup", "shutdown", "ext", "websocket"}, d.Name) &&
			d.Parent != nil && d.Parent.Parent == c.Top {
			first = true
		}
		return !first
	})
	return first
}
