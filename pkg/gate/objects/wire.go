package objects

import (
	"bytes"
	"net"
	"net/http"
	"sync"
	"time"
)

// wireKey is the key of a request's connection.
type wireKey struct{}

// listener accepts connections whose bytes are noted.
type listener struct {
	net.Listener
	store *Store
}

// Accept implements [net.Listener].
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &wire{Conn: c, store: l.store}, nil
}

// wire is a connection that keeps the beginning of each request until somebody
// takes it.
type wire struct {
	net.Conn
	store *Store

	mu   sync.Mutex
	head []byte
}

// Read implements [net.Conn].
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	if room := maxText - len(w.head); room > 0 {
		w.head = append(w.head, p[:min(n, room)]...)
	}
	return n, err
}

// take returns the line that the request begins with.
func (w *wire) take() (string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	line, _, whole := bytes.Cut(w.head, []byte("\n"))
	whole = whole || len(w.head) == maxText
	w.head = nil
	return string(bytes.TrimSuffix(line, []byte("\r"))), whole
}

// Close implements [net.Conn]. What nobody took was no request: a handler is not
// asked about it, and it is answered with 400.
func (w *wire) Close() error {
	if line, whole := w.take(); whole {
		w.store.note(Request{Time: time.Now(), Line: line, Status: http.StatusBadRequest})
	}
	return w.Conn.Close()
}
