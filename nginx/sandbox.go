package nginx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// box is a configuration that runs in a sandbox.
type box struct {
	server.Process
	listens  map[string]string
	changes  []conf.Problem
	original *strings.Replacer
}

// Listens implements server.Sandbox.
func (b *box) Listens() map[string]string { return b.listens }

// Changes implements server.Sandbox.
func (b *box) Changes() []conf.Problem { return b.changes }

// Original implements server.Sandbox.
func (b *box) Original(text string) string { return b.original.Replace(text) }

// Start implements server.Sandboxer. The listening sockets are made here and
// inherited, as for Launch. What nginx refuses for a reason that has to do with
// this machine is dealt with, and it is started again.
func (trials) Start(ctx context.Context, source conf.Source, o server.SandboxOptions) (server.Sandbox, error) {
	path, err := proc.Program(o.Binary, program)
	if err != nil {
		return nil, err
	}
	c, err := Parse(source)
	if err != nil {
		return nil, err
	}
	w := newRewriting(c, o)
	for {
		text, err := w.print()
		if err != nil {
			return nil, err
		}
		b, err := w.start(ctx, path, text)
		if err == nil {
			return b, nil
		}
		if again := w.mend(err, text); !again {
			return nil, w.refusal(err, text)
		}
	}
}

// start starts nginx with a configuration.
func (w *rewriting) start(ctx context.Context, program string, text *printed) (*box, error) {
	dir, err := os.MkdirTemp(w.o.Dir, "nginx")
	if err == nil {
		err = os.Chmod(dir, 0o711)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot make a folder for nginx: %w", err)
	}
	conffile := filepath.Join(dir, mainFile)
	around := strings.ReplaceAll(text.text.String(), w.dirMark, dir)
	if err := os.WriteFile(conffile, []byte(around), 0o644); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	var listeners []*net.TCPListener
	env := "NGINX="
	listens := map[string]string{}
	for i, l := range w.sockets {
		copied, err := l.listener.File()
		if err != nil {
			return nil, err
		}
		again, err := net.FileListener(copied)
		_ = copied.Close()
		if err != nil {
			return nil, err
		}
		listeners = append(listeners, again.(*net.TCPListener))
		env += strconv.Itoa(3+i) + ";"
		listens[l.key] = l.addr
	}
	p, err := proc.Start(ctx, proc.Options{
		Name: "nginx", Path: program, Args: []string{"-p", filepath.Join(w.o.Root, compiledPrefix), "-c", conffile},
		Env: []string{env}, Dir: dir, ErrorLog: filepath.Join(dir, logFile), Addr: w.sockets[0].addr, Listeners: listeners,
	})
	if err != nil {
		return nil, err
	}
	for _, l := range w.sockets {
		_ = l.listener.Close()
	}
	return &box{Process: p, listens: listens, changes: w.changes, original: w.replacer()}, nil
}

// compiledPrefix is the folder that nginx's relative paths are relative to,
// as Debian builds it.
const compiledPrefix = "/usr/share/nginx"

// emerg matches what nginx says of a configuration that it refuses.
var emerg = regexp.MustCompile(`(?m)\[emerg\][^:]*: (?:\d+#\d+: )?(.*?)(?: in (\S+):(\d+))?$`)

// refusal is the server's own message with the place in the user's files.
func (w *rewriting) refusal(err error, text *printed) error {
	message, by := said(err, text)
	if message == "" {
		return err
	}
	p := conf.Problem{Kind: conf.Syntax, Message: "nginx refuses the configuration: " + w.replacer().Replace(message)}
	if by != nil {
		p.Pos = by.Pos
	}
	return &conf.Error{Problems: []conf.Problem{p}}
}

// said is what nginx says in the error of a start, and the directive that it is
// about, nil where it says none.
func said(err error, text *printed) (message string, by *conf.Directive) {
	m := emerg.FindStringSubmatch(err.Error())
	if m == nil {
		return "", nil
	}
	line, _ := strconv.Atoi(m[3])
	return m[1], text.from(line)
}
