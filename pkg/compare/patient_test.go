package compare

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/internal/hostile"
)

// A patient request has the timeout for its header alone.
func TestPatient(t *testing.T) {
	const size = 8 * leastProgress
	steady := func(c net.Conn) {
		hostile.ReadRequest(c)
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: "+strconv.Itoa(size)+"\r\n\r\n")
		tick := time.NewTicker(brief / 2)
		defer tick.Stop()
		for n := 0; n < size && err == nil; n += leastProgress {
			<-tick.C
			_, err = c.Write(make([]byte, leastProgress))
		}
	}
	for _, test := range []struct {
		name  string
		peer  func(net.Conn)
		kind  FailureKind
		says  string
		match Match
	}{
		{"longer than the timeout", steady, "", "", Equal},
		{"never answers", hostile.Holding(""), Timeout, "did not answer the request within", NotCompared},
		{"drips", hostile.Dripping("HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", brief/10), Timeout, "less than 64 KiB of the body within", Differs},
		{"stops", hostile.Holding("HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n"), Timeout, "less than 64 KiB of the body within", Empty},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := "http://" + hostile.Serve(t, test.peer)
			x := capture(t, Options{Timeout: 2 * brief, Idle: 2 * brief}, Request{URL: url, Expect: zeros(size), Patient: true})
			kind, text := FailureKind(""), ""
			if x.Failure != nil {
				kind, text = x.Failure.Kind, x.Failure.Message
			}
			if kind != test.kind || !strings.Contains(text, test.says) || x.Body.Match != test.match {
				t.Errorf("%v, match %q; want %q with %q, %q", x.Failure, x.Body.Match, test.kind, test.says, test.match)
			}
		})
	}
}

// A patient request over HTTP/2 is ended by dripping as well.
func TestPatientHTTP2(t *testing.T) {
	o, url := serve2(t, func(p *hostile.HTTP2) {
		p.Headers(false, ":status: 200")
		tick := time.NewTicker(brief / 10)
		defer tick.Stop()
		for p.WriteData(1, false, []byte("x")) == nil {
			<-tick.C
		}
	})
	o.Timeout, o.Idle = 30*time.Second, 2*brief
	x := capture(t, o, Request{URL: url, Expect: zeros(1 << 20), Patient: true})
	if x.Failure == nil || x.Failure.Kind != Timeout || !strings.Contains(x.Failure.Message, "less than 64 KiB") {
		t.Errorf("failure %v", x.Failure)
	}
}

// Progress is told of every byte, and may end the exchange by its context.
func TestProgress(t *testing.T) {
	serve := func(length int64) Request {
		head := "HTTP/1.1 200 OK\r\nContent-Length: " + strconv.FormatInt(length, 10) + "\r\n\r\n"
		addr := hostile.Serve(t, hostile.Forever(head, strings.Repeat("\x00", 64<<10)))
		return Request{URL: "http://" + addr, Expect: zeros(length), Patient: true}
	}
	var last int64
	r := serve(4 << 20)
	r.Progress = func(received, expected int64) {
		if received < last || expected != 4<<20 {
			t.Errorf("%d of %d bytes after %d", received, expected, last)
		}
		last = received
	}
	if x := capture(t, Options{}, r); x.Body.Match != Equal || last != 4<<20 {
		t.Errorf("match %q, %d bytes were told: %v", x.Body.Match, last, x.Failure)
	}

	r = serve(1 << 50)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r.Progress = func(received, _ int64) {
		if received > 1<<20 {
			cancel()
		}
	}
	x := New(Options{}).Capture(ctx, r)
	if x.Failure == nil || x.Failure.Kind != Canceled || x.Body.Match != Prefix {
		t.Errorf("match %q, failure %v", x.Body.Match, x.Failure)
	}
}

// What comes after the end of a body is not read, and nothing is logged about it.
func TestSurplusIsNotLogged(t *testing.T) {
	var said bytes.Buffer
	log.SetOutput(&said)
	defer log.SetOutput(os.Stderr)
	for _, method := range []string{"GET", "HEAD"} {
		url := "http://" + hostile.Serve(t, hostile.Forever("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "more"))
		if x := capture(t, Options{}, Request{Method: method, URL: url, Expect: content("hello")}); x.Failure != nil {
			t.Error(x.Failure)
		}
	}
	if said.Len() > 0 {
		t.Errorf("logged: %.100s", said.String())
	}
}
