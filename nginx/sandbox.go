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

// Start implements server.Sandboxer. The listening sockets are made here and
// inherited, as for Launch. What nginx refuses for a reason that has to do with
// this machine is dealt with, and it is started again.
func (trials) Start(ctx context.Context, source conf.Source, o server.SandboxOptions) (*server.Sandbox, error) {
	path, err := proc.Program(o.Binary, program)
	if err != nil {
		return nil, err
	}
	c, err := Parse(source)
	if err := untriable(err, o); err != nil {
		return nil, err
	}
	w := newRewriting(c, o)
	defer w.close()
	w.supply()
	for {
		text, err := w.print()
		if err != nil {
			return nil, err
		}
		if len(w.sockets) == 0 {
			return nil, &conf.Error{Problems: []conf.Problem{{Kind: conf.Empty, Pos: conf.Pos{File: source.Roots[0]}, Message: "no server of the configuration listens for HTTP: there is nothing to try"}}}
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

// untriable is what of the problems of a configuration keeps it from being tried.
func untriable(err error, o server.SandboxOptions) error {
	var wrong *conf.Error
	if !errors.As(err, &wrong) {
		return err
	}
	var list []conf.Problem
	for _, p := range wrong.Problems {
		left := p.Kind == conf.Doubtful || o.AllowMissing && (p.Kind == conf.Missing || p.Kind == conf.Unreadable)
		if !left {
			list = append(list, p)
		}
	}
	if list == nil {
		return nil
	}
	return &conf.Error{Problems: list}
}

// start starts nginx with a configuration. It leaves nothing where it fails.
func (w *rewriting) start(ctx context.Context, program string, text *printed) (*server.Sandbox, error) {
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
	listeners, err := w.copies()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	env := "NGINX="
	listens := map[string]string{}
	for i, l := range w.sockets {
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
	return &server.Sandbox{Process: p, Listens: listens, Changes: w.changes, Original: w.replacer().Replace}, nil
}

// copies are the listening sockets for a server, which closes them.
func (w *rewriting) copies() ([]*net.TCPListener, error) {
	var list []*net.TCPListener
	for _, s := range w.sockets {
		l, err := copyListener(s.listener)
		if err != nil {
			for _, l := range list {
				_ = l.Close()
			}
			return nil, fmt.Errorf("cannot hand a listening socket to nginx: %w", err)
		}
		list = append(list, l)
	}
	return list, nil
}

func copyListener(l *net.TCPListener) (*net.TCPListener, error) {
	f, err := l.File()
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	again, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	return again.(*net.TCPListener), nil
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
	if by == nil || by.Pos.IsZero() {
		by = w.about(message)
	}
	p := conf.Problem{Kind: conf.Syntax, Message: "nginx refuses the configuration: " + w.replacer().Replace(message) + whatToDo(message)}
	if by != nil {
		p.Pos = by.Pos
	}
	return &conf.Error{Problems: []conf.Problem{p}}
}

// about is the directive that a message without a place is about: the first
// that has what it quotes in its arguments, or for a name.
func (w *rewriting) about(message string) *conf.Directive {
	for _, m := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(message, -1) {
		for _, d := range []*conf.Directive{w.uses("$" + m[1]), w.uses("$" + strings.ToUpper(m[1])), w.called(m[1]), w.uses(m[1])} {
			if d != nil {
				return d
			}
		}
	}
	return nil
}

// called is the first directive of a name, nil for none.
func (w *rewriting) called(name string) *conf.Directive {
	var found *conf.Directive
	w.conf.HTTP.Walk(func(d *conf.Directive) bool {
		if found == nil && d.Name == name {
			found = d
		}
		return found == nil
	})
	return found
}

// whatToDo is added to messages of nginx that do not say it themselves.
func whatToDo(message string) string {
	switch {
	case unknownDirective.MatchString(message):
		return "; is it misspelt, or of a module that this nginx has not?"
	case unknownVariable.MatchString(message):
		return "; define it with map or set, or give gate the main file that does; " + fillIn
	case strings.Contains(message, "no \"ssl_certificate\""):
		return "; name the certificate with ssl_certificate"
	}
	return ""
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
