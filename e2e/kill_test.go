package e2e

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// killed is how often each signal is sent.
const killed = 100

// TestKilled ends runs at random moments. After a signal that can be caught nothing of ours is left
// in the storage; after SIGKILL a sweep removes what is left, and nothing else.
// The companion's port is free again for the next run.
func TestKilled(t *testing.T) {
	binary := build(t)
	folder := storage(t)
	for _, name := range []string{"users-own.bin", "proxydiag-1.0.tar.gz", ".hidden"} {
		write(t, filepath.Join(folder, name), "not ours")
	}
	before := listing(t, folder)
	l := listen(t)
	backend := l.Addr().String()
	l.Close() // the companions are to listen there, one after the other
	dialect, err := sendfile.Lookup(sendfile.Names()[0], "")
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(&sendfile.Proxy{
		Backend: &url.URL{Scheme: "http", Host: backend}, Dialect: dialect, Prefix: "/protected/", Root: folder,
	})
	defer front.Close()
	args := []string{"check", "--companion", "--storage", folder, "--sendfile", dialect.Name + ":/protected/",
		"--backend", "http://" + backend + "/dl/", "--proxy", front.URL + "/dl/"}

	begin := time.Now()
	if out, err := exec.Command(binary, args...).CombinedOutput(); err != nil {
		t.Fatalf("a run that nobody ends: %v\n%s", err, out)
	}
	whole := time.Since(begin)

	for i := range killed {
		signal := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}[i%3]
		end(t, binary, args, signal, rand.N(whole))
		if diff := cmp.Diff(before, listing(t, folder)); diff != "" {
			t.Fatalf("run %d: after %v the storage is not as it was: %s", i, signal, diff)
		}
	}
	left := 0
	for i := range killed {
		end(t, binary, args, syscall.SIGKILL, rand.N(whole))
		left += len(listing(t, folder)) - len(before)
		if _, err := fixture.Sweep(context.Background(), fixture.OpenDir(folder), 0, time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, listing(t, folder)); diff != "" {
			t.Fatalf("run %d: after SIGKILL and a sweep the storage is not as it was: %s", i, diff)
		}
	}
	if left == 0 {
		t.Error("no run was killed while a fixture was in the storage: the test shows nothing")
	}
	if again, err := net.Listen("tcp", backend); err != nil {
		t.Errorf("the companion's port stays open: %v", err)
	} else {
		again.Close()
	}
}

// end starts the command, sends it a signal after a while, and waits for it.
func end(t *testing.T, binary string, args []string, signal os.Signal, after time.Duration) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Signal(signal) }) // it may have ended
	defer timer.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if signal != syscall.SIGKILL && exit != nil && exit.ExitCode() == 2 {
		t.Fatalf("the run could not begin: %v", err)
	}
}

// build builds the command.
func build(t testing.TB) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "proxydiag")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/proxydiag").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// listing is every name below a folder.
func listing(t testing.TB, folder string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
