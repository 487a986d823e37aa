package compare

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxHead is how many bytes of header (interim responses included) are taken
// from a peer before it is given up.
const maxHead = 256 << 10

// maxLine is how much of a status line is kept.
const maxLine = 1 << 10

// tailSize is how much of the end of a response is remembered, to find the
// trailers in. net/http refuses trailers longer than its 4 KiB read buffer.
const tailSize = 8 << 10

var errHeadTooLong = errors.New("the header is longer than 256 KiB")

// wire is a net.Conn that remembers the header bytes of the one exchange that
// runs over it, in both directions, and the last bytes of what was read.
// It holds reads back until the request has been written, so that a peer that
// speaks first is judged like any other.
type wire struct {
	net.Conn
	idle time.Duration // longest time within the body in which less than step bytes come
	step int

	wrote     chan struct{} // closed by the first Write, or by Close
	wroteOnce sync.Once

	mu          sync.Mutex
	sent        []byte // request header, up to maxHead
	head        []byte // header blocks received, up to maxHead
	scanned     int    // bytes of head known to hold no unseen end of block
	block       int    // where the block being received begins in head
	blocks      [][]byte
	headDone    bool
	since       int // bytes of the body since the clock was started, step before it is
	tail        []byte
	writeFailed bool
	err         error     // what ended reading: a limit of ours or the connection's error
	lastWrite   time.Time // when the latest Write returned
	firstRead   time.Time // when the first byte came
}

func newWire(c net.Conn, idle time.Duration, step int) *wire {
	return &wire{Conn: c, idle: idle, step: step, since: step, wrote: make(chan struct{})}
}

func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	w.sent = append(w.sent, p[:min(len(p), maxHead-len(w.sent))]...)
	w.mu.Unlock()
	n, err := w.Conn.Write(p)
	w.mu.Lock()
	w.lastWrite = time.Now()
	if err != nil {
		w.writeFailed, w.err = true, err
	}
	w.mu.Unlock()
	w.wroteOnce.Do(func() { close(w.wrote) })
	return n, err
}

func (w *wire) Close() error {
	w.wroteOnce.Do(func() { close(w.wrote) })
	return w.Conn.Close()
}

func (w *wire) Read(p []byte) (int, error) {
	<-w.wrote
	w.mu.Lock()
	wind := w.headDone && w.idle > 0 && w.since >= w.step
	if wind {
		w.since = 0
	}
	w.mu.Unlock()
	if wind {
		// An error here shows again in Read.
		_ = w.Conn.SetReadDeadline(time.Now().Add(w.idle))
	}
	n, err := w.Conn.Read(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since += n
	if limit := w.record(p[:n]); limit != nil {
		n, err = 0, limit
	}
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}

// record takes bytes that were read.
func (w *wire) record(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if w.firstRead.IsZero() {
		w.firstRead = time.Now()
	}
	if !w.headDone {
		room := maxHead - len(w.head)
		w.head = append(w.head, p[:min(len(p), room)]...)
		w.scan()
		if !w.headDone && len(p) > room {
			return errHeadTooLong
		}
	}
	if len(p) >= tailSize {
		w.tail = append(w.tail[:0], p[len(p)-tailSize:]...)
		return nil
	}
	if over := len(w.tail) + len(p) - tailSize; over > 0 {
		w.tail = append(w.tail[:0], w.tail[over:]...)
	}
	w.tail = append(w.tail, p...)
	return nil
}

// scan cuts head into complete header blocks, up to and including the final
// response's.
func (w *wire) scan() {
	for !w.headDone {
		end := blockEnd(w.head, max(w.block, w.scanned-3))
		if end < 0 {
			w.scanned = len(w.head)
			return
		}
		block := w.head[w.block:end]
		w.blocks = append(w.blocks, block)
		w.block, w.scanned = end, end
		_, _, status, err := parseStatusLine(block)
		w.headDone = err != nil || status < 100 || status > 199 || status == 101
	}
}

// blockEnd returns the offset after the first empty line at or after from, -1
// if there is none. Lines end in CRLF or, tolerated, in LF (RFC 9112 section 2.2).
func blockEnd(b []byte, from int) int {
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return -1
		}
		from += i + 1
		switch rest := b[from:]; {
		case len(rest) > 0 && rest[0] == '\n':
			return from + 1
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			return from + 2
		}
	}
}

// state is a snapshot of what a wire has seen.
type state struct {
	sent, received []byte   // all header bytes
	pending        int      // where in received the response begins that is not complete
	written        bool     // the request went out
	interim        [][]byte // header blocks of 1xx responses
	final          []byte   // the final response's header block, nil if it did not come whole
	tail           []byte
	err            error
	firstByte      time.Duration
}

func (w *wire) state() state {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := state{
		sent: bytes.Clone(w.sent), received: bytes.Clone(w.head), pending: w.block,
		written: !w.lastWrite.IsZero() && !w.writeFailed,
		interim: w.blocks, tail: bytes.Clone(w.tail), err: w.err,
	}
	if w.headDone {
		s.interim, s.final = w.blocks[:len(w.blocks)-1], w.blocks[len(w.blocks)-1]
	}
	if !w.firstRead.IsZero() {
		s.firstByte = max(0, w.firstRead.Sub(w.lastWrite))
	}
	return s
}

// parseStatusLine reads the first line of a header block (RFC 9112 section 4).
func parseStatusLine(block []byte) (line, proto string, status int, err error) {
	first, _, _ := bytes.Cut(block, []byte("\n"))
	first = first[:min(len(first), maxLine)]
	line = strings.ToValidUTF8(strings.TrimSuffix(string(first), "\r"), "\uFFFD")
	proto, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	status, err = strconv.Atoi(code)
	if err != nil || len(code) != 3 || status < 100 || !strings.HasPrefix(proto, "HTTP/") {
		return line, "", 0, fmt.Errorf("malformed status line %q", clip(line))
	}
	return line, proto, status, nil
}

// parseFields reads the field lines of a header block that follow its first
// line (RFC 9112 section 5), or with trailers all of it: nothing is merged,
// reordered or renamed. A folded line (section 5.2) is joined to the one before by
// a space. It returns what it understood and an error that names the first
// line that is none.
func parseFields(block []byte, first int) (Header, error) {
	var h Header
	var malformed error
	lines := bytes.Split(block, []byte("\n"))
	for i := first; i < len(lines); i++ {
		line := bytes.TrimSuffix(lines[i], []byte("\r"))
		if len(line) == 0 {
			break
		}
		if (line[0] == ' ' || line[0] == '\t') && len(h) > 0 {
			last := &h[len(h)-1]
			last.Value = strings.Trim(last.Value+" "+strings.Trim(string(line), " \t"), " \t")
			continue
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(name) == 0 {
			if malformed == nil {
				malformed = fmt.Errorf("line %d of the header is not a field", i+1)
			}
			continue
		}
		h = append(h, Field{
			Name:  strings.ToValidUTF8(string(name), "\uFFFD"),
			Value: strings.Trim(string(value), " \t"),
		})
	}
	return h, malformed
}

// parseTrailers finds the trailer fields at the end of a chunked body: the
// lines after its last chunk (RFC 9112 section 7.1.2). nil if tail does not end in them.
func parseTrailers(tail []byte) Header {
	lines := bytes.SplitAfter(tail, []byte("\n"))
	for i := len(lines) - 1; i >= 0; i-- {
		size, _, _ := strings.Cut(strings.TrimSpace(string(lines[i])), ";")
		if size == "" || strings.Trim(size, "0") != "" {
			continue
		}
		h, err := parseFields(bytes.Join(lines[i+1:], nil), 0)
		if err != nil {
			return nil
		}
		return h
	}
	return nil
}

// contentLength is the one number that all Content-Length fields agree on, -1
// if there is none.
func contentLength(h Header) int64 {
	length := int64(-1)
	for _, v := range h.Values("Content-Length") {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 || (length >= 0 && n != length) {
			return -1
		}
		length = n
	}
	return length
}

// clip shortens what a peer sent to what a message can show.
func clip(s string) string {
	const limit = 48
	if len(s) > limit {
		return s[:limit] + "…"
	}
	return s
}
