package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// starting is a listener that closes its first connections at once, as a
// server does that is still starting.
type starting struct {
	net.Listener
	left atomic.Int32
}

func (l *starting) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil || l.left.Add(-1) < 0 {
			return conn, err
		}
		conn.Close()
	}
}

// startingStack is a healthy stack whose proxy closes its first connections.
func startingStack(t *testing.T, connections int32) (flags []string) {
	t.Helper()
	storage := t.TempDir()
	backend, ready := serveStack(storage)
	t.Cleanup(backend.Close)
	t.Cleanup(ready.Close)
	proxy := httptest.NewUnstartedServer(ready.Config.Handler)
	l := &starting{Listener: proxy.Listener}
	l.left.Store(connections)
	proxy.Listener = l
	proxy.Start()
	t.Cleanup(proxy.Close)
	return []string{"check", "--storage", storage, "--sendfile", "nginx:/protected/", "--profile", "quick", "--format", "json",
		"--backend", backend.URL + "/dl/", "--proxy", proxy.URL + "/dl/"}
}

// TestAwaitSilent: one origin is named once, and none by a wait that was cut short.
func TestAwaitSilent(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := "http://" + l.Addr().String()
	l.Close()
	stack := diag.Stack{Backend: diag.URL(at + "/a/"), Proxy: diag.URL(at + "/b/")}
	if got := await(t.Context(), stack, compare.Options{Timeout: time.Second}, 50*time.Millisecond); len(got) != 1 || got[0] != at {
		t.Errorf("%q", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := await(ctx, stack, compare.Options{Timeout: time.Second}, time.Minute); got != nil {
		t.Errorf("interrupted: %q", got)
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		connections int32
		flags       []string
		status      int
		says        string
	}{
		"not waited":     {3, nil, exitFound, ""},
		"waited":         {3, []string{"--wait", "1m"}, exitHealthy, ""},
		"nothing to do":  {0, []string{"--wait", "1m"}, exitHealthy, ""},
		"waited in vain": {1 << 30, []string{"--wait", "200ms"}, exitFound, "--wait 200ms: nothing answered at http://127.0.0.1:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c0 := terminal{plain: true}
			if status := c0.run(t.Context(), append(startingStack(t, c.connections), c.flags...)...); status != c.status {
				t.Errorf("status %d: %s%s", status, &c0.err, &c0.out)
			}
			if got := c0.err.String(); !strings.Contains(got, c.says) || c.says == "" && got != "" {
				t.Errorf("standard error: %s", got)
			}
		})
	}
}

// TestWaitSendsNoCredentials: what waits is no probe.
func TestWaitSendsNoCredentials(t *testing.T) {
	t.Parallel()
	stack := diag.Stack{Proxy: "http://user:hunter2@127.0.0.1:1/dl/{name}?token=hunter2"}
	if got := origin(stack.Proxy) + stack.Proxy.Base(); got != "http://127.0.0.1:1/dl/" {
		t.Error(got)
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	c := terminal{plain: true}
	record := filepath.Join(t.TempDir(), "run.json")
	if status := c.run(t.Context(), append(startingStack(t, 2), "--retries", "3", "--record", record)...); status != exitHealthy {
		t.Fatalf("status %d: %s%s", status, &c.err, &c.out)
	}
	var rec diag.Record
	if err := json.Unmarshal([]byte(read(t, record)), &rec); err != nil {
		t.Fatal(err)
	}
	again := 0
	for _, x := range rec.Exchanges {
		again += x.Retries
	}
	if again != 2 {
		t.Errorf("sent again %d times", again)
	}
	if !strings.Contains(c.out.String(), "no answer came to the earlier ones") {
		t.Errorf("the report does not tell: %s", &c.out)
	}
}

// TestRetriesInVain: a finding that needed retries says so, and nothing is
// sent again unasked.
func TestRetriesInVain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flags []string
		want  bool
	}{{[]string{"--retries", "1"}, true}, {nil, false}} {
		var got terminal
		if status := got.run(t.Context(), append(startingStack(t, 1<<30), c.flags...)...); status != exitFound {
			t.Errorf("status %d: %s%s", status, &got.err, &got.out)
		}
		if strings.Contains(got.out.String(), "was sent 2 times in vain") != c.want {
			t.Errorf("%v: %s", c.flags, &got.out)
		}
	}
}
