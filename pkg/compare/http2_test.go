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
)

// peer2 is a scripted HTTP/2 server's end of one connection.
type peer2 struct {
	*http2.Framer
	net.Conn
	request Header // of the client, pseudo-fields included
}

// block encodes field lines "name: value" without judging them.
func block(lines ...string) []byte {
	var b bytes.Buffer
	enc := hpack.NewEncoder(&b)
	for _, l := range lines {
		i := strings.Index(l[1:], ": ") + 1
		_ = enc.WriteField(hpack.HeaderField{Name: l[:i], Value: l[i+2:]})
	}
	return b.Bytes()
}

func (p *peer2) headers(end bool, lines ...string) {
	_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block(lines...), EndHeaders: true, EndStream: end})
}

// drain reads frames until the client goes.
func (p *peer2) drain() { _, _ = io.Copy(io.Discard, p.Conn) }

// serve2 runs script on every connection, after the client's request came.
func serve2(t testing.TB, script func(*peer2)) (Options, string) {
	t.Helper()
	ca := newAuthority(t)
	addr := serve(t, overTLS(ca.issue(t, "files.example", time.Now().Add(time.Hour), "h2"), func(c net.Conn) {
		if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		p := &peer2{Framer: http2.NewFramer(c, c), Conn: c}
		if p.WriteSettings() != nil {
			return
		}
		dec := hpack.NewDecoder(4096, func(f hpack.HeaderField) {
			p.request = append(p.request, Field{f.Name, f.Value})
		})
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
	}))
	return Options{RootCAs: ca.pool, Resolve: map[string]string{"files.example:443": addr}}, "https://files.example/"
}

func TestHTTP2AsOnTheWire(t *testing.T) {
	got := make(chan Header, 1)
	o, url := serve2(t, func(p *peer2) {
		got <- p.request
		_ = p.WriteSettingsAck()
		_ = p.WritePing(false, [8]byte{1})
		p.headers(false, ":status: 103", "link: <x>")
		whole := block(":status: 200", "x-b: 2", "set-cookie: a=1", "x-a: 1", "x-b: three", "set-cookie: b=2", "x-latin: caf\xe9", "content-length: 5")
		_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: whole[:7]})
		_ = p.WriteContinuation(1, false, whole[7:9])
		_ = p.WriteContinuation(1, true, whole[9:])
		_ = p.WriteDataPadded(1, false, []byte("hel"), make([]byte, 100))
		_ = p.WriteGoAway(1, http2.ErrCodeNo, nil) // graceful: our stream is still served
		_ = p.WriteData(1, false, []byte("lo"))
		p.headers(true, "x-sum: 1", "x-sum: 2")
		p.drain()
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
		script  func(*peer2)
		options Options
		kind    FailureKind
		phase   string
		says    string
		status  int
	}{
		{"GOAWAY", func(p *peer2) { _ = p.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, nil) }, Options{}, Reset, PhaseHeader, "ENHANCE_YOUR_CALM", 0},
		{"GOAWAY, not served", func(p *peer2) { _ = p.WriteGoAway(0, http2.ErrCodeNo, nil) }, Options{}, Reset, PhaseHeader, "GOAWAY", 0},
		{"GOAWAY in the body", func(p *peer2) {
			p.headers(false, ok)
			_ = p.WriteGoAway(1, http2.ErrCodeInternal, nil)
		}, Options{}, Reset, PhaseBody, "INTERNAL_ERROR", 200},
		{"RST_STREAM", func(p *peer2) { _ = p.WriteRSTStream(1, http2.ErrCodeRefusedStream) }, Options{}, Reset, PhaseHeader, "REFUSED_STREAM", 0},
		{"RST_STREAM in the body", func(p *peer2) {
			p.headers(false, ok, "content-length: 9")
			_ = p.WriteData(1, false, []byte("hell"))
			_ = p.WriteRSTStream(1, http2.ErrCodeCancel)
		}, Options{}, Reset, PhaseBody, "CANCEL", 200},
		{"wants HTTP/1.1", func(p *peer2) { _ = p.WriteRSTStream(1, http2.ErrCodeHTTP11Required) }, Options{}, Protocol, PhaseHeader, "HTTP/1.1", 0},
		{"closes", func(*peer2) {}, Options{}, Reset, PhaseHeader, "closed", 0},
		{"closes in the body", func(p *peer2) {
			p.headers(false, ok, "content-length: 9")
			_ = p.WriteData(1, false, []byte("hell"))
		}, Options{}, ShortBody, PhaseBody, "declared 9 bytes and ended after 4", 200},
		{"ends the stream early", func(p *peer2) {
			p.headers(false, ok, "content-length: 9")
			_ = p.WriteData(1, true, []byte("hell"))
			p.drain()
		}, Options{}, ShortBody, PhaseBody, "declared 9 bytes and ended after 4", 200},
		{"longer than declared", func(p *peer2) {
			p.headers(false, ok, "content-length: 3")
			_ = p.WriteData(1, true, []byte("hell"))
			p.drain()
		}, Options{}, Protocol, PhaseBody, "declared 3 bytes and sent 4", 200},
		{"silent", func(p *peer2) { p.drain() }, Options{Timeout: brief}, Timeout, PhaseHeader, "did not answer", 0},
		{"only pings in the body", func(p *peer2) {
			p.headers(false, ok)
			var err error
			for tick := time.NewTicker(brief / 10); err == nil; <-tick.C {
				err = p.WritePing(false, [8]byte{})
			}
		}, Options{Idle: brief}, Timeout, PhaseBody, "nothing more", 200},
		{"endless body", func(p *peer2) {
			p.headers(false, ok)
			for p.WriteData(1, false, make([]byte, 16<<10)) == nil {
			}
		}, Options{}, TooLong, PhaseBody, "longer than", 200},
		{"endless header", func(p *peer2) {
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block(ok, big)})
			for p.WriteContinuation(1, false, block(big)) == nil {
			}
		}, Options{}, TooLong, PhaseHeader, "without end", 0},
		{"empty continuations", func(p *peer2) {
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block(ok)})
			for p.WriteContinuation(1, false, nil) == nil {
			}
		}, Options{}, TooLong, PhaseHeader, "without end", 0},
		{"endless interim", func(p *peer2) {
			for p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block(":status: 102"), EndHeaders: true}) == nil {
			}
		}, Options{}, TooLong, PhaseHeader, "without end", 0},
		{"header bomb", func(p *peer2) {
			var b bytes.Buffer
			enc := hpack.NewEncoder(&b)
			_ = enc.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
			for range 8000 { // one byte each after the first
				_ = enc.WriteField(hpack.HeaderField{Name: "x-bomb", Value: strings.Repeat("b", 3000)})
			}
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: b.Bytes(), EndHeaders: true, EndStream: true})
			p.drain()
		}, Options{}, TooLong, PhaseHeader, "without end", 0},
		{"upper-case name", func(p *peer2) { p.headers(true, ok, "X-Upper: 1"); p.drain() }, Options{}, Protocol, PhaseHeader, `"X-Upper"`, 200},
		{"no status", func(p *peer2) { p.headers(true, "x-a: 1"); p.drain() }, Options{}, Protocol, PhaseHeader, ":status", 0},
		{"broken compression", func(p *peer2) {
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0xff, 0xff, 0xff}, EndHeaders: true})
			p.drain()
		}, Options{}, Protocol, PhaseHeader, "decompressed", 0},
		{"body first", func(p *peer2) { _ = p.WriteData(1, true, []byte("x")); p.drain() }, Options{}, Protocol, PhaseHeader, "before the header", 0},
		{"another stream", func(p *peer2) {
			_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: 3, BlockFragment: block(ok), EndHeaders: true})
			p.drain()
		}, Options{}, Protocol, PhaseHeader, "not sent", 0},
		{"push", func(p *peer2) {
			_ = p.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, BlockFragment: block(ok), EndHeaders: true})
			p.drain()
		}, Options{}, Protocol, PhaseHeader, "pushes", 0},
		{"frame too large", func(p *peer2) { _, _ = p.Conn.Write(bytes.Repeat([]byte{0xff}, 64)); p.drain() }, Options{}, Protocol, PhaseHeader, "frames", 0},
		{"answers in HTTP/1", func(p *peer2) { _, _ = io.WriteString(p.Conn, "HTTP/1.1 400 Bad\r\n\r\n"); p.drain() }, Options{}, Protocol, PhaseHeader, "HTTP/2", 0},
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
		o, url := serve2(t, func(p *peer2) {
			p.headers(false, ":status: "+test.status, "content-length: 5") // never ended
			p.drain()
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
	ca := newAuthority(t)
	config := ca.issue(t, "files.example", time.Now().Add(time.Hour), "h2", "http/1.1")
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
		o := Options{RootCAs: ca.pool, ForceHTTP1: force, Resolve: map[string]string{"files.example:443": l.Addr().String()}}
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
