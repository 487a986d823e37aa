package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/appserver"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/fixture/remote"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

func newCompanion(std streams) *cobra.Command {
	var listen, protocol, handoff, base, storage string
	cmd := &cobra.Command{
		Use:   "companion --storage DIR --sendfile KIND:PREFIX",
		Short: "Run the companion download server",
		Long: "companion answers downloads in the application's place: it hands the fixtures that are in\n" +
			"the storage off to the proxy, and nothing else. It writes a line for each request to\n" +
			"standard error and runs until it is interrupted.\n\n" +
			"It speaks what the proxy is configured to speak with the application: HTTP (--protocol\n" +
			"http), FastCGI, uwsgi or SCGI. A unix socket may be used by everyone who can reach its\n" +
			"folder. One that a killed process has left is replaced; it is removed at the end.",
		Example: "  proxydiag companion --storage /srv/media --sendfile " + exampleSpec() + "\n" +
			"  proxydiag check --storage /srv/media --backend http://127.0.0.1:8000/dl/ --proxy http://127.0.0.1:8080/dl/\n" +
			"  proxydiag companion --storage /srv/media --sendfile " + exampleSpec() + " --protocol uwsgi --listen unix:/run/app.sock",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := newStandalone(storage, handoff, base, std.err)
			if err != nil {
				return err
			}
			defer func() { _ = c.store.Close() }()
			return c.serve(cmd.Context(), listen, protocol)
		},
	}
	f := cmd.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:8000", "`ADDRESS` to answer on: HOST:PORT, or unix:PATH for a socket")
	f.StringVar(&protocol, "protocol", string(appserver.HTTP), "`NAME` of what is spoken there: "+strings.Join(protocols(), ", "))
	f.StringVar(&handoff, "sendfile", "", "`KIND:PREFIX`, what the storage's root is called in the handoff ("+strings.Join(sendfile.Names(), ", ")+")")
	f.StringVar(&base, "base", "/dl/", "URL `PATH` of the downloads; {name} stands for the file's name, which is appended where it is absent")
	f.StringVar(&storage, "storage", "", "where the fixtures are: "+all.Storages())
	complete(cmd, "sendfile", kindsWithColon())
	complete(cmd, "protocol", protocols())
	return cmd
}

// protocols are the names of what the companion can speak.
func protocols() []string {
	var names []string
	for _, p := range appserver.Protocols() {
		names = append(names, string(p))
	}
	return names
}

// exampleSpec is a handoff to show.
func exampleSpec() string { return sendfile.Names()[0] + ":/protected/" }

// standalone is the companion on its own: it looks into the storage for each
// request, since it does not know the runs that put fixtures there.
type standalone struct {
	store fixture.Store
	spec  sendfile.Spec
	base  string
	log   *log.Logger
}

func newStandalone(storage, handoff, base string, w io.Writer) (*standalone, error) {
	switch {
	case storage == "":
		return nil, errors.New("--storage is missing; give it, for example --storage /srv/media")
	case handoff == "":
		return nil, fmt.Errorf("--sendfile is missing; give it, for example --sendfile %s", exampleSpec())
	case !strings.HasPrefix(base, "/"):
		return nil, fmt.Errorf("--base %s: it is a URL path and begins with a slash, like /dl/", base)
	}
	if !strings.HasSuffix(base, "/") && !strings.Contains(base, "{name}") {
		base += "/"
	}
	spec, err := sendfile.ParseSpec(handoff, "")
	if err != nil {
		return nil, fmt.Errorf("--sendfile: %w", err)
	}
	store, err := all.OpenStore(storage, remote.Options{})
	if err != nil {
		return nil, err
	}
	if _, err := store.List(context.Background(), fixture.Prefix); err != nil {
		_ = store.Close() // nothing is held
		return nil, fmt.Errorf("--storage %s: %w", remote.Mask(storage), err)
	}
	return &standalone{store: store, spec: spec, base: base, log: log.New(w, "", log.Ltime)}, nil
}

// lastModified is the companion's own, so that it can be told from what a proxy
// makes of the file's time.
var lastModified = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)

// ServeHTTP implements [http.Handler].
func (s *standalone) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := &sendfile.Handler{Spec: s.spec, Base: s.base}
	if name, ok := h.Name(r); ok && fixture.IsOurs(name) {
		if info, err := s.store.Stat(r.Context(), name); err == nil {
			h.Add(name, sendfile.File{Size: info.Size, ModTime: lastModified})
		}
	}
	h.ServeHTTP(w, r)
	for _, seen := range h.Seen() {
		s.log.Printf("%d %s %+q Host: %+q", seen.Status, seen.Method, seen.Path, seen.Host)
	}
}

// serve answers until ctx ends.
func (s *standalone) serve(ctx context.Context, listen, protocol string) error {
	p, err := appserver.ParseProtocol(protocol)
	if err != nil {
		return fmt.Errorf("--protocol: %w", err)
	}
	l, err := appserver.Listen(ctx, listen)
	if err != nil {
		advice := "give a HOST:PORT of this machine that is free, for example --listen 127.0.0.1:8001"
		if strings.HasPrefix(listen, "unix:") {
			advice = "give a path that is free in a folder that is there, for example --listen unix:/tmp/app.sock"
		}
		return fmt.Errorf("--listen %s: %w; %s", listen, unwrapListen(err), advice)
	}
	s.log.Printf("companion on %s, handing off fixtures in %s as %s: %s…",
		where(p, l, s.base), s.store, s.spec.Dialect.Header, s.spec.Prefix)
	srv := appserver.Server{Handler: s, Protocol: p, ErrorLog: s.log}
	if err := srv.Serve(ctx, l); err != nil {
		return fmt.Errorf("the companion ended: %w", err)
	}
	return nil
}

// where is what can be asked: a URL, or what a proxy's configuration needs.
func where(p appserver.Protocol, l net.Listener, base string) string {
	if addr := l.Addr(); addr.Network() == "unix" {
		return fmt.Sprintf("unix:%s (%s), downloads under %s", addr, p, base)
	} else if p != appserver.HTTP {
		return fmt.Sprintf("%s (%s), downloads under %s", addr, p, base)
	}
	return fmt.Sprintf("http://%s%s", l.Addr(), base)
}

// unwrapListen drops the address from net's error: the message names it already.
func unwrapListen(err error) error {
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Err
	}
	return err
}
