package lighttpd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// terminated is a server with what ends TLS in front of it.
type terminated struct {
	server.Process
	terminators []*terminator
}

// Stop implements server.Process.
func (b *terminated) Stop() error {
	for _, t := range b.terminators {
		t.close()
	}
	err := b.Process.Stop()
	for _, t := range b.terminators {
		t.conns.Wait()
	}
	return err
}

// listens are the sandbox's addresses, by those of the configuration.
func (w *rewriting) listens() map[string]string {
	list := map[string]string{}
	for _, s := range w.sockets {
		list[s.token] = s.public
	}
	return list
}

// attempts is how often lighttpd is started, with another address or without
// a module that is not here.
const attempts = 20

// Start implements server.Sandboxer. What lighttpd refuses for a reason that
// has to do with this machine is dealt with, and it is started again.
func (trials) Start(ctx context.Context, source conf.Source, o server.SandboxOptions) (*server.Sandbox, error) {
	path, err := proc.Program(o.Binary, program)
	if err != nil {
		return nil, err
	}
	_, problems := Parse(source)
	if problems != nil && !tolerable(problems) {
		return nil, problems
	}
	c := inSandbox(source)
	w := newRewriting(c, o)
	w.without(problems)
	w.user, w.group = proc.WorkerUser("www-data", "lighttpd", "nobody")
	if err := w.scripts(append(offersOf(c).scripts, stated(c, o.Stated)...)); err != nil {
		return nil, err
	}
	for range attempts {
		var p *proc.Process
		if p, err = w.start(ctx, path); err == nil {
			b := &terminated{Process: p}
			if b.terminators, err = w.terminate(); err != nil {
				return nil, errors.Join(err, b.Stop())
			}
			return &server.Sandbox{Process: b, Listens: w.listens(), Changes: w.changes, Original: w.original}, nil
		}
		if !w.mend(err) {
			break
		}
	}
	return nil, w.refusal(err)
}

// start starts lighttpd with the copy.
func (w *rewriting) start(ctx context.Context, program string) (*proc.Process, error) {
	if err := w.listen(); err != nil {
		return nil, err
	}
	dir, err := proc.ScratchIn(w.o.Dir, "lighttpd", w.user)
	if err != nil {
		return nil, err
	}
	text, err := w.print(dir)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, mainFile), []byte(text.text.String()), 0o644)
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return proc.Start(ctx, proc.Options{
		Name: "lighttpd", Path: program, Args: []string{"-D", "-f", filepath.Join(dir, mainFile)}, User: w.user,
		Dir: dir, ErrorLog: filepath.Join(dir, logFile), Addr: w.sockets[0].addr, Grace: grace,
	})
}

// notLoaded is what lighttpd says of a module that is not there.
var notLoaded = regexp.MustCompile(`dlopen\(\) failed for: \S*/(mod_\w+)\.so`)

// mend deals with what has to do with this machine; false where that cannot be.
func (w *rewriting) mend(err error) bool {
	if strings.Contains(err.Error(), taken) {
		return true
	}
	m := notLoaded.FindStringSubmatch(err.Error())
	if m == nil || w.left[m[1]] || !isModule(m[1]) {
		return false // misspelt, or one that nobody but the user has
	}
	w.leave(m[1])
	return true
}

// said matches a line of lighttpd's.
var said = regexp.MustCompile(`(?m)^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d: )?(?:\([\w.-]+\.\d+\) )(.*)$`)

// noise is what lighttpd says whatever the reason is.
var noise = regexp.MustCompile(`^(?:server started|Configuration of plugins failed|loading plugins finally failed)`)

// inLine is where lighttpd names a line of its configuration.
var inLine = regexp.MustCompile(`source: \S+ line: (\d+) pos: \d+ `)

// refusal is the server's own message with the place in the user's files.
func (w *rewriting) refusal(err error) error {
	lines := said.FindAllStringSubmatch(err.Error(), -1)
	if lines == nil {
		return err
	}
	p := conf.Problem{Kind: conf.Syntax, Pos: conf.Pos{File: w.conf.Source.Roots[0]}}
	var messages []string
	for _, m := range lines {
		message := m[1]
		if noise.MatchString(message) {
			continue
		}
		if at := inLine.FindStringSubmatch(message); at != nil {
			n, _ := strconv.Atoi(at[1])
			if d := w.out.from(n); d != nil && p.Pos.Line == 0 {
				p.Pos = d.Pos
			}
			message = inLine.ReplaceAllString(message, "")
		}
		if d := w.conf.mentioned(message); d != nil && p.Pos.Line == 0 {
			p.Pos = d.Pos
		}
		messages = append(messages, w.original(message))
	}
	if m := notLoaded.FindStringSubmatch(err.Error()); m != nil {
		if d := w.loads(m[1]); d != nil {
			p.Pos = d.Pos
		}
	}
	p.Message = "lighttpd refuses the configuration: " + strings.Join(messages, "; ")
	return &conf.Error{Problems: []conf.Problem{p}}
}

// tolerable says that a configuration can be tried without what could not be
// read of it; who asks for that has been told.
func tolerable(err error) bool {
	var e *conf.Error
	return errors.As(err, &e) && e.Only(conf.Missing, conf.Unreadable, conf.Doubtful)
}

// mentioned is the setting that a message names, nil where it names none or one
// that stands in several places.
func (c *Config) mentioned(message string) *conf.Directive {
	var found []*conf.Directive
	for _, b := range c.Blocks {
		for _, name := range b.Names() {
			if d := b.Get(name).Dir; d != nil && strings.Contains(name, ".") && strings.Contains(message, name) {
				found = append(found, d)
			}
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// without tells what could not be read, and is left out.
func (w *rewriting) without(problems error) {
	var e *conf.Error
	if errors.As(problems, &e) {
		for _, p := range e.Problems {
			w.changes = append(w.changes, conf.Problem{Pos: p.Pos, Kind: conf.Doubtful, Message: p.Message + ": it is left out"})
		}
	}
}
