package appserver

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// small is how much of a body is kept back before its length is left open.
const small = 2 << 10

// response writes an answer as CGI says it (RFC 3875, section 6): "Status: 200 OK"
// or a status line, fields, an empty line, and the body.
type response struct {
	in     *incoming
	head   bool // the body is not wanted
	header http.Header

	status  int         // 0: not decided
	fixed   http.Header // as it was when the status was decided
	sent    bool        // the fields are
	kept    []byte      // the body before they are
	room    int64       // what the declared length leaves; -1: none is declared
	failure error
}

func newResponse(in *incoming, head bool) *response {
	return &response{in: in, head: head, header: http.Header{}, room: -1}
}

// Header implements [http.ResponseWriter].
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements [http.ResponseWriter]. Interim answers are left out: CGI has
// none.
func (w *response) WriteHeader(status int) {
	if w.status != 0 || status < 200 || status > 999 {
		return
	}
	w.status, w.fixed = status, w.header.Clone()
	for _, name := range []string{"Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade"} {
		w.fixed.Del(name) // RFC 3875, section 6.3.4: of the connection, not of the application
	}
	if n, err := strconv.ParseInt(w.fixed.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		w.room = n
	} else {
		w.fixed.Del("Content-Length")
	}
}

// Write implements [http.ResponseWriter].
func (w *response) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if !w.bodied() {
		return 0, http.ErrBodyNotAllowed
	}
	if w.head || len(p) == 0 {
		return len(p), w.failure
	}
	var tooLong error
	if w.room >= 0 {
		if int64(len(p)) > w.room {
			p, tooLong = p[:w.room], http.ErrContentLength
		}
		w.room -= int64(len(p))
	}
	if !w.sent && len(w.kept)+len(p) <= small {
		w.kept = append(w.kept, p...)
		return len(p), tooLong
	}
	w.sendHeader(p)
	w.send(p)
	if w.failure != nil {
		return 0, w.failure
	}
	return len(p), tooLong
}

// FlushError sends what was kept back; see [http.ResponseController].
func (w *response) FlushError() error {
	w.WriteHeader(http.StatusOK)
	w.sendHeader(nil)
	return w.failure
}

// Flush implements [http.Flusher].
func (w *response) Flush() { _ = w.FlushError() }

// finish sends what is left of the answer.
func (w *response) finish() error {
	w.WriteHeader(http.StatusOK)
	if !w.sent && w.bodied() && !w.head && w.fixed.Get("Content-Length") == "" {
		w.fixed.Set("Content-Length", strconv.Itoa(len(w.kept)))
	}
	w.sendHeader(nil)
	return w.failure
}

// bodied says that an answer of this status has a body (RFC 9110, section 6.4.1).
func (w *response) bodied() bool {
	return w.status != http.StatusNoContent && w.status != http.StatusNotModified
}

// sendHeader sends the fields and the body that was kept back, once. next is what
// comes after that.
func (w *response) sendHeader(next []byte) {
	if w.sent {
		return
	}
	w.sent = true
	if sample := append(w.kept, next[:min(len(next), 512)]...); len(sample) > 0 && w.fixed.Get("Content-Type") == "" {
		w.fixed.Set("Content-Type", http.DetectContentType(sample))
	}
	var b bytes.Buffer
	if w.in.statusLine != "" {
		fmt.Fprintf(&b, "%s %d %s\r\n", w.in.statusLine, w.status, http.StatusText(w.status))
	} else {
		fmt.Fprintf(&b, "Status: %d %s\r\n", w.status, http.StatusText(w.status))
	}
	_ = w.fixed.Write(&b) // a buffer takes all; line ends in values become blanks
	b.WriteString("\r\n")
	b.Write(w.kept)
	w.kept = nil
	w.send(b.Bytes())
}

func (w *response) send(p []byte) {
	if w.failure == nil {
		_, w.failure = w.in.out.Write(p)
	}
}

var _ io.Writer = (*response)(nil)
