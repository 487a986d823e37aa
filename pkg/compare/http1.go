package compare

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"sync/atomic"
)

// http1 sends the request over conn as HTTP/1.1. net/http writes it and frames
// the body; header, interim responses and trailers are read by us from the
// bytes that went over the wire.
func (x *run) http1(conn net.Conn) error {
	w := newWire(conn, x.opt.Idle, x.least())
	defer func() { _ = w.Close() }()
	var taken atomic.Bool
	dial := func(context.Context, string, string) (net.Conn, error) {
		if taken.Swap(true) {
			return nil, errors.New("one connection, one exchange")
		}
		return w, nil
	}
	var only http.Protocols
	only.SetHTTP1(true)
	transport := &http.Transport{
		DialContext:            dial,
		DialTLSContext:         dial,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 2 * maxHead, // wire's own limit comes first
		MaxIdleConnsPerHost:    -1,          // closed at the body's end: what comes after it would be logged
		Protocols:              &only,
	}
	defer transport.CloseIdleConnections()

	resp, err := transport.RoundTrip(x.request())
	s := w.state()
	x.noteSent(s.sent)
	x.ex.Timing.FirstByte = milliseconds(s.firstByte)
	malformed := x.noteHead(s)
	if err != nil {
		return x.headFailure(s, err, malformed)
	}
	if x.ex.Status == 0 {
		return x.headFailure(s, errors.New("no status"), malformed)
	}
	defer func() { _ = resp.Body.Close() }()
	declared := contentLength(x.ex.Header)
	if bodyless(x.req.Method, x.ex.Status) {
		x.ex.Body = x.body.result(declared, false)
		if x.ex.Status == http.StatusSwitchingProtocols { // never unasked, RFC 9110 section 15.2.2
			return failf(Protocol, PhaseHeader, "%s switches to another protocol (status 101), which was not asked for", x.peer)
		}
		return nil
	}
	x.bodyBegins()
	err = x.copyBody(resp)
	x.ex.Body = x.body.result(declared, true)
	if err != nil {
		return x.bodyFailure(w.state(), err)
	}
	x.noteTrailer(w.state(), resp.Trailer)
	return x.plainToTLS()
}

// plainToTLS tells the complaint of a TLS port that was spoken to in plain
// HTTP, which servers answer readably, from other answers of status 400.
func (x *run) plainToTLS() error {
	if x.url.Scheme != "http" || x.ex.Status != http.StatusBadRequest {
		return nil
	}
	for _, complaint := range []string{
		"plain HTTP request was sent to HTTPS port",
		"speaking plain HTTP to an SSL-enabled server port",
		"Client sent an HTTP request to an HTTPS server",
	} {
		if strings.Contains(string(x.ex.Body.Sample), complaint) {
			return failf(Protocol, PhaseHeader, "%s speaks TLS on this port: write https:// in the URL", x.peer)
		}
	}
	return nil
}

// request makes net/http's form of the request. Names keep their case because
// they go into the map as they are.
func (x *run) request() *http.Request {
	target := *x.url
	target.User = nil
	h := make(http.Header, len(x.req.Header)+1)
	for _, f := range x.req.Header {
		h[f.Name] = append(h[f.Name], f.Value)
		if strings.EqualFold(f.Name, "User-Agent") && f.Name != "User-Agent" {
			h["User-Agent"] = nil // keeps net/http from adding its own
		}
	}
	r := &http.Request{Method: x.req.Method, URL: &target, Host: x.req.Host, Header: h}
	return r.WithContext(x.ctx)
}

// copyBody streams the body into the sink.
func (x *run) copyBody(resp *http.Response) error {
	size := int64(bufferSize)
	if resp.ContentLength > 0 {
		size = min(size, resp.ContentLength)
	}
	buf := make([]byte, size)
	for {
		n, err := resp.Body.Read(buf)
		if refused := x.take(buf[:n]); refused != nil {
			return refused
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// take takes a piece of the body.
func (x *run) take(p []byte) error {
	_, err := x.body.Write(p)
	if x.req.Progress != nil {
		x.req.Progress(x.body.body.Length, x.expected)
	}
	return err
}

// noteSent reads the request back from the bytes that were written.
func (x *run) noteSent(sent []byte) {
	line, _, _ := strings.Cut(string(sent), "\r\n")
	if parts := strings.Split(line, " "); len(parts) == 3 {
		x.ex.Request.Method = parts[0]
		x.ex.Request.URL = x.sentURL(parts[1])
	}
	// What net/http writes is well formed.
	x.ex.Request.Header, _ = parseFields(sent, 1)
	if x.ex.Request.Header.Has("Host") {
		x.ex.Request.Host = x.ex.Request.Header.Get("Host")
	}
}

// noteHead reads the responses' headers from the recording. The error says
// what is malformed in them.
func (x *run) noteHead(s state) error {
	for _, block := range s.interim {
		if _, _, status, err := parseStatusLine(block); err == nil {
			x.ex.Interim = append(x.ex.Interim, status)
		}
	}
	if s.final == nil {
		return nil
	}
	line, proto, status, err := parseStatusLine(s.final)
	x.ex.StatusLine, x.ex.Proto, x.ex.Status, x.ex.HeaderSize = line, proto, status, len(s.final)
	if err != nil {
		return err
	}
	x.ex.Header, err = parseFields(s.final, 1)
	return err
}

// noteTrailer finds the trailers as they were sent; where they cannot be
// told from what else was read, it takes net/http's account of them.
func (x *run) noteTrailer(s state, parsed http.Header) {
	count := 0
	for _, values := range parsed {
		count += len(values)
	}
	if count == 0 {
		return
	}
	x.ex.Trailer = parseTrailers(s.tail)
	if len(x.ex.Trailer) == count {
		return
	}
	x.ex.Trailer = nil
	for name, values := range parsed {
		for _, v := range values {
			x.ex.Trailer = append(x.ex.Trailer, Field{name, v})
		}
	}
}

// headFailure names what kept a whole header from coming.
func (x *run) headFailure(s state, err, malformed error) error {
	if !s.written {
		return cmp.Or(s.err, err)
	}
	x.phase = PhaseHeader
	pending := string(s.received[s.pending:])
	notHTTP := s.final == nil && pending != "" &&
		!strings.HasPrefix(pending, "HTTP/"[:min(len(pending), len("HTTP/"))])
	switch {
	case x.ctx.Err() != nil:
		return x.ctx.Err()
	case strings.HasPrefix(pending, "\x15\x03") && s.final == nil:
		return failf(Protocol, PhaseHeader, "%s speaks TLS on this port: write https:// in the URL", x.peer)
	case notHTTP:
		first, _, _ := strings.Cut(pending, "\n")
		return failf(Protocol, PhaseHeader, "%s does not answer in HTTP/1: it sent %q", x.peer, clip(first))
	case s.err != nil && s.final == nil:
		return s.err
	case malformed != nil:
		return failf(Protocol, PhaseHeader, "%s sent a response that is not HTTP/1: %s", x.peer, malformed)
	}
	return failf(Protocol, PhaseHeader, "%s sent a response that is not HTTP/1: %s", x.peer, reason(err))
}

// bodyFailure names what kept the whole body from coming.
func (x *run) bodyFailure(s state, err error) error {
	switch {
	case x.ctx.Err() != nil:
		return x.ctx.Err()
	case errors.Is(err, errBodyTooLong):
		return x.tooLong()
	case errors.Is(err, errExpected):
		return failf(Other, PhaseBody, "%s", err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return x.shortBody()
	case s.err != nil && !errors.Is(s.err, io.EOF):
		return s.err
	}
	return failf(Protocol, PhaseBody, "the body that %s sent is not framed as HTTP/1 wants: %s", x.peer, reason(err))
}

func (x *run) tooLong() *Failure {
	return failf(TooLong, PhaseBody, "the body that %s sends is longer than %d bytes: reading was stopped", x.peer, x.body.max)
}

func (x *run) shortBody() *Failure {
	if d := x.ex.Body.Declared; d >= 0 {
		return failf(ShortBody, PhaseBody, "%s declared %d bytes and ended after %d", x.peer, d, x.ex.Body.Length)
	}
	return failf(ShortBody, PhaseBody, "%s ended the body after %d bytes, before its last chunk", x.peer, x.ex.Body.Length)
}

// reason is net/http's complaint without what the peer sent, which could hold
// secrets.
func reason(err error) string {
	text := strings.TrimPrefix(err.Error(), "net/http: HTTP/1.x transport connection broken: ")
	var p textproto.ProtocolError
	if errors.As(err, &p) {
		text, _, _ = strings.Cut(string(p), ":")
	}
	return strings.TrimPrefix(text, "net/http: ")
}
