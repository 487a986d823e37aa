package compare

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/hostile"
)

// brief is a timeout for peers that never finish.
const brief = 150 * time.Millisecond

func TestHostilePeers(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	big := strings.Repeat("x", 4<<10)
	for _, test := range []struct {
		name    string
		peer    func(net.Conn)
		options Options
		kind    FailureKind
		phase   string
		says    string
		status  int
		length  int64
	}{
		{"never answers", hostile.Holding(""), Options{Timeout: brief}, Timeout, PhaseHeader, "did not answer", 0, 0},
		{"silent in the header", hostile.Holding(ok + "X-A: 1\r\n"), Options{Timeout: brief}, Timeout, PhaseHeader, "did not answer", 0, 0},
		{"silent in the body", hostile.Holding(ok + "Content-Length: 9\r\n\r\nhell"), Options{Idle: brief}, Timeout, PhaseBody, "nothing more", 200, 4},
		{"drips within Idle", hostile.Dripping(ok+"Content-Length: 99999\r\n\r\n", brief/10), Options{Timeout: 3 * brief, Idle: 2 * brief}, Timeout, PhaseBody, "whole body within", 200, -1},
		{"closes at once", func(net.Conn) {}, Options{}, Reset, "", "", 0, 0},
		{"closes without an answer", hostile.Answering(""), Options{}, Reset, PhaseHeader, "closed the connection", 0, 0},
		{"closes in the header", hostile.Answering(ok + "X-A: 1\r\n"), Options{}, Reset, PhaseHeader, "closed the connection", 0, 0},
		{"resets", hostile.Resetting, Options{}, Reset, PhaseHeader, "reset", 0, 0},
		{"closes in the body", hostile.Answering(ok + "Content-Length: 9\r\n\r\nhell"), Options{}, ShortBody, PhaseBody, "declared 9 bytes and ended after 4", 200, 4},
		{"closes in a chunk", hostile.Answering(ok + "Transfer-Encoding: chunked\r\n\r\n9\r\nhell"), Options{}, ShortBody, PhaseBody, "last chunk", 200, 4},
		{"closes before the last chunk", hostile.Answering(ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n"), Options{}, ShortBody, PhaseBody, "", 200, 4},
		{"endless header fields", hostile.Forever(ok, "X-A: "+big+"\r\n"), Options{}, TooLong, PhaseHeader, "without end", 0, 0},
		{"endless header line", hostile.Forever(ok+"X-A: ", big), Options{}, TooLong, PhaseHeader, "without end", 0, 0},
		{"endless status line", hostile.Forever("HTTP/1.1 200 ", big), Options{}, TooLong, PhaseHeader, "", 0, 0},
		{"endless interim responses", hostile.Forever("", "HTTP/1.1 102 Processing\r\n\r\n"), Options{}, TooLong, PhaseHeader, "", 0, 0},
		{"endless body", hostile.Forever(ok+"\r\n", big), Options{}, TooLong, PhaseBody, "longer than 69632 bytes", 200, 4<<10 + bodySlack},
		{"endless chunks", hostile.Forever(ok+"Transfer-Encoding: chunked\r\n\r\n", "1000\r\n"+big+"\r\n"), Options{}, TooLong, PhaseBody, "", 200, 4<<10 + bodySlack},
		{"endless trailers", hostile.Forever(ok+"Transfer-Encoding: chunked\r\n\r\n0\r\n", "X: "+big+"\r\n"), Options{}, Protocol, PhaseBody, "trailer", 200, 0},
		{"huge length", hostile.Answering(ok + "Content-Length: 9223372036854775807\r\n\r\nhell"), Options{}, ShortBody, PhaseBody, "", 200, 4},
		{"impossible length", hostile.Answering(ok + "Content-Length: 9223372036854775808\r\n\r\nhell"), Options{}, Protocol, PhaseHeader, "Content-Length", 200, 0},
		{"two lengths", hostile.Answering(ok + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nhell"), Options{}, Protocol, PhaseHeader, "Content-Length", 200, 0},
		{"bad chunk size", hostile.Answering(ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhell\r\n"), Options{}, Protocol, PhaseBody, "chunk", 200, 0},
		{"bad chunk end", hostile.Answering(ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nhellXX"), Options{}, Protocol, PhaseBody, "chunk", 200, 4},
		{"malformed status line", hostile.Answering("HTTP/1.1 abc OK\r\n\r\n"), Options{}, Protocol, PhaseHeader, "status", 0, 0},
		{"malformed field", hostile.Answering(ok + "Secret value\r\nX-A: 1\r\n\r\n"), Options{}, Protocol, PhaseHeader, "line 2", 200, 0},
		{"status out of range", hostile.Answering("HTTP/1.1 042 Low\r\n\r\n"), Options{}, Protocol, PhaseHeader, "status line", 0, 0},
		{"another protocol", hostile.Holding("SSH-2.0-OpenSSH_9.2\r\n"), Options{}, Protocol, PhaseHeader, "SSH-2.0", 0, 0},
		{"speaks first", func(c net.Conn) {
			_, _ = io.WriteString(c, "220 mail.example ESMTP\r\n")
			_, _ = io.Copy(io.Discard, c)
		}, Options{}, Protocol, PhaseHeader, "220 mail", 0, 0},
		{
			"readable TLS port", hostile.Answering("HTTP/1.1 400 Bad Request\r\n\r\n<title>400 The plain HTTP request was sent to HTTPS port</title>"),
			Options{}, Protocol, PhaseHeader, "https://", 400, -1,
		},
		{"TLS alert", hostile.Answering("\x15\x03\x01\x00\x02\x02\x46"), Options{}, Protocol, PhaseHeader, "https://", 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			addr := hostile.Serve(t, test.peer)
			x := capture(t, test.options, Request{URL: "http://" + addr + "/", Expect: pattern(4 << 10)})
			if x.Failure == nil {
				t.Fatalf("no failure: %+v", x)
			}
			f := x.Failure
			if f.Kind != test.kind || (test.phase != "" && f.Phase != test.phase) || !strings.Contains(f.Message, test.says) {
				t.Errorf("failure %+v, want kind %s, phase %s, message with %q", f, test.kind, test.phase, test.says)
			}
			if strings.Contains(f.Message, "Secret") {
				t.Errorf("the message shows what a malformed field held: %s", f.Message)
			}
			if x.Status != test.status || (test.length >= 0 && x.Body.Length != test.length) {
				t.Errorf("status %d, %d bytes, want %d, %d", x.Status, x.Body.Length, test.status, test.length)
			}
			if test.status != 0 && !strings.HasPrefix(x.StatusLine, fmt.Sprintf("HTTP/1.1 %d ", test.status)) {
				t.Errorf("status line %q is lost", x.StatusLine)
			}
		})
	}
}

func TestConnectFailures(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := l.Addr().String()
	_ = l.Close()
	for _, test := range []struct {
		name, url, phase string
		options          Options
		kind             FailureKind
	}{
		{"refused", "http://" + gone, PhaseConnect, Options{}, Refused},
		{"no such name", "http://no-such-host.invalid/", PhaseDNS, Options{}, DNS},
		{"no scheme", "127.0.0.1/x", PhaseWrite, Options{}, Other},
		{"no host", "http:///x", PhaseWrite, Options{}, Other},
		{"bad escape", "http://h/%zz", PhaseWrite, Options{}, Other},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := capture(t, test.options, Request{URL: test.url})
			if x.Failure == nil || x.Failure.Kind != test.kind || x.Failure.Phase != test.phase {
				t.Errorf("failure %+v, want %s in %s", x.Failure, test.kind, test.phase)
			}
			if d := cmp.Diff(Body{Declared: -1, FirstDiff: -1}, x.Body); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRequestsThatCannotBeSent(t *testing.T) {
	touched := make(chan struct{}, 8)
	addr := hostile.Serve(t, func(net.Conn) { touched <- struct{}{} })
	for _, r := range []Request{
		{Method: "GET /x"},
		{Header: Header{{"X-A", "1\r\nX-B: 2"}}},
		{Header: Header{{"X A", "1"}}},
		{Header: Header{{"", "1"}}},
	} {
		r.URL = "http://" + addr
		x := capture(t, Options{}, r)
		if x.Failure == nil || x.Failure.Kind != Other || x.Failure.Phase != PhaseWrite {
			t.Errorf("%+v: failure %v", r, x.Failure)
		}
	}
	if len(touched) != 0 {
		t.Error("a connection was opened for a request that cannot be sent")
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	addr := hostile.Serve(t, func(c net.Conn) {
		hostile.ReadRequest(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell")
		cancel()
		_, _ = io.Copy(io.Discard, c)
	})
	x := New(Options{}).Capture(ctx, Request{URL: "http://" + addr})
	if x.Failure == nil || x.Failure.Kind != Canceled {
		t.Errorf("failure %v", x.Failure)
	}
	late, stop := context.WithTimeout(context.Background(), brief)
	defer stop()
	x = New(Options{}).Capture(late, Request{URL: "http://" + hostile.Serve(t, hostile.Holding(""))})
	if x.Failure == nil || x.Failure.Kind != Timeout || x.Failure.Phase != PhaseHeader {
		t.Errorf("failure %v", x.Failure)
	}
}

func TestTLSFailures(t *testing.T) {
	ca, other := hostile.NewAuthority(t), hostile.NewAuthority(t)
	later := time.Now().Add(time.Hour)
	old := ca.Issue(t, "files.example", later)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	client := ca.Issue(t, "files.example", later)
	client.ClientAuth = tls.RequireAnyClientCert
	good := hostile.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	for _, test := range []struct {
		name  string
		peer  func(net.Conn)
		kind  FailureKind
		says  string
		facts bool
	}{
		{"wrong name", hostile.OverTLS(ca.Issue(t, "other.example", later), good), BadTLS, "wrong name: ", true},
		{"expired", hostile.OverTLS(ca.Issue(t, "files.example", time.Now().Add(-time.Hour)), good), BadTLS, "expired: ", true},
		{"not yet valid", hostile.OverTLS(ca.Issue(t, "files.example", time.Now().Add(9*time.Hour)), good), BadTLS, "not yet valid: ", true},
		{"unknown authority", hostile.OverTLS(other.Issue(t, "files.example", later), good), BadTLS, "unknown authority: ", true},
		{"old version", hostile.OverTLS(old, good), BadTLS, "old version: ", false},
		{"wants a client certificate", hostile.OverTLS(client, good), BadTLS, "certificate required", true},
		{"plain HTTP", func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
			_, _ = io.Copy(io.Discard, c)
		}, Protocol, "plain HTTP", false},
		{"plain text", func(c net.Conn) {
			_, _ = io.WriteString(c, "220 mail\r\n")
			_, _ = io.Copy(io.Discard, c)
		}, Protocol, "does not speak TLS", false},
		{"closes", func(c net.Conn) { _, _ = io.ReadFull(c, make([]byte, 64)) }, Reset, "TLS handshake", false},
		{"silent", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, Timeout, "TLS handshake", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			addr := hostile.Serve(t, test.peer)
			o := Options{RootCAs: ca.Pool, Resolve: map[string]string{"files.example:443": addr}}
			if test.kind == Timeout {
				o.Timeout = brief
			}
			x := capture(t, o, Request{URL: "https://files.example/"})
			if x.Failure == nil || x.Failure.Kind != test.kind || !strings.Contains(x.Failure.Message, test.says) {
				t.Fatalf("failure %+v, want %s with %q", x.Failure, test.kind, test.says)
			}
			if test.facts && (x.TLS == nil || len(x.TLS.DNSNames) != 1 || x.TLS.NotAfter.IsZero()) {
				t.Errorf("TLS facts %+v", x.TLS)
			}
		})
	}
}

func TestInsecure(t *testing.T) {
	addr := hostile.Serve(t, hostile.OverTLS(hostile.NewAuthority(t).Issue(t, "other.example", time.Now().Add(-time.Hour), "http/1.1"),
		hostile.Answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")))
	x := capture(t, Options{Insecure: true}, Request{URL: "https://" + addr + "/"})
	if x.Failure != nil || x.Status != 200 || x.Proto != "HTTP/1.1" {
		t.Fatalf("status %d, failure %v", x.Status, x.Failure)
	}
	if x.TLS.Version != "TLS 1.3" || x.TLS.ALPN != "http/1.1" || x.TLS.Subject != "CN=other.example" || x.Timing.TLS <= 0 {
		t.Errorf("TLS facts %+v, timing %+v", x.TLS, x.Timing)
	}
}

// A body of 256 MiB must not make the process grow with it.
func TestConstantMemory(t *testing.T) {
	const size = 256 << 20
	chunk := make([]byte, 256<<10)
	addr := hostile.Serve(t, func(c net.Conn) {
		hostile.ReadRequest(c)
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 268435456\r\n\r\n")
		for n := 0; n < size && err == nil; n += len(chunk) {
			_, err = c.Write(chunk)
		}
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	x := capture(t, Options{}, Request{URL: "http://" + addr, Expect: zeros(size)})
	runtime.ReadMemStats(&after)
	if x.Failure != nil || x.Body.Match != Equal {
		t.Fatalf("match %q, failure %v", x.Body.Match, x.Failure)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 4<<20 {
		t.Errorf("%d bytes allocated for one capture", grown)
	}
}

// zeros is that many zero bytes.
type zeros int64

func (z zeros) Size() int64 { return int64(z) }
func (z zeros) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}

func TestExpectedContentFails(t *testing.T) {
	addr := hostile.Serve(t, hostile.Answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhell"))
	x := capture(t, Options{}, Request{URL: "http://" + addr, Expect: broken{}})
	if x.Failure == nil || x.Failure.Kind != Other || !strings.Contains(x.Failure.Message, "disk on fire") || x.Status != 200 {
		t.Errorf("status %d, failure %v", x.Status, x.Failure)
	}
	if x.Body.Match != NotCompared {
		t.Errorf("match %q", x.Body.Match)
	}
}

type broken struct{}

func (broken) Size() int64                       { return 4 }
func (broken) ReadAt([]byte, int64) (int, error) { return 0, errors.New("disk on fire") }

func TestClassify(t *testing.T) {
	dial := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)}
	}
	for _, test := range []struct {
		err  error
		kind FailureKind
	}{
		{dial(syscall.EHOSTUNREACH), Unreachable},
		{dial(syscall.ENETUNREACH), Unreachable},
		{dial(syscall.ETIMEDOUT), Timeout},
		{dial(syscall.ECONNREFUSED), Refused},
		{dial(syscall.EPIPE), Reset},
		{dial(syscall.EMFILE), Other},
		{&net.DNSError{Name: "h", Err: "no such host"}, DNS},
		{io.EOF, Reset},
	} {
		f := classify(test.err, PhaseConnect, "h:80")
		if f == nil || f.Kind != test.kind || f.Message == "" {
			t.Errorf("%v: %+v, want %s", test.err, f, test.kind)
		}
	}
	if f := classify(errors.New("else"), PhaseConnect, "h:80"); f != nil {
		t.Errorf("an unrelated error is %+v", f)
	}
}
