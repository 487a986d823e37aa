package nginx

import (
	"context"
	"errors"
	"fmt"
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

// hello is a site that answers by itself.
func hello(addr string) string {
	return fmt.Sprintf("server { listen %s; location / { return 200 hello; } location /files/ { root /nonexistent; } }", addr)
}

// launch starts nginx with a site; it is stopped when the test ends.
func launch(t testing.TB, site func(string) string) server.Process {
	t.Helper()
	p, err := Launch(context.Background(), server.LaunchOptions{Binary: need.Server(t, "nginx"), Site: site})
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

func TestLaunch(t *testing.T) {
	p := launch(t, hello)
	if status, body := get(t, p.Addr(), "/"); status != 200 || body != "hello" {
		t.Errorf("got %d %q", status, body)
	}
	log := func() string {
		text, err := os.ReadFile(p.ErrorLog())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if text := log(); text != "" {
		t.Errorf("a healthy start and request are logged: %s", text)
	}
	if status, _ := get(t, p.Addr(), "/files/x"); status != 404 {
		t.Errorf("got %d for a file that is not there", status)
	}
	if text := log(); !strings.Contains(text, `open() "/nonexistent/files/x" failed (2: No such file`) {
		t.Errorf("the error log lacks the missing file: %s", text)
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

func TestLaunchTwoAtOnce(t *testing.T) {
	one, two := launch(t, hello), launch(t, hello)
	if one.Addr() == two.Addr() {
		t.Fatalf("both listen on %s", one.Addr())
	}
	if err := one.Stop(); err != nil {
		t.Error(err)
	}
	if status, _ := get(t, two.Addr(), "/"); status != 200 {
		t.Errorf("the second server answers %d after the first has stopped", status)
	}
}

func TestLaunchRefusesBrokenConfiguration(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	_, err := Launch(t.Context(), server.LaunchOptions{
		Binary: need.Server(t, "nginx"),
		Site:   func(addr string) string { return "server {\n  listen " + addr + ";\n  bogus on;\n}\n" },
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"nginx did not start", `unknown directive "bogus"`, "site.conf:3"} {
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

func TestLaunchNoticesOtherAddress(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	_, err := Launch(t.Context(), server.LaunchOptions{
		Binary:       need.Server(t, "nginx"),
		Site:         func(string) string { return "server { listen unix:" + socket + "; }" },
		StartTimeout: 300 * time.Millisecond,
	})
	if err == nil || !strings.Contains(err.Error(), "nothing answered on 127.0.0.1:") {
		t.Errorf("got %v", err)
	}
}

func TestLaunchWithoutNginx(t *testing.T) {
	_, err := Launch(t.Context(), server.LaunchOptions{Binary: "/nonexistent/nginx", Site: hello})
	if err == nil || !strings.Contains(err.Error(), "cannot start nginx (/nonexistent/nginx)") {
		t.Errorf("got %v", err)
	}
}

// BenchmarkLaunch measures start, until nginx answers, and stop.
func BenchmarkLaunch(b *testing.B) {
	binary := need.Server(b, "nginx")
	var starting time.Duration
	for b.Loop() {
		begin := time.Now()
		p, err := Launch(b.Context(), server.LaunchOptions{Binary: binary, Site: hello})
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
