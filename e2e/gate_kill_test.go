package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/nginx"
)

// gated are configurations for gate: healthy, with a fault, and refused.
var gated = []string{
	"server { listen 80; location / { proxy_pass http://app.internal:8000; } location /protected/ { internal; alias /srv/files/; } }",
	"server { listen 8080; location / { proxy_pass http://unix:/run/app.sock; } location /protected/ { internal; alias /srv/files; } }",
	"server { listen 80; location / { proxy_pass http://app.internal:8000; } location /protected/ { internal; alias /srv/files/; } expires never; }",
}

// ended is how many runs each kind of signal ends.
const ended = 15

// TestGateLeavesNothing tries configurations one after the other, ends runs at
// random moments, and kills some: nothing is left but what a killed run leaves,
// which the next one removes, and the server is gone with it.
func TestGateLeavesNothing(t *testing.T) {
	t.Parallel()
	need.Server(t, nginx.Kind.Program)
	binary := build(t)
	tmp := storage(t)
	env := "TMPDIR=" + tmp
	var args [][]string
	for _, text := range gated {
		file := filepath.Join(t.TempDir(), "site.conf")
		write(t, file, text)
		args = append(args, []string{env, binary, "gate", file})
	}
	begin := time.Now()
	for i := range 50 {
		cmd := exec.Command("env", args[i%len(args)]...)
		out, _ := cmd.CombinedOutput() // its status tells
		if want := []int{0, 1, 3}[i%len(args)]; cmd.ProcessState.ExitCode() != want {
			t.Fatalf("run %d: %v, want %d\n%s", i, cmd.ProcessState, want, out)
		}
		if names := listing(t, tmp); len(names) > 1 {
			t.Fatalf("run %d left %v", i, names)
		}
	}
	whole := time.Since(begin) / 50
	for i := range ended {
		signal := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM}[i%2]
		end(t, "env", args[0], signal, whole*time.Duration(i)/ended)
		if names := listing(t, tmp); len(names) > 1 {
			t.Fatalf("a run that %v ended left %v", signal, names)
		}
	}
	left := 0
	for i := range ended {
		end(t, "env", args[0], syscall.SIGKILL, whole*time.Duration(i)/ended)
		left += len(listing(t, tmp)) - 1
	}
	if left == 0 {
		t.Error("no run was killed while it had a sandbox: the test shows nothing")
	}
	for deadline := time.Now().Add(10 * time.Second); len(running(t, tmp)) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still running: %q", running(t, tmp))
		}
	}
	if out, err := exec.Command("env", args[0]...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if names := listing(t, tmp); len(names) > 1 {
		t.Errorf("the next run did not remove %v", names)
	}
}

// running are the command lines of processes that name a folder.
func running(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, file := range files {
		text, _ := os.ReadFile(file) // it may have ended
		if line := string(bytes.ReplaceAll(text, []byte{0}, []byte{' '})); strings.Contains(line, folder) {
			list = append(list, line)
		}
	}
	return list
}
