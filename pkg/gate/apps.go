package gate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/proxydiag/proxydiag/pkg/appserver"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// apps stand in for the applications that a configuration asks. All of them
// answer with the companion of the run that a request belongs to: which of
// them is asked says nothing.
type apps struct {
	dir     string
	backend net.Listener // plain HTTP, for what is asked without the server

	// certificate is for those that are asked by https.
	certificate func() (cert, key string, err error)

	ctx     context.Context // until close
	end     context.CancelFunc
	serving sync.WaitGroup

	mu   sync.Mutex
	runs map[string]*diag.Companion
	at   map[server.App]string
}

func newApps(dir string, certificate func() (cert, key string, err error)) (*apps, error) {
	a := &apps{dir: dir, certificate: certificate, runs: map[string]*diag.Companion{}, at: map[server.App]string{}}
	a.ctx, a.end = context.WithCancel(context.Background())
	var err error
	if a.backend, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("the companion cannot listen on loopback: %w", err)
	}
	a.serve(a.backend, appserver.HTTP, a)
	return a, nil
}

// standIn is the address of what stands in for an application; it is made when
// it is first asked for. h answers for it, where it is not an application.
func (a *apps) standIn(app server.App, h http.Handler) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at, ok := a.at[app]; ok {
		return at, nil
	}
	l, at, err := a.listen(app)
	if err != nil {
		return "", fmt.Errorf("the stand-in for %s: %w", app.Address, err)
	}
	a.at[app] = at
	switch {
	case app.Aside:
		h = http.HandlerFunc(agree)
	case h == nil:
		h = a
	}
	protocol, err := appserver.ParseProtocol(app.Protocol)
	if err != nil {
		protocol = appserver.HTTP
	}
	a.serve(l, protocol, h)
	return at, nil
}

// longestSocket is how long the path of a unix socket can be, in bytes (unix(7)).
const longestSocket = 107

// listen opens the port of a stand-in, or its socket where the application has
// one: the server may treat the two differently.
func (a *apps) listen(app server.App) (l net.Listener, at string, err error) {
	path := filepath.Join(a.dir, fmt.Sprintf("app%d", len(a.at)))
	if !strings.HasPrefix(app.Address, "unix:") || len(path) > longestSocket {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nil, "", err
		}
		at = l.Addr().String()
	} else {
		if l, err = net.Listen("unix", path); err != nil {
			return nil, "", err
		}
		if err = os.Chmod(path, 0o666); err != nil { // the server's workers are another user
			return nil, "", errors.Join(err, l.Close())
		}
		at = "unix:" + path
	}
	if app.Protocol == "https" || app.Protocol == "grpcs" {
		cert, key, err := a.certificate()
		if err != nil {
			return nil, "", errors.Join(err, l.Close())
		}
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, "", errors.Join(err, l.Close())
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}})
	}
	return l, at, nil
}

// agree answers what is asked only to know whether another answer may be used.
func agree(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }

// serve answers on l until close.
func (a *apps) serve(l net.Listener, p appserver.Protocol, h http.Handler) {
	quiet := appserver.Server{Handler: h, Protocol: p, ErrorLog: log.New(io.Discard, "", 0)}
	a.serving.Go(func() { _ = quiet.Serve(a.ctx, l) }) // a port that fails is seen from the other side
}

// join makes a run's companion answer what belongs to that run.
func (a *apps) join(run string, c *diag.Companion) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.runs[run] = c
}

func (a *apps) leave(run string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.runs, run)
}

// ServeHTTP implements http.Handler.
func (a *apps) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	run, _, _ := strings.Cut(r.Header.Get(sendfile.ProbeHeader), ".")
	a.mu.Lock()
	c := a.runs[run]
	a.mu.Unlock()
	if c == nil {
		http.NotFound(w, r)
		return
	}
	c.Handler.ServeHTTP(w, r)
}

func (a *apps) close() {
	a.end()
	a.serving.Wait()
}
