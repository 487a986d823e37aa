package hostile

import (
	"bytes"
	"io"
	"net"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// HTTP2 is the server's end of an HTTP/2 connection on which one request has
// come; what it answers is up to a script.
type HTTP2 struct {
	*http2.Framer
	net.Conn
	// Request is the client's header, pseudo-fields included, in its order.
	Request []hpack.HeaderField
}

// Block encodes field lines, "name: value", without judging them.
func Block(lines ...string) []byte {
	var b bytes.Buffer
	enc := hpack.NewEncoder(&b)
	for _, l := range lines {
		i := strings.Index(l[1:], ": ") + 1
		_ = enc.WriteField(hpack.HeaderField{Name: l[:i], Value: l[i+2:]})
	}
	return b.Bytes()
}

// Headers sends one header block, the stream's end with it where end is set.
func (p *HTTP2) Headers(end bool, lines ...string) {
	_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: Block(lines...), EndHeaders: true, EndStream: end})
}

// Drain reads until the client goes.
func (p *HTTP2) Drain() { _, _ = io.Copy(io.Discard, p.Conn) }

// SpeakingHTTP2 runs script on every connection, after the client's request
// came. It belongs over TLS with the protocol "h2".
func SpeakingHTTP2(script func(*HTTP2)) func(net.Conn) {
	return func(c net.Conn) {
		if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		p := &HTTP2{Framer: http2.NewFramer(c, c), Conn: c}
		if p.WriteSettings() != nil {
			return
		}
		dec := hpack.NewDecoder(4096, func(f hpack.HeaderField) { p.Request = append(p.Request, f) })
		for {
			f, err := p.ReadFrame()
			if err != nil {
				return
			}
			ended := false
			switch f := f.(type) {
			case *http2.HeadersFrame:
				_, _ = dec.Write(f.HeaderBlockFragment())
				ended = f.HeadersEnded()
			case *http2.ContinuationFrame:
				_, _ = dec.Write(f.HeaderBlockFragment())
				ended = f.HeadersEnded()
			}
			if ended {
				script(p)
				return
			}
		}
	}
}
