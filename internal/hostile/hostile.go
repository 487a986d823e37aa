// Package hostile holds servers for tests that break HTTP in every way that a
// client must survive: they never answer, never end, lie about lengths, or
// speak something else. Each is a function that is run for one connection.
package hostile

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// Serve runs handle for every connection of a listener on loopback until the
// test ends, and returns the listener's address, host:port. A connection is
// closed when handle returns, at the latest when the test ends: whatever
// handle is doing with it then fails.
func Serve(t testing.TB, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		conns []net.Conn
	)
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			wg.Go(func() {
				defer func() { _ = c.Close() }()
				handle(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String()
}

// ReadRequest reads one HTTP/1 request; nil where none came.
func ReadRequest(c net.Conn) *http.Request {
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return nil
	}
	return r
}

// Answering reads one request, writes response as it is, and closes.
func Answering(response string) func(net.Conn) {
	return func(c net.Conn) {
		ReadRequest(c)
		_, _ = io.WriteString(c, response)
	}
}

// Holding reads one request, writes response as it is, and keeps the
// connection open until the client closes it.
func Holding(response string) func(net.Conn) {
	return func(c net.Conn) {
		ReadRequest(c)
		_, _ = io.WriteString(c, response)
		_, _ = io.Copy(io.Discard, c)
	}
}

// Forever reads one request, writes first, and then again until the client goes.
func Forever(first, again string) func(net.Conn) {
	return func(c net.Conn) {
		ReadRequest(c)
		_, err := io.WriteString(c, first)
		for err == nil {
			_, err = io.WriteString(c, again)
		}
	}
}

// Dripping reads one request, writes first, and then one byte at a time, one
// each period, until the client goes.
func Dripping(first string, period time.Duration) func(net.Conn) {
	return func(c net.Conn) {
		ReadRequest(c)
		_, err := io.WriteString(c, first)
		tick := time.NewTicker(period)
		defer tick.Stop()
		for err == nil {
			<-tick.C
			_, err = io.WriteString(c, "x")
		}
	}
}

// Resetting reads one request and answers with RST.
func Resetting(c net.Conn) {
	ReadRequest(c)
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}
