// Package demo is a whole stack within one process: a folder as storage, the
// companion as backend, the reference proxy in front of it, and faults to put
// into it. It shows what a diagnosis looks like, with nothing to install, and
// it is where every neutral finding has a case.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// Where things are in the embedded stack.
const (
	downloads = "/dl/"        // downloads, on both ports
	direct    = "/direct/"    // the storage as it is, on the proxy's port
	internal  = "/protected/" // what the handoff calls the storage
)

// Options say how a demo runs. The zero value diagnoses a healthy stack.
type Options struct {
	// Fault is put into the stack; the zero value leaves it healthy.
	Fault Fault
	// Dir is the folder in which the stack's own folder is made for the time of
	// the run; "" is the system's folder for temporary files.
	Dir string
	// Tool and Progress are those of [diag.Observer].
	Tool     diag.Tool
	Progress func(string)
}

// Run starts an embedded stack, observes it, and ends it. What the stack does
// wrong is in the record; an error says that the stack could not be started,
// or that something of it could not be removed.
func Run(ctx context.Context, o Options) (rec *diag.Record, err error) {
	dir, err := os.MkdirTemp(o.Dir, "proxydiag-demo-")
	if err != nil {
		return nil, fmt.Errorf("the demo needs a folder for temporary files: %w; set TMPDIR to one that may be written", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := newSetup(dir)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if o.Fault.inject != nil {
		o.Fault.inject(s)
	}
	return s.observe(ctx, o)
}

// middleware stands in front of a handler.
type middleware func(http.Handler) http.Handler

// setup is an embedded stack that does not serve yet: everything that a fault
// may change. It starts as a healthy one.
type setup struct {
	stack   diag.Stack
	client  compare.Options
	store   fixture.Store
	spec    sendfile.Spec // the handoff of the backend
	backend middleware    // in front of the backend; nil: nothing
	app     http.Handler  // the backend where it is not the companion
	proxy   sendfile.Proxy
	front   middleware // in front of the proxy; nil: nothing
	served  string     // the folder that the direct location serves

	storage   string // the folder behind store
	elsewhere string // an empty folder
	nowhere   string // host:port where nobody listens

	backendPort, proxyPort net.Listener
	held                   []io.Closer
}

func newSetup(dir string) (*setup, error) {
	s := &setup{storage: filepath.Join(dir, "media"), elsewhere: filepath.Join(dir, "other")}
	for _, folder := range []string{s.storage, s.elsewhere} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			return nil, fmt.Errorf("the demo's storage: %w", err)
		}
	}
	if err := s.listen(); err != nil {
		s.close()
		return nil, fmt.Errorf("the demo cannot listen on loopback: %w", err)
	}
	backend := &url.URL{Scheme: "http", Host: s.backendPort.Addr().String()}
	proxy := "http://" + s.proxyPort.Addr().String()
	s.stack = diag.Stack{
		Name: "demo", Storage: s.storage, Companion: true,
		Backend: diag.URL(backend.String() + downloads), Proxy: diag.URL(proxy + downloads), Direct: diag.URL(proxy + direct),
	}
	s.store, s.served = fixture.OpenDir(s.storage), s.storage
	s.proxy = sendfile.Proxy{Backend: backend, Root: s.storage}
	s.speak(sendfile.Spec{Dialect: sendfile.Dialects()[0], Prefix: internal})
	return s, nil
}

// listen takes the ports, and one where nobody listens: that of the near end
// of a connection, which nobody else can take while it is held.
func (s *setup) listen() error {
	for _, l := range []*net.Listener{&s.backendPort, &s.proxyPort} {
		port, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		s.held, *l = append(s.held, port), port
	}
	conn, err := net.Dial("tcp", s.proxyPort.Addr().String())
	if err != nil {
		return err
	}
	s.held, s.nowhere = append(s.held, conn), conn.LocalAddr().String()
	return nil
}

// speak makes all parts use one handoff.
func (s *setup) speak(spec sendfile.Spec) {
	s.spec, s.stack.Sendfile = spec, spec.String()
	s.proxy.Dialect, s.proxy.Prefix = spec.Dialect, spec.Prefix
}

// observe serves the stack while it is observed.
func (s *setup) observe(ctx context.Context, o Options) (*diag.Record, error) {
	mux := http.NewServeMux()
	mux.Handle(direct, http.StripPrefix(direct, http.FileServer(http.Dir(s.served))))
	mux.Handle("/", &s.proxy)
	s.serve(s.proxyPort, mux, s.front)

	observer := diag.Observer{Store: s.store, Client: s.client, Tool: o.Tool, Progress: o.Progress}
	if s.app != nil {
		s.stack.Companion = false
		s.serve(s.backendPort, s.app, s.backend)
	} else {
		observer.Companion = diag.NewCompanion(s.stack.Backend, s.spec)
		observer.Companion.Serve(s.backendPort, s.backend)
		s.held = append(s.held, observer.Companion)
	}
	rec := observer.Run(ctx, s.stack, check.Families())
	// Only folders that are empty again can be removed so.
	return rec, errors.Join(os.Remove(s.storage), os.Remove(s.elsewhere))
}

func (s *setup) serve(l net.Listener, h http.Handler, in middleware) {
	if in != nil {
		h = in(h)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	s.held = append(s.held, server)
	go server.Serve(l) //nolint:errcheck // it always ends with ErrServerClosed
}

func (s *setup) close() {
	for i := len(s.held) - 1; i >= 0; i-- {
		_ = s.held[i].Close() // a listener is closed twice, by its server too
	}
}
