package lighttpd

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// rewriting makes a copy of a configuration that runs in a sandbox: one file,
// with the values that variables, includes and += come to, that listens on
// loopback, asks stand-ins, and has its paths in the sandbox.
type rewriting struct {
	conf   *Config
	router *Router
	o      server.SandboxOptions

	dir         string // of the process, made anew for each start
	user, group string
	sockets     []socket
	left        map[string]bool // modules that this machine has not
	changes     []conf.Problem
	back        map[string]string // what the sandbox says, and what the user wrote
	out         copied
	failed      error
}

func newRewriting(c *Config, o server.SandboxOptions) *rewriting {
	return &rewriting{conf: c, o: o, router: NewRouter(c, RouterOptions{}), left: map[string]bool{}, back: map[string]string{}}
}

// change notes what was dealt with.
func (w *rewriting) change(d *conf.Directive, format string, args ...any) {
	p := conf.Problem{Kind: conf.Doubtful, Message: fmt.Sprintf(format, args...)}
	if d != nil {
		p.Pos = d.Pos
	}
	if !slices.Contains(w.changes, p) {
		w.changes = append(w.changes, p)
	}
}

func (w *rewriting) fail(err error) {
	if w.failed == nil {
		w.failed = err
	}
}

// original puts what lighttpd says into the user's words.
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

// print writes the copy for a folder.
func (w *rewriting) print(dir string) (*copied, error) {
	w.dir, w.out, w.failed = dir, copied{}, nil
	w.around()
	w.block(w.conf.Top, 0)
	w.secured()
	return &w.out, w.failed
}

// around is what stands around the configuration: what is the process's own,
// and for a part of a configuration what Debian's main file has.
func (w *rewriting) around() {
	set := func(name string, v *Value) { w.out.line(nil, 0, name+" = "+v.print()) }
	main := w.sockets[0]
	host, port, _ := net.SplitHostPort(main.addr)
	set("server.bind", text(host))
	w.out.line(nil, 0, "server.port = "+port)
	set("server.errorlog", text(filepath.Join(w.dir, logFile)))
	set("server.pid-file", text(filepath.Join(w.dir, "lighttpd.pid")))
	set("server.upload-dirs", list(text(w.dir)))
	if w.user != "" {
		set("server.username", text(w.user))
		set("server.groupname", text(w.group))
	}
	if modules := w.modules(); len(modules) > 0 {
		set("server.modules", list(modules...))
	}
	global := w.conf.Blocks[0]
	if global.Get("server.stat-cache-engine") == nil {
		set("server.stat-cache-engine", text("disable")) // the default remembers sizes for a second, which each pair would wait for
	}
	if root := global.Get("server.document-root"); root.Dir == nil {
		set(root.Name, text(w.folder(root.Value.Str())))
	}
	if !w.conf.Fragment {
		return
	}
	for _, line := range []struct{ name, value string }{
		{"server.http-parseopts", `( "url-normalize-unreserved" => "enable", "url-normalize-required" => "enable", "url-ctrls-reject" => "enable", "url-path-2f-decode" => "enable", "url-path-dotseg-remove" => "enable" )`},
		{"index-file.names", `( "index.html" )`},
		{"mimetype.assign", `( ".html" => "text/html", ".txt" => "text/plain", ".pdf" => "application/pdf" )`},
	} {
		if global.Get(line.name) == nil {
			w.out.line(nil, 0, line.name+" = "+line.value)
		}
	}
}

// block writes what stands in a block: settings with what they come to, where
// the last assignment stands, and the blocks in it.
func (w *rewriting) block(d *conf.Directive, depth int) {
	b := w.conf.within[d]
	for _, c := range d.Block {
		switch {
		case c.Name == "global":
			w.block(c, depth)
		case c.IsBlock:
			w.condition(c, depth)
		case c.Name == "include" || c.Name == "include_shell":
		default:
			if s := b.Get(variableName(c.Name)); s != nil && s.Dir == c {
				w.setting(b, s, depth)
			}
		}
	}
}

// condition writes a block with its condition.
func (w *rewriting) condition(d *conf.Directive, depth int) {
	b := w.conf.within[d]
	if b == nil {
		return
	}
	head, c := "", b.Cond
	if d.Name == "else" {
		head = "else "
	}
	if c.Op != opElse {
		op, value := d.Args[len(d.Args)-2].Text, d.Args[len(d.Args)-1].Text
		if c.Unknown != "" && value == "" {
			w.refuse(d, c.Unknown)
			return
		}
		if c.Object == "SERVER" {
			value = w.socketIn(c, op, value)
		}
		head += fmt.Sprintf("$%s[%s] %s %s ", c.Object, quoted(c.Tag), op, quoted(value))
	}
	w.out.line(d, depth, head+"{")
	w.block(d, depth+1)
	w.out.line(d, depth, "}")
}

// refuse gives up where a value is needed that is not known.
func (w *rewriting) refuse(d *conf.Directive, why string) {
	w.fail(&conf.Error{Problems: []conf.Problem{{Pos: d.Pos, Kind: conf.Unreadable, Message: why + ": write its value here, to try the configuration"}}})
}

// setting writes a setting as it is in the sandbox.
func (w *rewriting) setting(b *Block, s *Setting, depth int) {
	value := w.value(b, s)
	if value == nil {
		return
	}
	if why := value.unknown(); why != "" {
		w.refuse(s.Dir, why)
		return
	}
	w.out.line(s.Dir, depth, s.Name+" = "+value.print())
}

// folder is where a folder of the configuration is in the sandbox; it is made
// there, for lighttpd does not start without.
func (w *rewriting) folder(name string) string {
	in := w.path(name)
	if w.o.Root != "" {
		if err := os.MkdirAll(in, 0o755); err != nil {
			w.fail(err)
		}
		return in
	}
	if info, err := os.Stat(in); err == nil && info.IsDir() {
		return in
	}
	own := filepath.Join(w.dir, "pages")
	if err := os.MkdirAll(own, 0o755); err != nil {
		w.fail(err)
	}
	return own
}

// path is where a path of the configuration is in the sandbox.
func (w *rewriting) path(name string) string {
	if w.o.Root == "" || !filepath.IsAbs(name) {
		return name
	}
	return proc.Below(w.o.Root, name)
}
