package compare

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/proxydiag/proxydiag/internal/hostile"
)

// serve2 runs script on every connection, after the client's request came.
func serve2(t testing.TB, script func(*hostile.HTTP2)) (Options, string) {
	t.Helper()
	ca := hostile.NewAuthority(t)
	config := ca.Issue(t, "files.example", time.Now().Add(time.Hour), "h2")
	addr := hostile.Serve(t, hostile.OverTLS(config, hostile.SpeakingHTTP2(script)))
	return Options{RootCAs: ca.Pool, Resolve: map[string]string{"files.example:443": addr}}, "https://files.example/"
}

func TestHTTP2AsOnTheWire(t *testing.T) {
	got := make(chan Header, 1)
	o, url := serve2(t, func(p *hostile.HTTP2) {
		var request Header
		for _, f := range p.Request {
			request = append(request, Field{f.Name, f.Value})
		}
		got <- request
		_ = p.WriteSettingsAck()
		_ = p.WritePing(false, [8]byte{1})
		p.Headers(false, ":status: 103", "link: <x>")
		whole := hostile.Block(":status: 200", "x-b: 2", "set-cookie: a=1", "x-a: 1", "x-b: three", "set-cookie: b=2", "x-latin: caf\xe9", "content-length: 5")
		_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: whole[:7]})
		_ = p.WriteContinuation(1, false, whole[7:9])
		_ = p.WriteContinuation(1, true, whole[9:])
		_ = p.WriteDataPadded(1, false, []byte("hel"), make([]byte, 100))
		_ = p.WriteGoAway(1, http2.ErrCodeNo, nil) // graceful: our stream is still served
		_ = p.WriteData(1, false, []byte("lo"))
		p.Headers(true, "x-sum: 1", "x-sum: 2")
		p.Drain()
	})
	long := strings.Repeat("long", 10_000)
	x := capture(t, o, Request{
		URL: url + "a%2fb?c", Host: "other.example", Expect: content("hello"),
		Header: Header{{"X-Second", "2"}, {"X-First", "1"}, {"X-Second", "3"}, {"Connection", "close"}, {"X-Long", long}},
	})
	if x.Failure != nil {
		t.Fatal(x.Failure)
	}
	sent := Header{{"x-second", "2"}, {"x-first", "1"}, {"x-second", "3"}, {"x-long", long}, {"user-agent", "proxydiag"}}
	pseudo := Header{{":method", "GET"}, {":scheme", "https"}, {":authority", "other.example"}, {":path", "/a%2fb?c"}}
	if d := cmp.Diff(append(pseudo, sent...), <-got); d != "" {
		t.Errorf("received by the server (-want +got):\n%s", d)
	}
	want := Exchange{
		Request: Sent{Method: "GET", URL: "https://files.example/a%2fb?c", Host: "other.example", Header: sent},
		Proto:   "HTTP/2", StatusLine: "HTTP/2 200", Status: 200, Interim: []int{103},
		Header: Header{
			{"x-b", "2"}, {"set-cookie", "a=1"}, {"x-a", "1"}, {"x-b", "three"},
			{"set-cookie", "b=2"}, {"x-latin", "caf\xe9"}, {"content-length", "5"},
		},
		Trailer: Header{{"x-sum", "1"}, {"x-sum", "2"}},
		Body: Body{
			Length: 5, Declared: 5, Match: Equal, FirstDiff: -1, Sample: []byte("hello"),
			SHA256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
		},
		Remote: x.Remote, TLS: x.TLS, Timing: x.Timing,
	}
	if d := cmp.Diff(want, x); d != "" {
		t.Errorf("exchange (-want +got):\n%s", d)
	}
	if x.TLS.ALPN != "h2" || x.TLS.ServerName != "files.example" {
		t.Errorf("TLS facts %+v", x.TLS)
	}
}

func TestHTTP2HostilePeers(t *testing.T) {
	const ok = ":status: 200"
	big := "x-a: " + strings.Repeat("xyz", 4<<10)
	for _, test := range []struct {
		name    string
		script  func(*hostile.HTTP2)
		options Options
		kind    FailureKind
		phase   string
		says    string
		status  int
	}{
		{"GOAWAY", func(p *hostile.HTTP2) { _ = p.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, nil) }, Options{}, Reset, PhaseHeader, "ENHANCE_YOUR_CALM", 0},
		{"GOAWAY, not served", func(p *hostile.HTTP2) { _ = p.WriteGoAway(0, http2.ErrCodeNo, nil) }, Options{}, Reset, PhaseHeader, "GOAWAY", 0},
		{"GOAWAY in the body", func(p *hostile.HTTP2) {
			p.Headers(false, ok)
			_ = p.WriteGoAway(1, http2.ErrCodeInternal, nil)
		}, Options{}, Reset, PhaseBody, "INTERNAL_ERROR", 200},
		{"RST_STREAM", func(p *hostile.HTTP2) { _ = p.WriteRSTStream(1, http2.ErrCodeRefusedStream) }, Options{}, Reset, PhaseHeader, "REFUSED_STREAM", 0},
		{"RST_STREAM in the body", func(p *hostile.HTTP2) {
			p.Headers(false, ok, "content-length: 9")
			_ = p.WriteData(1, false, []byte("hell"))
			_ = p.WriteRSTStream(1, http2.ErrCodeCancel)
		}, Options{}, Reset, PhaseBody, "CANCEL", 200},
		{"wants HTTP/1.1", func(p *hostile.HTTP2) { _ = p.WriteRSTStream(1, http2.ErrCodeHTTP11Required) }, Options{}, Protocol, PhaseHeader, "HTTP/1.1", 0},
		{"closes", func(*hostile.HTTP2) {}, Options{}, Reset, PhaseHeader, "closed", 0},
		{"closes in the body", func(p *hostile.HTTP2) {
			p.Headers(false, ok, "content-length: 9")
			_ = p.WriteData(1, false, []byte("hell"))
		}, Options{}, ShortBody, PhaseBody, "declared 9 bytes and ended after 4", 200},
		{"ends the stream early", func(p *hostile.HTTP2) {
			p.Headers(false, ok, "content-length: 9")
			_ = p.WriteData(1, true, []byte("hell"))
			p.Drain()
		}, Options{}, ShortBody, PhaseBody, "declared 9 bytes and ended after 4", 200},
		{"longer than declared", func(p *hostile.HTTP2) {
			p.Headers(false, ok, "content-length: 3")
			_ = p.WriteData(1, true, []byte("hell"))
			p.Drain()
		}, Options{}, Protocol, PhaseBody, "declared 3 bytes and sent 4", 200},
		{"silent", func(p *hostile.HTTP2) { p.Drain() }, Options{Timeout: brief}, Timeout, PhaseHeader, "did not answer", 0},
		{"only pings in the body", func(p *hostile.HTTP2) {
			p.Headers(false, ok)
			var err error
			for tick := time.NewTicker(brief / 10); err == nil; <-tick.C {
				err = p.WritePing(false, [8]byte{})
			}
		}, Options{Idle: brief}, Timeout, PhaseBody, "nothing more", 200},
		{"endless body", func(p *hostile.HTTP2) {
			p.Headers(false, ok)
			for p.WriteData(1, false, make([]byte, 16<<10)) == nil {
			}
		}, Options{}, TooLong, PhaseBody, "longer than", 200},
		{"endless header", func(p *hostile.HTTP2) {
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: hostile.Block(ok, big)})
			for p.WriteContinuation(1, false, hostile.Block(big)) == nil {
			}
		}, Options{}, TooLong, PhaseHeader, "without end", 0},
		{"empty continuations", func(p *hostile.HTTP2) {
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: hostile.Block(ok)})
			for p.WriteContinuation(1, false, nil) == nil {
			}
		}, Options{}, TooLong, PhaseHeader, "without end", 0},
		{"endless interim", func(p *hostile.HTTP2) {
			for p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: hostile.Block(":status: 102"), EndHeaders: true}) == nil {
			}
		}, Options{}, TooLong, PhaseHeader, "without end", 0},
		{"header bomb", func(p *hostile.HTTP2) {
			var b bytes.Buffer
			enc := hpack.NewEncoder(&b)
			_ = enc.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
			for range 8000 { // one byte each after the first
				_ = enc.WriteField(hpack.HeaderField{Name: "x-bomb", Value: strings.Repeat("b", 3000)})
			}
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: b.Bytes(), EndHeaders: true, EndStream: true})
			p.Drain()
		}, Options{}, TooLong, PhaseHeader, "without end", 0},
		{"upper-case name", func(p *hostile.HTTP2) { p.Headers(true, ok, "X-Upper: 1"); p.Drain() }, Options{}, Protocol, PhaseHeader, `"X-Upper"`, 200},
		{"no status", func(p *hostile.HTTP2) { p.Headers(true, "x-a: 1"); p.Drain() }, Options{}, Protocol, PhaseHeader, ":status", 0},
		{"broken compression", func(p *hostile.HTTP2) {
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0xff, 0xff, 0xff}, EndHeaders: true})
			p.Drain()
		}, Options{}, Protocol, PhaseHeader, "decompressed", 0},
		{"body first", func(p *hostile.HTTP2) { _ = p.WriteData(1, true, []byte("x")); p.Drain() }, Options{}, Protocol, PhaseHeader, "before the header", 0},
		{"another stream", func(p *hostile.HTTP2) {
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: 3, BlockFragment: hostile.Block(ok), EndHeaders: true})
			p.Drain()
		}, Options{}, Protocol, PhaseHeader, "not sent", 0},
		{"push", func(p *hostile.HTTP2) {
			_ = p.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, BlockFragment: hostile.Block(ok), EndHeaders: true})
			p.Drain()
		}, Options{}, Protocol, PhaseHeader, "pushes", 0},
		{"frame too large", func(p *hostile.HTTP2) { _, _ = p.Conn.Write(bytes.Repeat([]byte{0xff}, 64)); p.Drain() }, Options{}, Protocol, PhaseHeader, "frames", 0},
		{"answers in HTTP/1", func(p *hostile.HTTP2) { _, _ = io.WriteString(p.Conn, "HTTP/1.1 400 Bad\r\n\r\n"); p.Drain() }, Options{}, Protocol, PhaseHeader, "HTTP/2", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o, url := serve2(t, test.script)
			o.Timeout, o.Idle = test.options.Timeout, test.options.Idle
			x := capture(t, o, Request{URL: url, Expect: pattern(9)})
			if x.Failure == nil {
				t.Fatalf("no failure: %+v", x)
			}
			f := x.Failure
			if f.Kind != test.kind || f.Phase != test.phase || !strings.Contains(f.Message, test.says) || x.Status != test.status {
				t.Errorf("status %d, failure %+v, want %d, kind %s, phase %s, message with %q", x.Status, f, test.status, test.kind, test.phase, test.says)
			}
		})
	}
}

func TestHTTP2ResponsesWithoutBody(t *testing.T) {
	for _, test := range []struct{ method, status string }{{"HEAD", "200"}, {"GET", "204"}, {"GET", "304"}} {
		o, url := serve2(t, func(p *hostile.HTTP2) {
			p.Headers(false, ":status: "+test.status, "content-length: 5") // never ended
			p.Drain()
		})
		x := capture(t, o, Request{Method: test.method, URL: url, Expect: content("hello")})
		if x.Failure != nil || x.StatusLine != "HTTP/2 "+test.status {
			t.Fatalf("%s %s: %q, failure %v", test.method, test.status, x.StatusLine, x.Failure)
		}
		if d := cmp.Diff(Body{Declared: 5, FirstDiff: -1}, x.Body); d != "" {
			t.Error(d)
		}
	}
}

// A 16 MiB body needs the flow-control windows to be opened again and again.
func TestHTTP2AgainstNetHTTP(t *testing.T) {
	body := pattern(16 << 20)
	ca := hostile.NewAuthority(t)
	config := ca.Issue(t, "files.example", time.Now().Add(time.Hour), "h2", "http/1.1")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{TLSConfig: config, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		w.Header().Set("X-Proto", r.Proto)
		_, _ = w.Write(body)
		w.Header().Set("X-Sum", "1")
	})}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.ServeTLS(l, "", "") }()
	defer func() { _ = server.Close(); <-served }()
	for _, force := range []bool{false, true} {
		o := Options{RootCAs: ca.Pool, ForceHTTP1: force, Resolve: map[string]string{"files.example:443": l.Addr().String()}}
		x := capture(t, o, Request{URL: "https://files.example/", Expect: body})
		want := "HTTP/2"
		if force {
			want = "HTTP/1.1"
		}
		if x.Failure != nil || x.Proto != want || !strings.HasPrefix(x.Header.Get("X-Proto"), want) {
			t.Fatalf("proto %q, failure %v", x.Proto, x.Failure)
		}
		if x.Body.Match != Equal || x.Body.SHA256 != "" || len(x.Body.Sample) != 512 || x.Trailer.Get("x-sum") != "1" {
			t.Errorf("match %q, trailer %v", x.Body.Match, x.Trailer)
		}
	}
}
