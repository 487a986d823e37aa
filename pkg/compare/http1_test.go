package compare

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/hostile"
)

func TestHTTP1HeaderAsOnTheWire(t *testing.T) {
	addr := hostile.Serve(t, hostile.Answering("HTTP/1.1 200 All  Right\r\n"+
		"X-b: 2\r\nx-A:1\r\nSet-Cookie: a=1\r\nX-B:  three \r\nset-cookie: b=2\r\n"+
		"X-Fold: one\r\n\ttwo\r\nX-Empty:\r\nX-Latin: caf\xe9\r\ncontent-LENGTH: 5\r\n\r\nhello"))
	x := capture(t, Options{}, Request{URL: "http://" + addr + "/a%2fb?c=%20d#frag", Expect: content("hello")})
	if x.Failure != nil {
		t.Fatal(x.Failure)
	}
	want := Header{
		{"X-b", "2"}, {"x-A", "1"}, {"Set-Cookie", "a=1"}, {"X-B", "three"}, {"set-cookie", "b=2"},
		{"X-Fold", "one two"}, {"X-Empty", ""}, {"X-Latin", "caf\xe9"}, {"content-LENGTH", "5"},
	}
	if d := cmp.Diff(want, x.Header); d != "" {
		t.Errorf("header (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"2", "three"}, x.Header.Values("X-B")); d != "" {
		t.Error(d)
	}
	if x.StatusLine != "HTTP/1.1 200 All  Right" || x.Proto != "HTTP/1.1" || x.Status != 200 || x.Remote != addr {
		t.Errorf("status line %q, proto %q, status %d, remote %q", x.StatusLine, x.Proto, x.Status, x.Remote)
	}
	if want := "http://" + addr + "/a%2fb?c=%20d"; x.Request.URL != want {
		t.Errorf("sent URL %q, want %q", x.Request.URL, want)
	}
	if x.Timing.Total <= 0 || x.Timing.Total < x.Timing.FirstByte {
		t.Errorf("timing %+v", x.Timing)
	}
}

func TestExchangeRoundTripsThroughJSON(t *testing.T) {
	addr := hostile.Serve(t, hostile.Answering("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nX-Latin: caf\xe9\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabd\r\n0\r\nX-T: 1\r\n\r\n"))
	x := capture(t, Options{}, Request{URL: "http://" + addr, Expect: content("abc")})
	data, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	var y Exchange
	if err := json.Unmarshal(data, &y); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(x, y); d != "" {
		t.Errorf("after JSON (-want +got):\n%s", d)
	}
	if !bytes.Contains(data, []byte(`{"name":"X-Latin","value":"café","raw":"Y2Fm6Q=="}`)) {
		t.Errorf("JSON: %s", data)
	}
}

func TestHTTP1RequestAsOnTheWire(t *testing.T) {
	got := make(chan string, 1)
	addr := hostile.Serve(t, func(c net.Conn) {
		var b strings.Builder
		for r := bufio.NewReader(c); ; {
			line, err := r.ReadString('\n')
			b.WriteString(line)
			if err != nil || line == "\r\n" {
				break
			}
		}
		got <- b.String()
		_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
	})
	x := capture(t, Options{}, Request{
		Method: "GET", URL: "http://" + addr + "/x?y=1", Host: "files.example",
		Header: Header{{"x-lower", "1"}, {"X-UPPER", "2"}, {"x-lower", "3"}, {"user-agent", "me"}},
	})
	if x.Failure != nil {
		t.Fatal(x.Failure)
	}
	want := "GET /x?y=1 HTTP/1.1\r\nHost: files.example\r\nX-UPPER: 2\r\nuser-agent: me\r\nx-lower: 1\r\nx-lower: 3\r\n\r\n"
	if d := cmp.Diff(want, <-got); d != "" {
		t.Errorf("request (-want +got):\n%s", d)
	}
	sent := Sent{Method: "GET", URL: "http://" + addr + "/x?y=1", Host: "files.example", Header: Header{
		{"Host", "files.example"}, {"X-UPPER", "2"}, {"user-agent", "me"}, {"x-lower", "1"}, {"x-lower", "3"},
	}}
	if d := cmp.Diff(sent, x.Request); d != "" {
		t.Errorf("sent (-want +got):\n%s", d)
	}
}

func TestDefaultFields(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusFound)
	}))
	defer server.Close()
	x := capture(t, Options{}, Request{URL: strings.Replace(server.URL, "//", "//u:p@", 1) + "/"})
	want := Header{{"Host", server.Listener.Addr().String()}, {"User-Agent", "proxydiag"}, {"Authorization", "Basic dTpw"}}
	if d := cmp.Diff(want, x.Request.Header); d != "" {
		t.Errorf("sent (-want +got):\n%s", d)
	}
	if x.Request.URL != server.URL+"/" || x.Status != 302 || x.Header.Get("content-encoding") != "gzip" {
		t.Errorf("url %q, status %d, header %v", x.Request.URL, x.Status, x.Header)
	}
}

func TestResponsesWithoutBody(t *testing.T) {
	for _, test := range []struct {
		method, response string
		status           int
	}{
		{"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200},
		{"GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204},
		{"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304},
		{"GET", "HTTP/1.1 101 Switching Protocols\r\nContent-Length: 5\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", 101},
	} {
		t.Run(fmt.Sprint(test.method, test.status), func(t *testing.T) {
			addr := hostile.Serve(t, hostile.Holding(test.response))
			x := capture(t, Options{}, Request{Method: test.method, URL: "http://" + addr, Expect: content("hello")})
			if (x.Failure != nil) != (test.status == 101) || x.Status != test.status {
				t.Fatalf("status %d, failure %v", x.Status, x.Failure)
			}
			if d := cmp.Diff(Body{Declared: 5, FirstDiff: -1}, x.Body); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestHTTP1Framing(t *testing.T) {
	for _, test := range []struct {
		name, response string
		trailer        Header
		interim        []int
		declared       int64
	}{
		{name: "length", response: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", declared: 5},
		{name: "bare LF", response: "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", declared: 5},
		{name: "chunked", response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", declared: -1},
		{
			name:     "trailers",
			response: "HTTP/1.1 200 OK\r\nTrailer: x-SUM\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n000;z\r\nx-SUM: 1\r\nX-other: 0\r\nx-Sum: 2\r\n\r\n",
			trailer:  Header{{"x-SUM", "1"}, {"X-other", "0"}, {"x-Sum", "2"}}, declared: -1,
		},
		{name: "HTTP/1.0 to the end", response: "HTTP/1.0 200 OK\r\n\r\nhello", declared: -1},
		{
			name:     "interim",
			response: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
			interim:  []int{100, 103}, declared: 5,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			addr := hostile.Serve(t, hostile.Answering(test.response))
			x := capture(t, Options{}, Request{URL: "http://" + addr, Expect: content("hello")})
			if x.Failure != nil || x.Status != 200 {
				t.Fatalf("status %d, failure %v", x.Status, x.Failure)
			}
			want := Body{
				Length: 5, Declared: test.declared, Match: Equal, FirstDiff: -1, Sample: []byte("hello"),
				SHA256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
			}
			if d := cmp.Diff(want, x.Body); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(test.trailer, x.Trailer); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(test.interim, x.Interim); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	addr := hostile.Serve(t, hostile.Answering("HTTP/1.1 204 No Content\r\n\r\n"))
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	for key, to := range map[string]string{
		"Files.example:" + port: host,
		"files.example:80":      addr,
	} {
		url := "http://files.EXAMPLE/"
		if strings.HasSuffix(key, port) {
			url = "http://files.EXAMPLE:" + port + "/"
		}
		x := capture(t, Options{Resolve: map[string]string{key: to}}, Request{URL: url})
		if x.Failure != nil || x.Request.URL != url || x.Remote != addr || !strings.EqualFold(x.Request.Host, strings.TrimSuffix(key, ":80")) {
			t.Errorf("%s to %s: remote %q, host %q, failure %v", key, to, x.Remote, x.Request.Host, x.Failure)
		}
	}
}

func TestLargeBody(t *testing.T) {
	body := pattern(4 << 20)
	wrong := bytes.Clone(body)
	const at = 3<<20 + 12345
	wrong[at] ^= 1
	for _, test := range []struct {
		name string
		sent []byte
		want Match
		diff int64
	}{
		{"equal", body, Equal, -1},
		{"differs", wrong, Differs, at},
		{"prefix", body[:at], Prefix, -1},
		{"longer", append(bytes.Clone(body), "tail"...), Longer, 4 << 20},
		{"empty", nil, Empty, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			addr := hostile.Serve(t, hostile.Answering("HTTP/1.1 200 OK\r\nContent-Length: "+strconv.Itoa(len(test.sent))+"\r\n\r\n"+string(test.sent)))
			x := capture(t, Options{}, Request{URL: "http://" + addr, Expect: body})
			if x.Failure != nil {
				t.Fatal(x.Failure)
			}
			b := x.Body
			if b.Match != test.want || b.FirstDiff != test.diff || b.Length != int64(len(test.sent)) {
				t.Errorf("match %q at %d, %d bytes", b.Match, b.FirstDiff, b.Length)
			}
			if test.diff >= 0 {
				end := min(test.diff+64, int64(len(test.sent)))
				if d := cmp.Diff(test.sent[test.diff:end], b.DiffSample); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func TestOneConnectionPerCapture(t *testing.T) {
	closed := make(chan struct{}, 3)
	addr := hostile.Serve(t, func(c net.Conn) {
		hostile.ReadRequest(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		_, _ = io.Copy(io.Discard, c) // until the client closes
		closed <- struct{}{}
	})
	c := New(Options{})
	for range 3 {
		if x := c.Capture(context.Background(), Request{URL: "http://" + addr}); x.Failure != nil {
			t.Fatal(x.Failure)
		}
		<-closed
	}
}
