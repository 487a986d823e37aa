// Package servertest tries on the real server what every kind of server must
// do: start, answer, tell its log, end, and deliver by its samples.
package servertest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// Suite is a kind of server and what it is tried with.
type Suite struct {
	Kind server.Kind

	// Hello returns a site that listens on addr and answers "/" by itself with
	// Status and Body.
	Hello  func(addr string) string
	Status int
	Body   string

	// Logged is what the error log says after "/files/x" was asked for, which
	// Hello does not deliver.
	Logged string

	// Broken is a directive that does not exist. Refusal are pieces of what
	// the server says of it.
	Broken  string
	Refusal []string

	// Worries are pieces of error-log lines that a healthy start and download
	// must not leave; nil: nothing may be logged at all.
	Worries []string
}

// launch starts the server with a site; it is stopped when the test ends.
func (s Suite) launch(t testing.TB, site func(string) string) server.Process {
	t.Helper()
	p, err := s.Kind.Launch(context.Background(), server.LaunchOptions{Binary: need.Server(t, s.Kind.Program), Site: site})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop() })
	return p
}

// get asks a server for a path, over a connection of its own.
func get(t testing.TB, addr, path string) (status int, body string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + addr + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// answers checks that a server with the site Hello works.
func (s Suite) answers(t testing.TB, addr string) {
	t.Helper()
	if status, body := get(t, addr, "/"); status != s.Status || body != s.Body {
		t.Errorf("got %d %q", status, body)
	}
}

func log(t testing.TB, p server.Process) string {
	t.Helper()
	text, err := os.ReadFile(p.ErrorLog())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// quiet checks that the error log holds no worries.
func (s Suite) quiet(t testing.TB, p server.Process) {
	t.Helper()
	text := log(t, p)
	if s.Worries == nil && text != "" {
		t.Errorf("something is logged: %s", text)
	}
	for _, w := range s.Worries {
		if strings.Contains(text, w) {
			t.Errorf("%q is logged: %s", w, text)
		}
	}
}

// Run tries all but the samples.
func (s Suite) Run(t *testing.T) {
	t.Run("launch", s.start)
	t.Run("on its address only", s.alone)
	t.Run("two at once", s.two)
	t.Run("broken configuration", s.broken)
	t.Run("other address", s.elsewhere)
	t.Run("no such program", s.without)
	s.runProcess(t)
}

func (s Suite) start(t *testing.T) {
	p := s.launch(t, s.Hello)
	s.answers(t, p.Addr())
	s.quiet(t, p)
	get(t, p.Addr(), "/files/x")
	if text := log(t, p); !strings.Contains(text, s.Logged) {
		t.Errorf("the error log lacks %q: %s", s.Logged, text)
	}

	dir := filepath.Dir(p.ErrorLog())
	if err := p.Stop(); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the scratch folder %s is still there: %v", dir, err)
	}
	if conn, err := net.Dial("tcp", p.Addr()); err == nil {
		_ = conn.Close()
		t.Error("something still listens on the server's address")
	}
}

// alone asks for the same port of another address, where somebody else may be.
func (s Suite) alone(t *testing.T) {
	p := s.launch(t, s.Hello)
	_, port, err := net.SplitHostPort(p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.2", port)); err == nil && p.Addr() != conn.RemoteAddr().String() {
		_ = conn.Close()
		t.Errorf("it was given %s, and listens on %s too", p.Addr(), conn.RemoteAddr())
	}
}

func (s Suite) two(t *testing.T) {
	one, two := s.launch(t, s.Hello), s.launch(t, s.Hello)
	if one.Addr() == two.Addr() {
		t.Fatalf("both listen on %s", one.Addr())
	}
	if err := one.Stop(); err != nil {
		t.Error(err)
	}
	s.answers(t, two.Addr())
}

func (s Suite) broken(t *testing.T) {
	dir, err := os.MkdirTemp("", "proxydiag-broken-") //nolint:usetesting // its parents are closed to workers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	_, err = s.Kind.Launch(t.Context(), server.LaunchOptions{
		Binary: need.Server(t, s.Kind.Program),
		Site:   func(addr string) string { return s.Hello(addr) + "\n" + s.Broken + "\n" },
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range append(s.Refusal, s.Kind.Title+" did not start") {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error %q lacks %q", err, want)
		}
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func (s Suite) elsewhere(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := other.Addr().String()
	_ = other.Close()
	var asked string
	_, err = s.Kind.Launch(t.Context(), server.LaunchOptions{
		Binary:       need.Server(t, s.Kind.Program),
		Site:         func(given string) string { asked = given; return s.Hello(addr) },
		StartTimeout: 300 * time.Millisecond,
	})
	if err == nil || !strings.Contains(err.Error(), "nothing answered on "+asked) {
		t.Errorf("got %v", err)
	}
}

func (s Suite) without(t *testing.T) {
	missing := "/nonexistent/" + s.Kind.Program
	_, err := s.Kind.Launch(t.Context(), server.LaunchOptions{Binary: missing, Site: s.Hello})
	if want := "cannot start " + s.Kind.Title + " (" + missing + ")"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

// Benchmark measures start, until the server answers, and stop.
func (s Suite) Benchmark(b *testing.B) {
	binary := need.Server(b, s.Kind.Program)
	var starting time.Duration
	for b.Loop() {
		begin := time.Now()
		p, err := s.Kind.Launch(b.Context(), server.LaunchOptions{Binary: binary, Site: s.Hello})
		if err != nil {
			b.Fatal(err)
		}
		starting += time.Since(begin)
		if err := p.Stop(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(starting.Seconds()*1000/float64(b.N), "ms/start")
}

// TryAnotherAddress has somebody else take the first address between the moment
// it was found and the moment the server wants it: what a kind must stand that
// cannot inherit a listening socket.
func (s Suite) TryAnotherAddress(t *testing.T) {
	var asked []string
	p := s.launch(t, func(addr string) string {
		if asked = append(asked, addr); len(asked) == 1 {
			l, err := net.Listen("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
		}
		return s.Hello(addr)
	})
	if len(asked) != 2 || asked[0] == asked[1] || p.Addr() != asked[1] {
		t.Errorf("asked for %q, listens on %s", asked, p.Addr())
	}
}
