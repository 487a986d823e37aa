package gate

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

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

	mu      sync.Mutex
	runs    map[string]*diag.Companion
	at      map[server.App]string
	servers []*http.Server
}

func newApps(dir string) (*apps, error) {
	a := &apps{dir: dir, runs: map[string]*diag.Companion{}, at: map[server.App]string{}}
	var err error
	if a.backend, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("the companion cannot listen on loopback: %w", err)
	}
	a.serve(a.backend, a)
	return a, nil
}

// standIn is the address of what stands in for an application; it is made when
// it is first asked for.
func (a *apps) standIn(app server.App) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at, ok := a.at[app]; ok {
		return at, nil
	}
	network, address := "tcp", "127.0.0.1:0"
	if strings.HasPrefix(app.Address, "unix:") {
		network, address = "unix", filepath.Join(a.dir, fmt.Sprintf("app%d", len(a.at)))
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return "", fmt.Errorf("the stand-in for %s cannot listen: %w", app.Address, err)
	}
	at := l.Addr().String()
	if network == "unix" {
		at = "unix:" + at
	}
	a.at[app] = at
	var h http.Handler = a
	if app.Aside {
		h = http.HandlerFunc(agree)
	}
	a.serve(l, h)
	return at, nil
}

// agree answers what is asked only to know whether another answer may be used.
func agree(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }

func (a *apps) serve(l net.Listener, h http.Handler) {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	a.servers = append(a.servers, s)
	go s.Serve(l) //nolint:errcheck // it always ends with ErrServerClosed
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
	for _, s := range a.servers {
		_ = s.Close()
	}
}
