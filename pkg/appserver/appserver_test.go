package appserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sight is what a handler sees of a request.
type sight struct {
	Method, URI, Path, Query, Host, Body, Remote string
	Length                                       int64
	Header                                       http.Header
}

func look(t testing.TB, into *sight) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("body: %v", err)
		}
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			t.Error(err)
		}
		*into = sight{r.Method, r.RequestURI, r.URL.Path, r.URL.RawQuery, r.Host, string(body), host, r.ContentLength, r.Header}
		w.Header().Set("X-Accel-Redirect", "/protected/a")
	})
}

// TestSameRequest: what a handler sees does not depend on the protocol.
func TestSameRequest(t *testing.T) {
	const uri = "/dl/%c3%A4%20b%2F..//c?q=%31&x=a+b"
	for _, body := range []string{"", strings.Repeat("0123456789", 5000)} {
		method := "GET"
		if body != "" {
			method = "POST"
		}
		var want sight
		addr, _ := run(t, &Server{Handler: look(t, &want)})
		c := dial(t, addr)
		length := ""
		if body != "" {
			length = fmt.Sprintf("Content-Type: text/plain\r\nContent-Length: %d\r\n", len(body))
		}
		fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: example.test:8080\r\nX-Proxydiag-Probe: 7\r\nCookie: a=1\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\n%s\r\n%s", method, uri, length, body)
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || res.StatusCode != 200 {
			t.Fatal(res, err)
		}
		want.Header.Set("X-Forwarded-For", "1.2.3.4, 5.6.7.8")
		v := pairs{
			{"REQUEST_METHOD", method}, {"REQUEST_URI", uri}, {"QUERY_STRING", "q=%31&x=a+b"}, {"SERVER_PROTOCOL", "HTTP/1.1"},
			{"SCRIPT_NAME", "/dl/ä b/c"}, {"REMOTE_ADDR", "127.0.0.1"}, {"REMOTE_PORT", "1234"},
			{"HTTP_HOST", "example.test:8080"}, {"HTTP_X_PROXYDIAG_PROBE", "7"}, {"HTTP_COOKIE", "a=1"},
			{"HTTP_X_FORWARDED_FOR", "1.2.3.4"}, {"HTTP_X_FORWARDED_FOR", "5.6.7.8"}, {"CONTENT_LENGTH", ""},
		}
		if body != "" {
			v[len(v)-1][1] = fmt.Sprint(len(body))
			v = append(v, pairs{{"CONTENT_TYPE", "text/plain"}, {"HTTP_CONTENT_TYPE", "text/plain"}, {"HTTP_CONTENT_LENGTH", fmt.Sprint(len(body))}}...)
		}
		for _, p := range gateways() {
			var got sight
			addr, log := run(t, &Server{Handler: look(t, &got), Protocol: p})
			res, _ := ask(t, addr, p, v, body)
			if diff := cmp.Diff(want, got); diff != "" || res.StatusCode != 200 || res.Header.Get("X-Accel-Redirect") != "/protected/a" || res.Header.Get("Content-Length") != "0" {
				t.Errorf("%s: %d %v: %s", p, res.StatusCode, res.Header, diff)
			}
			if log.String() != "" {
				t.Errorf("%s logs %q", p, log)
			}
		}
	}
}

// answers are what handlers do, and what arrives.
var answers = []struct {
	name   string
	method string
	answer http.HandlerFunc
	status int
	body   string
	header map[string]string
}{
	{name: "nothing", answer: func(http.ResponseWriter, *http.Request) {}, status: 200, header: map[string]string{"Content-Length": "0", "Content-Type": ""}},
	{name: "text", answer: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") },
		status: 200, body: "<html>", header: map[string]string{"Content-Length": "6", "Content-Type": "text/html; charset=utf-8"}},
	{name: "error", answer: func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 403) },
		status: 403, body: "no\n", header: map[string]string{"Content-Type": "text/plain; charset=utf-8"}},
	{name: "head", method: "HEAD", answer: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5")
		io.WriteString(w, "12345")
	}, status: 200, header: map[string]string{"Content-Length": "5"}},
	{name: "large", answer: func(w http.ResponseWriter, _ *http.Request) {
		for range 1000 {
			io.WriteString(w, strings.Repeat("x", 100))
		}
	}, status: 200, body: strings.Repeat("x", 100_000), header: map[string]string{"Content-Length": ""}},
	{name: "one large piece", answer: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat("x", 200_000)) },
		status: 200, body: strings.Repeat("x", 200_000)},
	{name: "too long", answer: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "3")
		if n, err := io.WriteString(w, "12345"); n != 3 || !errors.Is(err, http.ErrContentLength) {
			panic(fmt.Sprint(n, err))
		}
	}, status: 200, body: "123", header: map[string]string{"Content-Length": "3"}},
	{name: "not modified", answer: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Etag", `"x"`)
		w.WriteHeader(103)
		w.WriteHeader(304)
		w.WriteHeader(200)
		w.Header().Set("X-Late", "1")
		if _, err := io.WriteString(w, "x"); !errors.Is(err, http.ErrBodyNotAllowed) {
			panic(err)
		}
	}, status: 304, header: map[string]string{"Etag": `"x"`, "Content-Length": "", "X-Late": ""}},
	{name: "hop by hop", answer: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.Header().Set("Transfer-Encoding", "chunked")
		w.Header().Set("Content-Length", "none")
		w.Header().Set("X-Split", "a\r\nX-More: b")
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
	}, status: 200, header: map[string]string{"Connection": "", "Transfer-Encoding": "", "Content-Length": "0", "X-More": "", "Set-Cookie": "a=1|b=2"}},
	{name: "flushed", answer: func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "a")
		if err := http.NewResponseController(w).Flush(); err != nil {
			panic(err)
		}
		io.WriteString(w, "b")
	}, status: 200, body: "ab", header: map[string]string{"Content-Length": ""}},
}

func TestAnswers(t *testing.T) {
	for _, p := range gateways() {
		for _, a := range answers {
			t.Run(string(p)+"/"+a.name, func(t *testing.T) {
				addr, log := run(t, &Server{Handler: a.answer, Protocol: p})
				method := a.method
				if method == "" {
					method = "GET"
				}
				res, body := ask(t, addr, p, pairs{{"REQUEST_METHOD", method}, {"REQUEST_URI", "/"}}, "")
				if res.StatusCode != a.status || body != a.body {
					t.Errorf("%d with %d bytes, %.50q", res.StatusCode, len(body), body)
				}
				for name, value := range a.header {
					if got := strings.Join(res.Header.Values(name), "|"); got != value {
						t.Errorf("%s is %q, want %q", name, got, value)
					}
				}
				if log.String() != "" {
					t.Errorf("logged: %s", log)
				}
			})
		}
	}
}

// TestPanics: a handler that panics ends its connection, and the server goes on.
func TestPanics(t *testing.T) {
	for _, p := range Protocols() {
		addr, log := run(t, &Server{Protocol: p, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/panic":
				panic("a handler's own")
			case "/abort":
				panic(http.ErrAbortHandler)
			}
		})})
		for _, path := range []string{"/panic", "/abort"} {
			c := dial(t, addr)
			if p == HTTP {
				fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
			} else if _, err := c.Write(encode(t, p, pairs{{"REQUEST_URI", path}}, "")); err != nil {
				t.Fatal(err)
			}
			if got, _ := io.ReadAll(c); len(got) > 0 {
				t.Errorf("%s %s: %q", p, path, got)
			}
		}
		if strings.Count(log.String(), "a handler's own") != 1 || strings.Contains(log.String(), "abort") {
			t.Errorf("%s logs %q", p, log)
		}
	}
}

// TestEnd: the end of the context ends a server, whatever its connections do.
func TestEnd(t *testing.T) {
	for _, p := range Protocols() {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			inside, done := make(chan bool), make(chan error)
			go func() {
				done <- Serve(ctx, l, p, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					inside <- true
					<-r.Context().Done()
				}))
			}()
			silent, half, asks := dial(t, l.Addr().String()), dial(t, l.Addr().String()), dial(t, l.Addr().String())
			request := []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			if p != HTTP {
				request = encode(t, p, pairs{{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/"}}, "")
			}
			for c, text := range map[net.Conn][]byte{half: request[:3], asks: request} {
				if _, err := c.Write(text); err != nil {
					t.Fatal(err)
				}
			}
			<-inside
			began := time.Now()
			cancel()
			if err := <-done; err != nil || time.Since(began) > 3*grace {
				t.Errorf("%v after %v", err, time.Since(began))
			}
			for _, c := range []net.Conn{silent, half} {
				if got, _ := io.ReadAll(c); strings.Contains(string(got), "200") {
					t.Errorf("got %q", got)
				}
			}
			if err := Serve(ctx, l, p, nil); p == HTTP && err != nil {
				t.Errorf("again: %v", err)
			}
		})
	}
}

// TestUnderWay: what is under way when a server ends is answered.
func TestUnderWay(t *testing.T) {
	for _, p := range Protocols() {
		inside, leave := make(chan bool), make(chan bool)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- Serve(ctx, l, p, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				inside <- true
				<-leave
				w.WriteHeader(http.StatusAccepted)
			}))
		}()
		c := dial(t, l.Addr().String())
		if p == HTTP {
			fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		} else if _, err := c.Write(encode(t, p, pairs{{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/"}}, "")); err != nil {
			t.Fatal(err)
		}
		<-inside
		cancel()
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) { // the server has heard of it
			t.Error(err)
		}
		leave <- true
		if res, _ := answerOf(t, p, bufio.NewReader(c)); res.StatusCode != http.StatusAccepted {
			t.Errorf("%s: %d", p, res.StatusCode)
		}
		if err := <-done; err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func TestConcurrently(t *testing.T) {
	for _, p := range gateways() {
		addr, log := run(t, &Server{Protocol: p, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprint(w, r.RequestURI, Vars(r)["X"], len(body))
		})})
		var all sync.WaitGroup
		for i := range 32 {
			all.Go(func() {
				text := strings.Repeat("x", i*3000)
				_, got := ask(t, addr, p, pairs{{"REQUEST_URI", fmt.Sprint("/", i)}, {"X", "-"}, {"CONTENT_LENGTH", fmt.Sprint(len(text))}}, text)
				if want := fmt.Sprint("/", i, "-", len(text)); got != want {
					t.Errorf("%s: %q, want %q", p, got, want)
				}
			})
		}
		all.Wait()
		if log.String() != "" {
			t.Errorf("%s logs %s", p, log)
		}
	}
}

func TestUnknownProtocol(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := Serve(t.Context(), l, "ajp", nil); err == nil || !strings.Contains(err.Error(), `no protocol "ajp": choose one of http, `) {
		t.Error(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is open: %v", err)
	}
	for _, p := range Protocols() {
		if got, err := ParseProtocol(strings.ToUpper(string(p))); got != p || err != nil {
			t.Errorf("%s: %v", got, err)
		}
	}
}

type mark struct{}

func TestConnContext(t *testing.T) {
	for _, p := range Protocols() {
		addr, _ := run(t, &Server{
			Protocol: p, ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, mark{}, c) },
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if c, ok := r.Context().Value(mark{}).(net.Conn); !ok || c.LocalAddr() != r.Context().Value(http.LocalAddrContextKey) {
					t.Errorf("%s: the connection is %v", p, c)
				}
			}),
		})
		c := dial(t, addr)
		if p == HTTP {
			fmt.Fprint(c, "GET / HTTP/1.0\r\n\r\n")
		} else if _, err := c.Write(encode(t, p, pairs{{"REQUEST_URI", "/"}}, "")); err != nil {
			t.Fatal(err)
		}
		if res, _ := answerOf(t, p, bufio.NewReader(c)); res.StatusCode != 200 {
			t.Errorf("%s: %d", p, res.StatusCode)
		}
	}
}
