package nginx

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// launcher makes the test binary start nginx, print its address, and wait to
// be killed.
const launcher = "PROXYDIAG_TEST_LAUNCHER"

func TestMain(m *testing.M) {
	if os.Getenv(launcher) == "" {
		os.Exit(m.Run())
	}
	p, err := Launch(context.Background(), server.LaunchOptions{Site: hello})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(p.Addr())
	hold := make(chan os.Signal, 1)
	signal.Notify(hold, os.Interrupt)
	<-hold
	if err := p.Stop(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// pid reads nginx's process id from its scratch folder.
func pid(t *testing.T, p server.Process) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(p.ErrorLog()), "nginx.pid"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// idle opens a connection on which nothing is sent. ended waits until the
// server closes it.
func idle(t *testing.T, addr string) (ended func()) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return func() {
		t.Helper()
		if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		_, err := conn.Read(make([]byte, 1))
		if !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Fatalf("the server did not end: %v", err)
		}
	}
}

// A worker that waits in accept() serves nobody else: nginx wants the
// listening socket non-blocking, but does not make an inherited one so.
func TestInheritedSocketIsNonBlocking(t *testing.T) {
	p := launch(t, hello)
	info, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/3", pid(t, p)))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^flags:\s+([0-7]+)$`).FindSubmatch(info)
	if m == nil {
		t.Fatalf("no flags in %s", info)
	}
	flags, err := strconv.ParseInt(string(m[1]), 8, 64)
	if err != nil {
		t.Fatal(err)
	}
	if flags&syscall.O_NONBLOCK == 0 {
		t.Errorf("descriptor 3 is blocking: flags %o", flags)
	}
}

func TestStopAfterNginxWasKilled(t *testing.T) {
	p := launch(t, hello)
	ended := idle(t, p.Addr())
	if err := syscall.Kill(pid(t, p), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ended() // the worker, which nginx's first process could not end any more
	if err := p.Stop(); err == nil || !strings.Contains(err.Error(), "signal: killed") {
		t.Errorf("Stop does not tell that nginx was killed: %v", err)
	}
}

// TestOrdinaryUser starts nginx as a user who may write nowhere but in the
// temporary folder; TestLaunch does it as whoever runs the tests.
func TestOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Skip(err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		t.Fatal(err)
	}
	cmd, addr := helper(t, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)})
	if status, body := get(t, addr, "/"); status != 200 || body != "hello" {
		t.Errorf("got %d %q", status, body)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the launching process: %v", err)
	}
}

func TestEndsWithTheLaunchingProcess(t *testing.T) {
	cmd, addr := helper(t, nil)
	ended := idle(t, addr)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ended()
	_ = cmd.Wait() // "signal: killed"
}

// helper runs a copy of this test binary as a launcher, with a temporary
// folder of its own, and returns the address of the nginx that it started.
func helper(t *testing.T, as *syscall.Credential) (cmd *exec.Cmd, addr string) {
	t.Helper()
	need.Server(t, "nginx")
	dir, err := os.MkdirTemp("", "proxydiag-helper-") //nolint:usetesting // its parents are closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "launcher")
	if err := errors.Join(os.WriteFile(program, binary, 0o755), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(program)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), launcher+"=1", "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if addr = strings.TrimSpace(line); err != nil || !strings.HasPrefix(addr, "127.0.0.1:") {
		t.Fatalf("the launching process says %q, %v", line, err)
	}
	return cmd, addr
}
