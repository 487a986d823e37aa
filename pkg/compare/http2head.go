package compare

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http2/hpack"
)

// fragment adds to the header block and, at its end, decodes it.
func (h *h2) fragment(p []byte, end bool) error {
	if h.received += len(p) + 9; h.received > maxHead {
		return errHeadTooLong
	}
	h.block = append(h.block, p...)
	if !end {
		return nil
	}
	h.fields = nil
	_, err := h.dec.Write(h.block)
	if err == nil {
		err = h.dec.Close()
	}
	switch {
	case h.decoded > maxHead, errors.Is(err, hpack.ErrStringLength):
		return errHeadTooLong
	case err != nil:
		return h.protocol("its header cannot be decompressed")
	}
	return h.headers()
}

// field takes one decoded field. What is beyond the limit is dropped: a small
// block can name a long field of the table very often.
func (h *h2) field(f hpack.HeaderField) {
	if h.decoded += int(f.Size()); h.decoded <= maxHead {
		h.fields = append(h.fields, Field{strings.ToValidUTF8(f.Name, "\uFFFD"), f.Value})
	}
}

// headers judges a whole header block: an interim response, the response, or
// the trailers.
func (h *h2) headers() error {
	var fields Header
	status := ""
	malformed := ""
	for _, f := range h.fields {
		switch {
		case f.Name == ":status":
			status = f.Value
		case strings.ToLower(f.Name) != f.Name:
			malformed = fmt.Sprintf("the field name %q has upper-case letters, which HTTP/2 forbids", clip(f.Name))
			fallthrough
		default:
			fields = append(fields, f)
		}
	}
	if h.phase == PhaseBody {
		h.ex.Trailer = fields
		if h.done = h.endsHere; !h.done {
			return h.protocol("its trailers do not end the response")
		}
		return nil
	}
	code, err := strconv.Atoi(status)
	if err != nil || len(status) != 3 || code < 100 {
		return h.protocol(fmt.Sprintf("its :status is %q", clip(status)))
	}
	h.ex.Timing.FirstByte = milliseconds(time.Since(h.sentAt))
	if code < 200 {
		h.ex.Interim = append(h.ex.Interim, code)
		if h.endsHere {
			return h.protocol("it ends with an interim response")
		}
		return nil
	}
	h.ex.Proto, h.ex.StatusLine = "HTTP/2", "HTTP/2 "+status
	h.ex.Status, h.ex.Header = code, fields
	if malformed != "" {
		return h.protocol(malformed)
	}
	h.bodyBegins()
	h.done = h.endsHere || bodyless(h.req.Method, code)
	return h.keepAwake()
}
