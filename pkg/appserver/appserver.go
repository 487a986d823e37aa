// Package appserver serves a Go handler in the protocols by which proxies speak
// with applications: HTTP, FastCGI, uwsgi and SCGI, over TCP and unix sockets.
// The handler sees the same request whatever the protocol.
package appserver

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Protocol is what a proxy and an application speak with each other.
type Protocol string

// The protocols.
const (
	HTTP    Protocol = "http"
	FastCGI Protocol = "fastcgi"
	UWSGI   Protocol = "uwsgi"
	SCGI    Protocol = "scgi"
)

// Protocols returns all protocols, the most usual first.
func Protocols() []Protocol { return []Protocol{HTTP, FastCGI, UWSGI, SCGI} }

// ParseProtocol returns the protocol of a name. The error lists the names.
func ParseProtocol(name string) (Protocol, error) {
	p := Protocol(strings.ToLower(name))
	if !slices.Contains(Protocols(), p) {
		return "", fmt.Errorf("there is no protocol %q: choose one of http, fastcgi, uwsgi, scgi", name)
	}
	return p, nil
}

// Limits that no proxy reaches.
const (
	maxVars  = 1 << 20  // all variables of a request, names and values
	maxDrain = 64 << 20 // what is read of a body after its handler has answered
)

const (
	defaultTimeout = 10 * time.Second
	idleTimeout    = time.Minute // of a connection between two requests
	grace          = time.Second // for what is under way when the server ends
)

// Server answers requests with a handler.
//
// A handler that panics ends its own connection and nothing else, as with
// [http.Server]. Under the other protocols than HTTP the context of a request ends
// with the request and with the server, not where the proxy hangs up.
type Server struct {
	Handler  http.Handler
	Protocol Protocol // "" = HTTP
	// Timeout is how long a proxy may take to send the head of a request, the
	// next piece of a body, or to take a piece of the answer; 0 = 10 s.
	Timeout time.Duration
	// ConnContext, if not nil, is asked for the context of a new connection's
	// requests, as in [http.Server].
	ConnContext func(context.Context, net.Conn) context.Context
	// ErrorLog gets what is wrong with requests and handlers; nil: that of
	// package log.
	ErrorLog *log.Logger
}

// Serve answers with h in a protocol on l; see [Server.Serve].
func Serve(ctx context.Context, l net.Listener, p Protocol, h http.Handler) error {
	s := Server{Handler: h, Protocol: p}
	return s.Serve(ctx, l)
}

// Serve answers on l until ctx ends and returns nil then. What is under way at that
// moment has a second to end. It closes l on every way out; an error says that
// no more connections could be accepted.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	defer func() { _ = l.Close() }()
	switch s.Protocol {
	case HTTP, "":
		return s.serveHTTP(ctx, l)
	case FastCGI:
		return s.accept(ctx, l, readFastCGI)
	case UWSGI:
		return s.accept(ctx, l, readUWSGI)
	case SCGI:
		return s.accept(ctx, l, readSCGI)
	}
	_, err := ParseProtocol(string(s.Protocol))
	return err
}

func (s *Server) serveHTTP(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: s.drained(), ReadHeaderTimeout: s.timeout(), IdleTimeout: idleTimeout,
		ConnContext: s.ConnContext, ErrorLog: s.ErrorLog}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		if server.Shutdown(last) != nil {
			_ = server.Close()
		}
	})
	err := server.Serve(l)
	if stop() { // it ended by itself
		_ = server.Close()
		return err
	}
	<-ended
	return nil
}

// drained is the handler, and takes what that leaves of a body: net/http does not where
// the connection ends with the answer, and a proxy that still sends would lose the
// answer then.
func (s *Server) drained() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Handler.ServeHTTP(w, r)
		if r.ContentLength != 0 && r.Header.Get("Expect") == "" {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.timeout())) // of that kind of writer there is one
			_, _ = io.CopyN(io.Discard, r.Body, maxDrain)                                  // the answer does not depend on it
		}
	})
}

func (s *Server) timeout() time.Duration {
	if s.Timeout > 0 {
		return s.Timeout
	}
	return defaultTimeout
}

func (s *Server) logf(format string, args ...any) {
	if s.ErrorLog != nil {
		s.ErrorLog.Printf(format, args...)
	} else {
		log.Printf(format, args...)
	}
}
