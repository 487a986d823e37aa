// Package proc starts a server program and ends it: what the launchers of all
// kinds of server share. A process that is started here has a process group of
// its own, so that Ctrl-C at the terminal reaches proxydiag alone and nothing
// of the server is left after Stop; on Linux it is told to end when proxydiag
// ends, however that ends.
package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Options say what to start.
type Options struct {
	Name string   // for people, in errors
	Path string   // the program
	Args []string // without the program's name
	Env  []string // added to the environment

	// User is whom to start it as; "" is who we are. A server that becomes
	// another user by itself is no longer told to end when proxydiag ends.
	User string

	// Dir is the server's scratch folder, from Scratch. Stop removes it.
	Dir string

	// ErrorLog is the path of the server's error log.
	ErrorLog string

	// Addr is the address, host:port, that the server will listen on.
	Addr string

	// Listeners are inherited by the server as file descriptors from 3 on, in
	// non-blocking mode. Start closes them in any case.
	Listeners []*net.TCPListener

	// StartTimeout limits the time until the server answers. 0 means 10 s.
	StartTimeout time.Duration

	// Grace is how long the server may take to end before it is killed. 0
	// means 5 s.
	Grace time.Duration
}

// Process is a started server. It implements server.Process.
type Process struct {
	opts   Options
	output tail
	cancel context.CancelFunc
	done   chan struct{} // closed when every process of the server is gone
	exit   error         // where it ended by itself: how; set before done is closed
	stop   func() error
}

// Start starts the server and waits until it answers: until it has taken a
// connection and, as nothing was sent on it, closed it. The server ends when
// ctx ends; Stop must be called all the same. An error says what the server
// printed or logged; nothing is left after it, Options.Dir included.
func Start(ctx context.Context, o Options) (*Process, error) {
	if o.StartTimeout == 0 {
		o.StartTimeout = 10 * time.Second
	}
	if o.Grace == 0 {
		o.Grace = 5 * time.Second
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &Process{opts: o, cancel: cancel, done: make(chan struct{})}
	p.stop = sync.OnceValue(p.end)
	if err := p.start(ctx); err != nil {
		cancel()
		return nil, errors.Join(err, os.RemoveAll(o.Dir))
	}
	if err := p.ready(ctx); err != nil {
		cancel()
		<-p.done
		return nil, errors.Join(p.failure(err), os.RemoveAll(o.Dir))
	}
	return p, nil
}

// start starts the process, in a goroutine that keeps its thread until the
// process has ended: Linux ties "end with the parent" to the parent's thread.
func (p *Process) start(ctx context.Context) error {
	defer func() {
		for _, l := range p.opts.Listeners {
			_ = l.Close() // the server has its own copy by then
		}
	}()
	cmd := exec.CommandContext(ctx, p.opts.Path, p.opts.Args...)
	cmd.Env = append(os.Environ(), p.opts.Env...)
	attr, err := sysProcAttr(p.opts.User)
	if err != nil {
		return fmt.Errorf("cannot start %s as %s: %w", p.opts.Name, p.opts.User, err)
	}
	cmd.SysProcAttr = attr
	cmd.Cancel = func() error { return terminate(cmd.Process) }
	cmd.WaitDelay = p.opts.Grace
	for _, l := range p.opts.Listeners {
		f, err := l.File()
		if err != nil {
			return p.notHanded(l, err)
		}
		defer func() { _ = f.Close() }()
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	out, in, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("cannot start %s: %w", p.opts.Name, err)
	}
	defer func() { _ = in.Close() }()
	cmd.Stdout, cmd.Stderr = in, in
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.watch(ctx, cmd, out)
		}
		_ = out.Close()
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("cannot start %s (%s): %w", p.opts.Name, p.opts.Path, err)
	}
	for _, l := range p.opts.Listeners {
		if err := setNonblock(l); err != nil {
			p.cancel()
			<-p.done
			return p.notHanded(l, err)
		}
	}
	return nil
}

func (p *Process) notHanded(l net.Listener, err error) error {
	return fmt.Errorf("cannot hand the listening socket %s to %s: %w", l.Addr(), p.opts.Name, err)
}

// watch collects what the server writes to out, until all of it is gone.
func (p *Process) watch(ctx context.Context, cmd *exec.Cmd, out *os.File) {
	read := make(chan struct{})
	go func() {
		_, _ = io.Copy(&p.output, out)
		close(read)
	}()
	_ = cmd.Wait() // how it ended stands in ProcessState
	if ctx.Err() == nil {
		p.exit = fmt.Errorf("it ended by itself: %s", cmd.ProcessState)
	}
	killGroup(cmd.Process)
	_ = out.SetReadDeadline(time.Now().Add(p.opts.Grace)) // for a child that left the group
	<-read
	close(p.done)
}

// ready waits until the server answers or has ended.
func (p *Process) ready(parent context.Context) error {
	ctx, cancel := context.WithTimeout(parent, p.opts.StartTimeout)
	defer cancel()
	for {
		answered := make(chan error, 1)
		go func() { answered <- handshake(ctx, p.opts.Addr) }()
		select {
		case <-p.done:
		case err := <-answered:
			if err == nil {
				return nil
			}
		}
		// Not there yet, or about to end: whichever comes first.
		select {
		case <-p.done:
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
			continue
		}
		switch {
		case parent.Err() != nil:
			return parent.Err()
		case ctx.Err() != nil:
			return fmt.Errorf("it runs, but nothing answered on %s within %v: does its configuration listen there?",
				p.opts.Addr, p.opts.StartTimeout)
		default:
			return p.exit
		}
	}
}

// handshake opens a connection, says that nothing will be sent, and waits for
// the server to close it as well. Only a running worker does that, for an
// inherited socket takes connections before the server is there; and no
// request is made that would reach a backend or an access log.
func handshake(ctx context.Context, addr string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1))
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// failure is the error of a start that failed, with what the server said.
func (p *Process) failure(err error) error {
	said := p.Output()
	if strings.TrimSpace(said) == "" {
		log, _ := os.ReadFile(p.opts.ErrorLog) // may well not be there yet
		said = string(log)
	}
	return fmt.Errorf("%s did not start: %w\n%s", p.opts.Name, err, strings.TrimSpace(said))
}

// Addr implements server.Process.
func (p *Process) Addr() string { return p.opts.Addr }

// ErrorLog implements server.Process.
func (p *Process) ErrorLog() string { return p.opts.ErrorLog }

// Output implements server.Process.
func (p *Process) Output() string { return p.output.String() }

// Stop implements server.Process.
func (p *Process) Stop() error { return p.stop() }

func (p *Process) end() error {
	p.cancel()
	<-p.done
	err := p.exit
	if err != nil {
		err = fmt.Errorf("%s was no longer running: %w", p.opts.Name, err)
	}
	return errors.Join(err, os.RemoveAll(p.opts.Dir))
}
