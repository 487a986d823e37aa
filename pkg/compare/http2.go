package compare

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	streamID   = 1
	windowSize = 4 << 20  // flow-control window of the connection and of the stream
	windowStep = 1 << 20  // how much is consumed before the windows are opened again
	maxFrame   = 16 << 10 // what every peer takes, and all that we take (RFC 9113 section 6.5.2)
	firstGrant = 65535    // every connection's first window (RFC 9113 section 6.9.2)
)

// h2 is one request on one HTTP/2 connection (RFC 9113). The header blocks are
// decoded here and not by Framer.ReadMetaHeaders, so that fields that
// HTTP/2 forbids are seen, too.
type h2 struct {
	*run
	conn net.Conn
	out  *bufio.Writer
	fr   *http2.Framer
	dec  *hpack.Decoder

	began    bool // the peer's SETTINGS came
	block    []byte
	endsHere bool   // the header block being received ends the stream
	fields   Header // of the block being decoded, pseudo-fields included
	decoded  int    // bytes of all header fields so far
	received int    // bytes of all header frames so far
	data     int    // bytes of DATA since the windows were opened
	since    int    // bytes of the body since the clock was started
	sentAt   time.Time
	done     bool
}

// http2 sends the request over conn as HTTP/2 and reads the answer.
func (x *run) http2(conn net.Conn) error {
	h := &h2{run: x, conn: conn, out: bufio.NewWriter(conn)}
	defer func() { _ = conn.Close() }()
	h.fr = http2.NewFramer(h.out, bufio.NewReaderSize(conn, 32<<10))
	h.fr.SetReuseFrames()
	h.fr.SetMaxReadFrameSize(maxFrame)
	h.dec = hpack.NewDecoder(4096, h.field)
	h.dec.SetMaxStringLength(maxHead)
	if err := h.send(); err != nil {
		return err
	}
	x.phase = PhaseHeader
	for !h.done {
		err := h.step()
		if err == nil {
			err = h.out.Flush()
		}
		if err != nil {
			x.ex.Body = x.body.result(contentLength(x.ex.Header), x.phase == PhaseBody)
			return h.explain(err)
		}
	}
	return h.finish()
}

// send writes the preface, our settings and the request.
func (h *h2) send() error {
	fields := h.request()
	var block strings.Builder
	enc := hpack.NewEncoder(&block)
	for _, f := range fields {
		if err := enc.WriteField(hpack.HeaderField{Name: f.Name, Value: f.Value}); err != nil {
			return err
		}
	}
	_, preface := h.out.WriteString(http2.ClientPreface)
	err := errors.Join(preface,
		h.fr.WriteSettings(
			http2.Setting{ID: http2.SettingEnablePush, Val: 0},
			http2.Setting{ID: http2.SettingInitialWindowSize, Val: windowSize},
			http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: maxHead}),
		h.fr.WriteWindowUpdate(0, windowSize-firstGrant),
		h.writeHeaders([]byte(block.String())),
		h.out.Flush())
	h.sentAt = time.Now()
	return err
}

// writeHeaders cuts a header block into frames of the size every peer takes.
func (h *h2) writeHeaders(block []byte) error {
	n := min(maxFrame, len(block))
	err := h.fr.WriteHeaders(http2.HeadersFrameParam{
		StreamID: streamID, BlockFragment: block[:n], EndStream: true, EndHeaders: n == len(block),
	})
	for block = block[n:]; err == nil && len(block) > 0; block = block[n:] {
		n = min(maxFrame, len(block))
		err = h.fr.WriteContinuation(streamID, n == len(block), block[:n])
	}
	return err
}

// request lists the fields to send, pseudo-fields first, and notes them as
// sent. Fields that HTTP/2 forbids (RFC 9113 section 8.2.2) are left out.
func (h *h2) request() Header {
	fields := Header{
		{":method", h.req.Method},
		{":scheme", h.url.Scheme},
		{":authority", h.req.Host},
		{":path", h.url.RequestURI()},
	}
	pseudo := len(fields)
	for _, f := range h.req.Header {
		name := strings.ToLower(f.Name)
		switch name {
		case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade":
			continue
		}
		fields = append(fields, Field{name, f.Value})
	}
	h.ex.Request.Header = fields[pseudo:]
	return fields
}

// step reads one frame and acts on it.
func (h *h2) step() error {
	f, err := h.fr.ReadFrame()
	if err != nil {
		return err
	}
	if _, ok := f.(*http2.SettingsFrame); !ok && !h.began {
		return h.protocol("its first frame is not SETTINGS")
	}
	switch f := f.(type) {
	case *http2.SettingsFrame:
		h.began = true
		if !f.IsAck() {
			return h.fr.WriteSettingsAck()
		}
	case *http2.PingFrame:
		if !f.IsAck() {
			return h.fr.WritePing(true, f.Data)
		}
	case *http2.GoAwayFrame:
		// Without an error and with our stream among those that are served,
		// it only says that there will be no further ones.
		if f.ErrCode != http2.ErrCodeNo || f.LastStreamID < streamID {
			return h.aborted("closed the HTTP/2 connection (GOAWAY)", f.ErrCode)
		}
	case *http2.RSTStreamFrame:
		if f.StreamID == streamID {
			return h.aborted("cancelled the request (RST_STREAM)", f.ErrCode)
		}
	case *http2.PushPromiseFrame:
		return h.protocol("it pushes responses, which was switched off")
	case *http2.HeadersFrame:
		if f.StreamID != streamID {
			return h.protocol("it answers a request that was not sent")
		}
		h.block, h.endsHere = h.block[:0], f.StreamEnded()
		return h.fragment(f.HeaderBlockFragment(), f.HeadersEnded())
	case *http2.ContinuationFrame:
		return h.fragment(f.HeaderBlockFragment(), f.HeadersEnded())
	case *http2.DataFrame:
		return h.dataFrame(f)
	}
	return nil
}

// dataFrame takes a piece of the body and keeps the windows open.
func (h *h2) dataFrame(f *http2.DataFrame) error {
	if f.StreamID != streamID || h.phase != PhaseBody {
		return h.protocol("it sends a body before the header")
	}
	if err := h.take(f.Data()); err != nil {
		return err
	}
	h.done = f.StreamEnded()
	// Padding counts for flow control, too (RFC 9113 section 6.1).
	if h.data += int(f.Length); h.data >= windowStep && !h.done {
		grant := uint32(h.data)
		h.data = 0
		if err := errors.Join(h.fr.WriteWindowUpdate(0, grant), h.fr.WriteWindowUpdate(streamID, grant)); err != nil {
			return err
		}
	}
	h.since += len(f.Data())
	if len(f.Data()) == 0 || h.since < h.least() {
		return nil
	}
	return h.keepAwake()
}

// keepAwake starts the clock for the next piece of the body; other frames, such
// as PING, do not start it anew.
func (h *h2) keepAwake() error {
	h.since = 0
	return h.conn.SetReadDeadline(time.Now().Add(h.opt.Idle))
}

// finish checks the length that was declared.
func (h *h2) finish() error {
	declared := contentLength(h.ex.Header)
	has := !bodyless(h.req.Method, h.ex.Status)
	h.ex.Body = h.body.result(declared, has)
	switch n := h.ex.Body.Length; {
	case has && declared > n:
		return h.shortBody()
	case has && declared >= 0 && declared < n:
		return h.protocol(fmt.Sprintf("it declared %d bytes and sent %d", declared, n))
	}
	return nil
}

// explain names what ended the exchange early.
func (h *h2) explain(err error) error {
	var (
		stream http2.StreamError
		conn   http2.ConnectionError
	)
	switch {
	case h.ctx.Err() != nil:
		return h.ctx.Err()
	case errors.Is(err, errBodyTooLong):
		return h.tooLong()
	case errors.Is(err, errExpected):
		return failf(Other, PhaseBody, "%s", err)
	case errors.As(err, &stream), errors.As(err, &conn), errors.Is(err, http2.ErrFrameTooLarge):
		return h.protocol("it sends frames that HTTP/2 forbids")
	case h.phase == PhaseBody && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		return h.shortBody()
	}
	return err
}

func (h *h2) protocol(what string) *Failure {
	return failf(Protocol, h.phase, "%s does not speak HTTP/2 correctly: %s", h.peer, what)
}

// aborted names a GOAWAY or RST_STREAM.
func (h *h2) aborted(how string, code http2.ErrCode) *Failure {
	if code == http2.ErrCodeHTTP11Required {
		return failf(Protocol, h.phase, "%s %s: it wants HTTP/1.1 for this request", h.peer, how)
	}
	return failf(Reset, h.phase, "%s %s with the code %s", h.peer, how, code)
}
