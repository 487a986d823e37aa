//go:build unix

package proc_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

var _ server.Process = (*proc.Process)(nil)

// behaviour makes the test binary act as a server.
const behaviour = "PROXYDIAG_TEST_SERVER"

func TestMain(m *testing.M) {
	if how := os.Getenv(behaviour); how != "" {
		serve(how)
	}
	os.Exit(m.Run())
}

// serve takes connections from the inherited socket and closes them.
func serve(how string) {
	switch how {
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
	case "talkative":
		line := bytes.Repeat([]byte("x"), 1023)
		for range 200 {
			_, _ = os.Stdout.Write(append(line, '\n'))
		}
		_, _ = os.Stdout.WriteString("the end\n")
	case "broken":
		_, _ = os.Stderr.WriteString("no such directive\n")
		os.Exit(3)
	case "silent":
		log := os.Getenv("LOG")
		_ = os.WriteFile(log, []byte("only the log knows\n"), 0o600)
		os.Exit(4)
	case "deaf":
		_ = os.NewFile(3, "").Close()
		select {}
	}
	l, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		panic(err)
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			panic(err)
		}
		go func() {
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}()
	}
}

// start starts the test binary as a server. It returns its scratch folder too.
func start(ctx context.Context, t *testing.T, how string, o proc.Options) (*proc.Process, string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := proc.Scratch("test")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	o.Name, o.Dir, o.ErrorLog = "test server", dir, filepath.Join(dir, "log")
	if o.Path == "" {
		o.Path = self
	}
	o.Env = []string{behaviour + "=" + how, "LOG=" + o.ErrorLog}
	o.Listeners, o.Addr = []*net.TCPListener{l}, l.Addr().String()
	p, err := proc.Start(ctx, o)
	return p, dir, err
}

func TestStartAndStop(t *testing.T) {
	p, dir, err := start(t.Context(), t, "plain", proc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if err := p.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	gone(t, p, dir)
}

func TestStubbornServerIsKilled(t *testing.T) {
	p, dir, err := start(t.Context(), t, "stubborn", proc.Options{Grace: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Errorf("Stop: %v", err)
	}
	gone(t, p, dir)
}

func TestEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p, dir, err := start(ctx, t, "plain", proc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	cancel()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the server speaks after its context has ended")
	}
	if err := p.Stop(); err != nil {
		t.Errorf("Stop: %v", err)
	}
	gone(t, p, dir)
}

func TestContextEndsWhileStarting(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, dir, err := start(ctx, t, "deaf", proc.Options{})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the scratch folder %s is still there: %v", dir, err)
	}
}

func TestOutputIsBounded(t *testing.T) {
	p, _, err := start(t.Context(), t, "talkative", proc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
	if got := p.Output(); len(got) != 64<<10 || !strings.HasSuffix(got, "x\nthe end\n") {
		t.Errorf("output has %d bytes and ends with %q", len(got), got[max(0, len(got)-12):])
	}
}

func TestFailedStart(t *testing.T) {
	for how, c := range map[string]struct {
		options proc.Options
		want    []string
	}{
		"broken":  {proc.Options{}, []string{"test server did not start", "exit status 3", "no such directive"}},
		"silent":  {proc.Options{}, []string{"test server did not start", "exit status 4", "only the log knows"}},
		"deaf":    {proc.Options{StartTimeout: 300 * time.Millisecond}, []string{"nothing answered on 127.0.0.1:"}},
		"missing": {proc.Options{Path: "/nonexistent/server"}, []string{"cannot start test server (/nonexistent/server)"}},
	} {
		t.Run(how, func(t *testing.T) {
			p, dir, err := start(t.Context(), t, how, c.options)
			if err == nil {
				_ = p.Stop()
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error %q lacks %q", err, want)
				}
			}
			if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the scratch folder %s is still there: %v", dir, err)
			}
		})
	}
}

func TestFind(t *testing.T) {
	if path, err := proc.Find("sh"); err != nil || !filepath.IsAbs(path) {
		t.Errorf("Find(sh) = %q, %v", path, err)
	}
	if _, err := proc.Find("proxydiag-no-such-program"); err == nil || !strings.Contains(err.Error(), "proxydiag-no-such-program") {
		t.Errorf("Find of what is not there: %v", err)
	}
}

func TestWorkerUser(t *testing.T) {
	name, group := proc.WorkerUser("proxydiag-no-such-user", "nobody")
	if os.Geteuid() != 0 {
		if name != "" || group != "" {
			t.Errorf("an ordinary user gets %q, %q", name, group)
		}
		return
	}
	if name != "nobody" || group == "" {
		t.Errorf("got %q, %q", name, group)
	}
}

// gone fails the test if anything is left of a stopped server.
func gone(t *testing.T, p *proc.Process, dir string) {
	t.Helper()
	if conn, err := net.Dial("tcp", p.Addr()); err == nil {
		_ = conn.Close()
		t.Error("something still listens on the server's address")
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the scratch folder %s is still there: %v", dir, err)
	}
}
