package diag

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"

	"github.com/proxydiag/proxydiag/pkg/appserver"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

const probeHeader = sendfile.ProbeHeader

// Companion is our download server at work in the application's place.
type Companion struct {
	Handler *sendfile.Handler
	end     []func()
}

// NewCompanion makes a companion that answers downloads under the path of the
// backend URL. It does not listen yet.
func NewCompanion(backend URL, spec sendfile.Spec) *Companion {
	return &Companion{Handler: &sendfile.Handler{Spec: spec, Base: backend.path()}}
}

// Serve answers on l until Close. wrap, which may be nil, puts something in
// front of the companion's handler.
func (c *Companion) Serve(l net.Listener, wrap func(http.Handler) http.Handler) {
	c.ServeAs(appserver.HTTP, l, wrap)
}

// ServeAs answers on l in a protocol, as Serve does. Both may be called several
// times: a companion may have several ports, and what reaches any of them is seen.
func (c *Companion) ServeAs(p appserver.Protocol, l net.Listener, wrap func(http.Handler) http.Handler) {
	var h http.Handler = c.Handler
	if wrap != nil {
		h = wrap(h)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = appserver.Serve(ctx, l, p, h) // a port that fails is seen from the other side
	}()
	c.end = append(c.end, func() { cancel(); <-ended })
}

// StartCompanion makes a companion listen on the backend URL's host and port,
// or on listen (host:port) where that is not empty, and answer until Close.
// Without listen only a loopback host is accepted.
func StartCompanion(backend URL, listen string, spec sendfile.Spec) (*Companion, error) {
	u, err := url.Parse(backend.Origin())
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("the companion cannot answer on %q: not a URL with a host", backend)
	}
	if u.Scheme != "http" {
		return nil, fmt.Errorf("the companion answers plain http only, and --backend is %s; give its http address", backend)
	}
	if listen == "" {
		if !loopback(u.Hostname()) {
			return nil, fmt.Errorf("the companion listens on loopback unless told otherwise, and %s is not loopback; "+
				"give --companion-listen %s if it may listen there", u.Hostname(), hostPort(u))
		}
		listen = hostPort(u)
	}
	l, err := net.Listen("tcp", listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("the companion cannot listen on %s: %w; stop what listens there (the application?) "+
			"or leave --companion out to ask the application itself", listen, err)
	case err != nil:
		return nil, fmt.Errorf("the companion cannot listen on %s: %w; give an address of this machine with a port that is free to use, "+
			"as HOST:PORT", listen, err)
	}
	c := NewCompanion(backend, spec)
	c.Serve(l, nil)
	return c, nil
}

// Close stops listening and ends what is under way.
func (c *Companion) Close() error {
	var ports sync.WaitGroup
	for _, end := range c.end {
		ports.Go(end)
	}
	ports.Wait()
	return nil
}

func (c *Companion) seenBy(run, probe string) []sendfile.Seen {
	var list []sendfile.Seen
	for _, s := range c.Handler.Seen() {
		if s.Probe == run+"."+probe {
			list = append(list, s)
		}
	}
	return list
}

// stray are the requests that carry no probe id of the run.
func (c *Companion) stray(run string) []sendfile.Seen {
	var list []sendfile.Seen
	for _, s := range c.Handler.Seen() {
		if !strings.HasPrefix(s.Probe, run+".") {
			list = append(list, s)
		}
	}
	return list
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
