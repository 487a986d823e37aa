package serve

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// limiter bounds the connections. Where there are too many, the one that has
// been open longest without a request that is being answered makes way: callers
// who send their requests slowly, or none, keep nobody out.
type limiter struct {
	net.Listener
	most int

	mu   sync.Mutex
	open map[*limited]struct{}
}

// limited is a connection that counts.
type limited struct {
	net.Conn
	of    *limiter
	busy  int       // requests that are being answered
	since time.Time // it has been waiting for a request
}

func limit(l net.Listener, most int) *limiter {
	return &limiter{Listener: l, most: most, open: map[*limited]struct{}{}}
}

// Accept implements [net.Listener].
func (l *limiter) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &limited{Conn: conn, of: l, since: time.Now()}
	l.mu.Lock()
	var first *limited
	if len(l.open) >= l.most {
		for other := range l.open {
			if other.busy == 0 && (first == nil || other.since.Before(first.since)) {
				first = other
			}
		}
		if first == nil { // all are being answered: the new one makes way
			first = c
		}
		delete(l.open, first)
	}
	if first != c {
		l.open[c] = struct{}{}
	}
	l.mu.Unlock()
	if first != nil {
		_ = first.Conn.Close()
	}
	return c, nil
}

// Close implements [net.Conn].
func (c *limited) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// connKey is the key of a request's connection in its context.
type connKey struct{}

// context is for [http.Server.ConnContext].
func (l *limiter) context(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = t.NetConn()
	}
	return context.WithValue(ctx, connKey{}, c)
}

// handler marks the connections of requests that are being answered.
func (l *limiter) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := r.Context().Value(connKey{}).(*limited)
		if ok {
			l.mark(c, 1)
			defer l.mark(c, -1)
		}
		next.ServeHTTP(w, r)
	})
}

func (l *limiter) mark(c *limited, by int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.busy += by
	c.since = time.Now()
}
