package appserver

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/fcgi"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestFastCGIConnection: one connection, several requests, and what else may come
// over it.
func TestFastCGIConnection(t *testing.T) {
	addr, log := run(t, &Server{Protocol: FastCGI, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		io.WriteString(w, r.RequestURI+" "+string(body))
	})})
	c := dial(t, addr)
	send := func(parts ...[]byte) {
		t.Helper()
		if _, err := c.Write(bytes.Join(parts, nil)); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(kind byte, id uint16, content string) {
		t.Helper()
		k, i, got := readRecord(t, c)
		if k != kind || i != id || string(got) != content {
			t.Errorf("record %d of %d: %q, want %d of %d: %q", k, i, got, kind, id, content)
		}
	}
	answered := func(text string) {
		t.Helper()
		if got := string(stdoutOf(t, c)); !strings.HasSuffix(got, "\r\n\r\n"+text) {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	params := func(uri, length string) []byte {
		return records(fcgiParams, fastcgiPair(fastcgiPair(nil, "REQUEST_URI", uri), "CONTENT_LENGTH", length))
	}

	send(oneRecord(fcgiGetValues, 0, fastcgiPair(nil, "FCGI_MPXS_CONNS", "")))
	expect(fcgiValuesResult, 0, "\x0f\x01FCGI_MPXS_CONNS0")
	send(oneRecord(77, 0, nil))
	expect(fcgiUnknownType, 0, "\x4d\x00\x00\x00\x00\x00\x00\x00")
	send(oneRecord(fcgiBegin, 3, []byte{0, 2, 1, 0, 0, 0, 0, 0})) // an authorizer
	expect(fcgiEnd, 3, "\x00\x00\x00\x00\x03\x00\x00\x00")
	send(beginRecord(fcgiKeep), params("/one", "10"), oneRecord(fcgiStdin, 1, []byte("01234")),
		oneRecord(fcgiBegin, 2, []byte{0, 1, 1, 0, 0, 0, 0, 0}), oneRecord(fcgiParams, 2, nil), oneRecord(fcgiStdin, 1, []byte("56789")), oneRecord(fcgiStdin, 1, nil))
	expect(fcgiEnd, 2, "\x00\x00\x00\x00\x01\x00\x00\x00") // one at a time
	answered("/one 0123456789")
	send(beginRecord(fcgiKeep), oneRecord(fcgiParams, 1, []byte{200}), oneRecord(fcgiAbort, 1, nil))
	expect(fcgiEnd, 1, "\x00\x00\x00\x00\x00\x00\x00\x00")
	send(beginRecord(0), params("/"+strings.Repeat("long", 1000), ""), records(fcgiStdin, nil))
	answered("/" + strings.Repeat("long", 1000) + " ")
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
		t.Errorf("after the last request: %q, %v", rest, err)
	}
	if log.String() != "" {
		t.Errorf("logged: %s", log)
	}
}

// TestFastCGILikeStandard: the standard library's server sends the same answer to
// the same bytes, but for the date that it adds.
func TestFastCGILikeStandard(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		w.Header().Set("X-Saw", r.Method+" "+r.URL.RequestURI()+" "+r.Host+" "+r.Header.Get("X-Y"))
		w.Header().Set("Date", "now")
		w.WriteHeader(http.StatusTeapot)
		if err == nil {
			_, _ = w.Write(bytes.ToUpper(body))
		}
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- fcgi.Serve(l, handler) }()
	defer func() { l.Close(); <-ended }()
	own, _ := run(t, &Server{Protocol: FastCGI, Handler: handler})
	v := pairs{{"REQUEST_METHOD", "POST"}, {"REQUEST_URI", "/dl/a%20b?c=d"}, {"SERVER_PROTOCOL", "HTTP/1.1"}, {"HTTP_HOST", "h"}, {"HTTP_X_Y", strings.Repeat("z", 300)}, {"CONTENT_LENGTH", "5000"}}
	body := strings.Repeat("b", 5000)
	want, wantBody := ask(t, l.Addr().String(), FastCGI, v, body)
	got, gotBody := ask(t, own, FastCGI, v, body)
	if diff := cmp.Diff(want.Header, got.Header); diff != "" || want.StatusCode != got.StatusCode || wantBody != gotBody {
		t.Errorf("%d and %d, %d and %d bytes: %s", want.StatusCode, got.StatusCode, len(wantBody), len(gotBody), diff)
	}
}

// spoken is a connection on which all is said, and which takes everything.
type spoken struct {
	net.Conn
	io.Reader
}

func (c spoken) Read(p []byte) (int, error)     { return c.Reader.Read(p) }
func (spoken) Write(p []byte) (int, error)      { return len(p), nil }
func (spoken) SetReadDeadline(time.Time) error  { return nil }
func (spoken) SetWriteDeadline(time.Time) error { return nil }
func (spoken) RemoteAddr() net.Addr             { return &net.UnixAddr{} }
func (spoken) LocalAddr() net.Addr              { return &net.UnixAddr{} }

// fuzz reads a request from bytes and has it answered.
func fuzz(f *testing.F, p Protocol, read reader) {
	for _, v := range []pairs{{}, {{"REQUEST_URI", "/dl/a%20b"}, {"HTTP_HOST", "h"}}, {{"SCRIPT_NAME", "/a"}, {"HTTP_COOKIE", ""}, {"HTTP_COOKIE", "b"}}} {
		f.Add(encode(f, p, v, ""))
		f.Add(encode(f, p, v, "body"))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		c := newConn(spoken{Reader: bytes.NewReader(sent)}, defaultTimeout)
		in, err := read(c)
		if err != nil {
			return
		}
		if n := len(in.vars); n > len(sent) {
			t.Errorf("%d variables of %d bytes", n, len(sent))
		}
		var out bytes.Buffer
		in.out = &out
		s := &Server{Protocol: p, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if len(body) > len(sent) || r.RequestURI == "" || r.URL == nil || int64(len(body)) > r.ContentLength {
				t.Errorf("%q with a body of %d", r.RequestURI, len(body))
			}
			if r.Header.Get("Host") != "" {
				t.Errorf("Host %q as a field", r.Header.Get("Host"))
			}
		}), ErrorLog: log.New(io.Discard, "", 0)}
		if !s.handle(context.Background(), c, in) || out.Len() == 0 {
			t.Error("no answer")
		}
	})
}

func FuzzUWSGI(f *testing.F)   { fuzz(f, UWSGI, readUWSGI) }
func FuzzSCGI(f *testing.F)    { fuzz(f, SCGI, readSCGI) }
func FuzzFastCGI(f *testing.F) { fuzz(f, FastCGI, readFastCGI) }
