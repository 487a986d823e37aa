package appserver

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestBroken: what no proxy sends is refused, told, and does no harm.
func TestBroken(t *testing.T) {
	whole := map[Protocol][]byte{}
	for _, p := range gateways() {
		whole[p] = encode(t, p, pairs{{"REQUEST_URI", "/"}}, "")
	}
	long := strings.Repeat("x", 60_000)
	var much pairs
	for range 20 {
		much = append(much, [2]string{"X", long})
	}
	for _, tt := range []struct {
		name string
		p    Protocol
		sent []byte
		says string
	}{
		{"nothing", FastCGI, nil, ""},
		{"nothing", UWSGI, nil, ""},
		{"nothing", SCGI, nil, ""},
		{"a part", FastCGI, whole[FastCGI][:20], "unexpected EOF"},
		{"a part", UWSGI, whole[UWSGI][:10], "unexpected EOF"},
		{"a part", SCGI, whole[SCGI][:10], "unexpected EOF"},
		{"half a head", SCGI, []byte("12"), "unexpected EOF"},
		{"HTTP", FastCGI, []byte("GET / HTTP/1.1\r\n\r\n"), "no FastCGI: a record of version 71"},
		{"HTTP", UWSGI, []byte("GET / HTTP/1.1\r\n\r\n"), "it is in HTTP"},
		{"HTTP", SCGI, []byte("GET / HTTP/1.1\r\n\r\n"), "does not begin with the size"},
		{"no size", SCGI, []byte(":,"), "does not begin with the size"},
		{"too many digits", SCGI, []byte("00000001:x"), "does not begin with the size"},
		{"too much", SCGI, []byte("9999999:"), "at most 1048576 are read"},
		{"too much", FastCGI, encode(t, FastCGI, much, ""), "more than 1048576 bytes"},
		{"no comma", SCGI, []byte("4:A\x00B\x00;"), "no comma"},
		{"no value", SCGI, []byte("2:A\x00,"), "one has no value"},
		{"no end of a value", SCGI, []byte("3:A\x00B,"), "one has no value"},
		{"a long name", UWSGI, []byte{0, 3, 0, 0, 2, 0, 'A'}, "a name that is longer"},
		{"a long value", UWSGI, []byte{0, 6, 0, 0, 1, 0, 'A', 9, 0, 'B'}, "a value that is longer"},
		{"half a size", UWSGI, []byte{0, 1, 0, 0, 1}, "a name that is longer"},
		{"a long value", FastCGI, bytes.Join([][]byte{beginRecord(0), records(fcgiParams, []byte{1, 0xff, 0xff, 0xff, 0xff, 'A'})}, nil), "longer than its packet"},
		{"half a size", FastCGI, bytes.Join([][]byte{beginRecord(0), records(fcgiParams, []byte{1, 0xff, 0xff})}, nil), "longer than its packet"},
		{"no role", FastCGI, oneRecord(fcgiBegin, 1, nil), "begins without a role"},
		{"a body before its time", FastCGI, append(beginRecord(0), oneRecord(fcgiStdin, 1, []byte("x"))...), "type 5 before the variables end"},
		{"a length that is none", UWSGI, encode(t, UWSGI, pairs{{"CONTENT_LENGTH", "-1"}}, ""), `CONTENT_LENGTH is "-1"`},
		{"a length that is none", SCGI, []byte("17:CONTENT_LENGTH\x00x\x00,"), `CONTENT_LENGTH is "x"`},
	} {
		t.Run(string(tt.p)+"/"+tt.name, func(t *testing.T) {
			addr, log := run(t, &Server{Protocol: tt.p, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was handled") })})
			c := dial(t, addr)
			_, _ = c.Write(tt.sent) // it may be refused before its end
			_ = c.(*net.TCPConn).CloseWrite()
			got, _ := io.ReadAll(c)
			if strings.Contains(string(got), "200 OK") {
				t.Errorf("got %q", got)
			}
			if tt.p == UWSGI && tt.name == "HTTP" && !strings.HasPrefix(string(got), "HTTP/1.1 400 Bad Request\r\n") {
				t.Errorf("got %q", got)
			}
			if !strings.Contains(log.String(), tt.says) || tt.says == "" && log.String() != "" {
				t.Errorf("logged %q", log)
			}
		})
	}
}

// TestBadRequest: a request that HTTP would refuse is refused, with an answer.
func TestBadRequest(t *testing.T) {
	for _, p := range gateways() {
		for _, v := range []pairs{{{"REQUEST_URI", "/%zz"}}, {{"REQUEST_URI", "dl"}}, {{"REQUEST_URI", "/"}, {"HTTP_CONTENT_LENGTH", "x"}}} {
			if p != FastCGI && len(v) == 2 {
				continue // there it says where the request ends
			}
			addr, log := run(t, &Server{Protocol: p, Handler: http.NotFoundHandler()})
			if res, _ := ask(t, addr, p, v, ""); res.StatusCode != http.StatusBadRequest || log.String() == "" {
				t.Errorf("%s %v: %d, %s", p, v, res.StatusCode, log)
			}
		}
	}
}

// TestSlow: who sends too slowly, or takes nothing, is left.
func TestSlow(t *testing.T) {
	for _, p := range gateways() {
		whole := encode(t, p, pairs{{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/"}, {"CONTENT_LENGTH", "5"}}, "12345")
		read := make(chan error, 1)
		addr, _ := run(t, &Server{Protocol: p, Timeout: 50 * time.Millisecond, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			read <- err
		})})
		short := len(whole) - 2
		if p == FastCGI {
			short = len(whole) - 8 - 10 // within the record that holds the body
		}
		for _, sent := range []int{3, short} {
			c := dial(t, addr)
			if _, err := c.Write(whole[:sent]); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(c); err != nil {
				t.Error(err)
			}
		}
		if err := <-read; err == nil {
			t.Errorf("%s: a part of the body was taken for all of it", p)
		}

		written := make(chan error, 1)
		addr, _ = run(t, &Server{Protocol: p, Timeout: 50 * time.Millisecond, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var err error
			for text := bytes.Repeat([]byte("x"), 1<<20); err == nil; {
				_, err = w.Write(text)
			}
			written <- err
		})})
		c := dial(t, addr)
		if _, err := c.Write(whole); err != nil {
			t.Fatal(err)
		}
		if err := <-written; err == nil {
			t.Errorf("%s: no error", p)
		}
	}
}

// TestUnreadBody: a body that the handler leaves is taken, so that a proxy which still
// sends it gets the answer.
func TestUnreadBody(t *testing.T) {
	body := strings.Repeat("x", 8<<20)
	for _, p := range Protocols() {
		addr, _ := run(t, &Server{Protocol: p, Handler: http.NotFoundHandler()})
		if p == HTTP {
			c := dial(t, addr)
			if _, err := io.WriteString(c, "POST / HTTP/1.0\r\nContent-Length: 8388608\r\n\r\n"+body); err != nil {
				t.Error(err)
			}
			if got, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(got), "HTTP/1.0 404 ") {
				t.Errorf("%v: %q", err, got)
			}
			continue
		}
		v := pairs{{"REQUEST_METHOD", "POST"}, {"REQUEST_URI", "/"}, {"CONTENT_LENGTH", "8388608"}}
		if res, text := ask(t, addr, p, v, body); res.StatusCode != 404 || text != "404 page not found\n" {
			t.Errorf("%s: %d %q", p, res.StatusCode, text)
		}
	}
}
