package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/pkg/fixture"
)

// TestExample builds the example, runs it, and asks for all that it shows.
func TestExample(t *testing.T) {
	dir, media := t.TempDir(), t.TempDir()
	binary := filepath.Join(dir, "example")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(media, "report.txt"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	store := fixture.OpenDir(media)
	dummy := fixture.New("main", ".bin", 10)
	if err := store.Put(t.Context(), dummy); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-listen", "127.0.0.1:0", "-storage", media, "-handoff", "nginx:/protected/", "-partner", "http://127.0.0.1:1/")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(log)
	lines.Scan()
	_, addr, _ := strings.Cut(lines.Text(), "address=")
	go io.Copy(io.Discard, log)
	get := func(path, accept string) (*http.Response, string) {
		req, err := http.NewRequest("GET", "http://"+addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", accept)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(text)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if resp, _ := get("/health/readyz", "*/*"); resp.StatusCode == 200 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it does not become ready")
		}
	}
	for path, want := range map[string]string{
		"/files/report.txt":          "/protected/report.txt",
		"/probe/" + dummy.Name:       "/protected/" + dummy.Name,
		"/probe/report.txt":          "", // it is no fixture
		"/files/../../../etc/passwd": "",
	} {
		resp, text := get(path, "*/*")
		if got := resp.Header.Get("X-Accel-Redirect"); got != want || want != "" && text != "" {
			t.Errorf("%s: %s %q", path, got, text)
		}
	}
	if resp, text := get("/health/healthz", "text/plain"); resp.StatusCode != 503 || !strings.Contains(text, "UP storage/media") || !strings.Contains(text, "DOWN http/partner") && !strings.Contains(text, "UNKNOWN http/partner") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if resp, text := get("/health/status", "text/html"); resp.StatusCode != 200 || !strings.Contains(text, "<main>") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(media)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v %v", entries, err)
	}
}
