package compare

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/proxydiag/proxydiag/internal/hostile"
)

// BenchmarkSmall compares a Capture of a small response with the same by a
// plain net/http client that opens a connection for each request, too.
func BenchmarkSmall(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello")
	}))
	defer server.Close()
	b.Run("Capture", func(b *testing.B) {
		c := New(Options{})
		for b.Loop() {
			if x := c.Capture(context.Background(), Request{URL: server.URL, Expect: content("hello")}); x.Body.Match != Equal {
				b.Fatal(x.Failure)
			}
		}
	})
	b.Run("net-http", func(b *testing.B) {
		c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		for b.Loop() {
			resp, err := c.Get(server.URL)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	})
}

// BenchmarkLarge is the throughput of a 256 MiB body, compared as it comes.
func BenchmarkLarge(b *testing.B) {
	const size = 256 << 20
	chunk := make([]byte, 1<<20)
	addr := hostile.Serve(b, func(c net.Conn) {
		hostile.ReadRequest(c)
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: "+strconv.Itoa(size)+"\r\n\r\n")
		for n := 0; n < size && err == nil; n += len(chunk) {
			_, err = c.Write(chunk)
		}
	})
	b.SetBytes(size)
	b.ReportAllocs()
	c := New(Options{})
	for b.Loop() {
		if x := c.Capture(context.Background(), Request{URL: "http://" + addr, Expect: zeros(size)}); x.Body.Match != Equal {
			b.Fatal(x.Failure)
		}
	}
}
