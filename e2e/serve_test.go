package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/apache"
	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// fickle is an application that can be told to hand off another folder's files.
type fickle struct {
	application
	wrong atomic.Bool
}

func (f *fickle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	otherwise(func(a *answer) {
		if v := a.Header.Get(f.Spec.Dialect.Header); v != "" && f.wrong.Load() {
			a.Header.Set(f.Spec.Dialect.Header, strings.Replace(v, f.Spec.Prefix, f.Spec.Prefix+"elsewhere/", 1))
		}
	})(&f.application, f.Storage).ServeHTTP(w, r)
}

// watchedStack is a real server with a fickle application behind it, and how
// proxydiag.yaml describes it.
func watchedStack(t *testing.T, k server.Kind) (st stack, app *fickle, yaml string) {
	t.Helper()
	l := listen(t)
	st = start(t, k, sample(t, k, "downloads.conf"), l.Addr().String(), storage(t), nil)
	spec, err := sendfile.ParseSpec(st.Sample.Sendfile, "")
	if err != nil {
		t.Fatal(err)
	}
	app = &fickle{application: application{Storage: st.Sample.Storage, Base: st.Sample.Path, Spec: spec}}
	serve(t, l, app)
	yaml = fmt.Sprintf("{storage: %q, backend: %q, proxy: %q, sendfile: %q}",
		st.Sample.Storage, st.backendURL(st.Sample.Path), st.proxyURL(st.Sample.Path), st.Sample.Sendfile)
	return st, app, yaml
}

// endpoint is proxydiag serve as a process.
type endpoint struct {
	t   *testing.T
	cmd *exec.Cmd
	URL string
	log syncBuffer
	// told is what the process tells systemd.
	told syncBuffer
}

// manager is a socket that stands in for systemd's.
func (e *endpoint) manager() string {
	e.t.Helper()
	path := filepath.Join(e.t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { conn.Close() })
	go func() {
		for b := make([]byte, 1000); ; {
			n, err := conn.Read(b)
			if err != nil {
				return
			}
			fmt.Fprintf(&e.told, "%s\n", b[:n])
		}
	}()
	return path
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// serving starts proxydiag serve with a file and waits until it answers.
func serving(t *testing.T, binary, yaml string, flags ...string) *endpoint {
	t.Helper()
	file := filepath.Join(t.TempDir(), "proxydiag.yaml")
	write(t, file, yaml)
	addr := freeAddr(t)
	e := &endpoint{t: t, URL: "http://" + addr}
	e.cmd = exec.Command(binary, append([]string{"serve", "--file", file, "--listen", addr}, flags...)...)
	e.cmd.Stderr = &e.log
	e.cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+e.manager())
	if err := e.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if e.cmd.ProcessState == nil {
			e.end(syscall.SIGTERM)
		}
	})
	e.until("/ping", func(status int, _ string) bool { return status == 200 })
	return e
}

// end ends the process and says how it ended.
func (e *endpoint) end(signal syscall.Signal) {
	e.t.Helper()
	if err := e.cmd.Process.Signal(signal); err != nil {
		e.t.Fatal(err)
	}
	if err := e.cmd.Wait(); err != nil && signal != syscall.SIGKILL {
		e.t.Errorf("%v\n%s", err, &e.log)
	}
}

// get asks once; status is 0 where nobody answers.
func (e *endpoint) get(path, accept string) (status int, text string) {
	req, err := http.NewRequest("GET", e.URL+path, nil)
	if err != nil {
		e.t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

// until asks until an answer is as it should be.
func (e *endpoint) until(path string, ok func(status int, text string) bool) {
	e.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		status, text := e.get(path, "text/plain, */*;q=0.5")
		if ok(status, text) {
			return
		}
		if time.Now().After(deadline) {
			e.t.Fatalf("%s stays at %d: %s\n%s", path, status, text, &e.log)
		}
	}
}

// says waits until a path answers with a status and a text.
func (e *endpoint) says(path string, want int, text string) {
	e.t.Helper()
	e.until(path, func(status int, got string) bool { return status == want && strings.Contains(got, text) })
}

// TestServe watches stacks of two real servers that go bad and recover, is
// killed, and begins again with what it knew.
func TestServe(t *testing.T) {
	binary := build(t)
	first, app, firstYAML := watchedStack(t, nginx.Kind)
	second, _, secondYAML := watchedStack(t, apache.Kind)
	state := filepath.Join(t.TempDir(), "state.json")
	yaml := fmt.Sprintf("serve:\n  interval: 2s\n  drain: 100ms\n  allow: 127.0.0.1\n  stacks: {first: {critical: true}, second: {}}\nstacks:\n  first: %s\n  second: %s\n", firstYAML, secondYAML)

	left := fixture.New("main", ".bin", 10)
	if err := fixture.OpenDir(first.Sample.Storage).Put(t.Context(), left); err != nil {
		t.Fatal(err)
	}
	then := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(filepath.Join(first.Sample.Storage, left.Name), then, then); err != nil {
		t.Fatal(err)
	}
	e := serving(t, binary, yaml, "--state", state)
	e.says("/healthz", 200, "UP stack/second")
	e.says("/readyz", 200, "UP stack/first")
	if !strings.Contains(e.log.String(), left.Name) {
		t.Errorf("what a killed run has left stays: %s", &e.log)
	}

	app.wrong.Store(true)
	e.says("/healthz/first", 503, "backend misconfigured")
	e.says("/healthz", 503, "DOWN stack/first")
	e.says("/readyz", 503, "DOWN")
	e.says("/healthz?skip=first", 200, "UP stack/second")
	e.says("/metrics", 200, `proxydiag_finding{code="backend-wrong-prefix",culprit="backend",severity="error",stack="first"} 1`)
	e.says("/metrics", 200, `proxydiag_leg_duration_seconds_count{leg="end-to-end",phase="total",stack="second"}`)
	e.says("/probe?stack=second", 200, "probe_success 1")
	lookAt(t, e)
	app.wrong.Store(false)
	e.says("/readyz", 200, "UP stack/first")

	media := second.Sample.Storage
	if err := os.Rename(media, media+".away"); err != nil {
		t.Fatal(err)
	}
	e.says("/healthz/second", 503, "storage misconfigured")
	e.says("/readyz", 200, "")
	if err := os.Rename(media+".away", media); err != nil {
		t.Fatal(err)
	}
	e.says("/healthz", 200, "UP stack/second")
	e.says("/feed.atom", 200, "second is down (was up)")
	keptState(t, state, "second")

	e.end(syscall.SIGKILL)
	before := listing(t, first.Sample.Storage)
	app.wrong.Store(true)
	e = serving(t, binary, strings.Replace(yaml, "interval: 2s", "interval: 1h", 1), "--state", state)
	if status, text := e.get("/feed.atom", "*/*"); status != 200 || !strings.Contains(text, "first is up (was down)") {
		t.Errorf("what happened before is forgotten: %s", text)
	}
	e.says("/healthz/first", 503, "backend misconfigured")
	e.end(syscall.SIGTERM)
	if told := e.told.String(); told != "READY=1\nSTOPPING=1\n" {
		t.Errorf("systemd is told %q", told)
	}
	for _, name := range listing(t, first.Sample.Storage) {
		if !slices.Contains(before, name) {
			t.Errorf("%s was left behind", name)
		}
	}
}

// keptState waits until the state has a text in it.
func keptState(t *testing.T, file, text string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		content, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(content), `"name": "`+text+`",`) && strings.Contains(string(content), `"to": "up"`) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v\n%s", file, err, content)
		}
	}
}

// lookAt opens the status page in a browser, on a screen and on a phone.
func lookAt(t *testing.T, e *endpoint) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	browser, closed := openBrowser(ctx, t)
	defer closed()
	inspect(browser, t, "status", e.URL+"/status")
	inspect(browser, t, "status-healthz", e.URL+"/healthz?check=second")
}
