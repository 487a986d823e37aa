package appserver

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// conn is one connection of a proxy.
type conn struct {
	net.Conn
	in    *bufio.Reader
	limit time.Duration // for each read and write
	until time.Time     // for all reads; zero: none

	mu     sync.Mutex
	active bool // a request is under way
	ending bool // no further one is wanted
}

func newConn(c net.Conn, limit time.Duration) *conn {
	own := &conn{Conn: c, limit: limit}
	own.in = bufio.NewReader(readerFunc(own.timedRead))
	return own
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// timedRead reads within the limits of time.
func (c *conn) timedRead(p []byte) (int, error) {
	deadline := time.Now().Add(c.limit)
	if !c.until.IsZero() {
		deadline = c.until
	}
	if err := c.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write writes within the limit of time.
func (c *conn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// within makes all reads until the next call share a time; 0 takes that back.
func (c *conn) within(d time.Duration) {
	c.until = time.Time{}
	if d > 0 {
		c.until = time.Now().Add(d)
	}
}

// closeWrite tells the peer that the answer is whole.
func (c *conn) closeWrite() {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // it is closed wholly soon
	}
}

// begin waits for a request; false means that none comes.
func (c *conn) begin() bool {
	c.within(idleTimeout)
	if _, err := c.in.Peek(1); err != nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active = !c.ending
	return c.active
}

// end says that the request is answered, and tells whether another may come.
func (c *conn) end() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active = false
	return !c.ending
}

// retire makes the connection end after the request that is under way.
func (c *conn) retire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending = true; !c.active {
		_ = c.Close() // nobody waits for anything
	}
}

// conns are the connections of a server.
type conns struct {
	mu  sync.Mutex
	set map[*conn]bool
	wg  sync.WaitGroup
}

func (cs *conns) serve(c *conn, f func(*conn)) {
	cs.mu.Lock()
	cs.set[c] = true
	cs.mu.Unlock()
	cs.wg.Go(func() {
		defer func() {
			_ = c.Close() // read and written to the end, or broken
			cs.mu.Lock()
			delete(cs.set, c)
			cs.mu.Unlock()
		}()
		f(c)
	})
}

func (cs *conns) each(f func(*conn)) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for c := range cs.set {
		f(c)
	}
}

// wait waits for all connections to end, for so long at most.
func (cs *conns) wait(limit time.Duration) {
	done := make(chan struct{})
	go func() {
		cs.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(limit):
	}
}

// accept serves each connection on l until ctx ends.
func (s *Server) accept(ctx context.Context, l net.Listener, read reader) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() }) // Accept tells
	defer stop()
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	all := conns{set: map[*conn]bool{}}
	defer func() {
		all.each((*conn).retire)
		all.wait(grace)
		cancel()
		all.each(func(c *conn) { _ = c.Close() })
		all.wait(grace)
	}()
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			of := base
			if s.ConnContext != nil {
				of = s.ConnContext(base, c)
			}
			all.serve(newConn(c, s.timeout()), func(c *conn) { s.talk(of, c, read) })
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ECONNABORTED):
			s.logf("no connection could be accepted: %v; trying again", err)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		default:
			return err
		}
	}
}

// A reader reads the head of a request from a connection.
type reader func(c *conn) (*incoming, error)

// incoming is a request that has arrived but for its body.
type incoming struct {
	vars vars
	body io.Reader // ends where the body does
	out  io.Writer // takes the answer
	keep bool      // the connection takes another request afterwards
	// finish says that the answer is whole.
	finish func() error
	// statusLine is what the answer begins with in place of "Status:".
	statusLine string
}

// talk answers the requests of a connection one after the other.
func (s *Server) talk(ctx context.Context, c *conn, read reader) {
	for c.begin() {
		c.within(s.timeout())
		in, err := read(c)
		c.within(0)
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				s.logf("%s request from %q: %v", s.Protocol, c.RemoteAddr(), err)
			}
			return
		}
		if !s.answer(ctx, c, in) || !in.keep || !c.end() {
			return
		}
	}
}

// answer has a request answered and takes the rest of its body, so that a proxy
// which still sends gets the answer. It reports whether all went well.
func (s *Server) answer(ctx context.Context, c *conn, in *incoming) bool {
	if !s.handle(ctx, c, in) {
		return false
	}
	if err := in.finish(); err != nil {
		return false
	}
	left, err := io.CopyN(io.Discard, in.body, maxDrain)
	return errors.Is(err, io.EOF) && left < maxDrain
}
