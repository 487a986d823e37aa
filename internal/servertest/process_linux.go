package servertest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// launcher makes the test binary start the server, print its address, and wait
// to be killed.
const launcher = "PROXYDIAG_TEST_LAUNCHER"

// Main is what TestMain must call: some tests start the server from another
// process, which is a copy of the test binary.
func (s Suite) Main(m *testing.M) {
	if os.Getenv(launcher) == "" {
		os.Exit(m.Run())
	}
	p, err := s.Kind.Launch(context.Background(), server.LaunchOptions{Site: s.Hello})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	id, err := pid(p)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	hold := make(chan os.Signal, 1)
	signal.Notify(hold, os.Interrupt)
	fmt.Println(p.Addr(), id)
	<-hold
	if err := p.Stop(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (s Suite) runProcess(t *testing.T) {
	t.Run("no process is left", s.gone)
	t.Run("stop after it was killed", s.killed)
	t.Run("ordinary user", s.ordinaryUser)
	t.Run("ends with the launching process", s.endsWithUs)
}

// pid reads the process id from the server's scratch folder. A server may answer
// before it has written the file, or the number into it.
func pid(p server.Process) (id int, err error) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if id, err = readPID(p); err == nil {
			break
		}
	}
	return id, err
}

func readPID(p server.Process) (int, error) {
	files, err := filepath.Glob(filepath.Join(filepath.Dir(p.ErrorLog()), "*.pid"))
	if err != nil || len(files) != 1 {
		return 0, fmt.Errorf("process id files: %q, %w", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// group returns the processes of a group that have not ended.
func group(t *testing.T, id int) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var members []int
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has just ended
		}
		// pid (name) state ppid pgrp …
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if len(fields) > 2 && fields[0] != "Z" && fields[2] == strconv.Itoa(id) {
			n, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			if err != nil {
				t.Fatal(err)
			}
			members = append(members, n)
		}
	}
	return members
}

func (s Suite) gone(t *testing.T) {
	p := s.launch(t, s.Hello)
	id, err := pid(p)
	if err != nil {
		t.Fatal(err)
	}
	if len(group(t, id)) == 0 {
		t.Fatalf("%d leads no group of processes", id)
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if left := group(t, id); len(left) > 0 {
		t.Errorf("still there: %v", left)
	}
}

// ended waits until no process of a group is left.
func ended(t *testing.T, id int) {
	t.Helper()
	for start := time.Now(); len(group(t, id)) > 0; time.Sleep(time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatalf("still there: %v", group(t, id))
		}
	}
}

func (s Suite) killed(t *testing.T) {
	p := s.launch(t, s.Hello)
	id, err := pid(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(id, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ended(t, id) // the workers as well, which the first process could not end any more
	if err := p.Stop(); err == nil || !strings.Contains(err.Error(), "signal: killed") {
		t.Errorf("Stop does not tell that the server was killed: %v", err)
	}
}

// ordinaryUser starts the server as a user who may write nowhere but in the
// temporary folder; the other tests do it as whoever runs them.
func (s Suite) ordinaryUser(t *testing.T) {
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
	cmd, addr, _ := s.helper(t, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)})
	s.answers(t, addr)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the launching process: %v", err)
	}
}

func (s Suite) endsWithUs(t *testing.T) {
	cmd, _, id := s.helper(t, nil)
	if len(group(t, id)) == 0 {
		t.Fatalf("%d leads no group of processes", id)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ended(t, id)
	_ = cmd.Wait() // "signal: killed"
}

// helper runs a copy of this test binary as a launcher, with a temporary
// folder of its own, and returns the address and the process id of the server
// that it started.
func (s Suite) helper(t *testing.T, as *syscall.Credential) (cmd *exec.Cmd, addr string, id int) {
	t.Helper()
	need.Server(t, s.Kind.Program)
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
	if n, scan := fmt.Sscan(line, &addr, &id); err != nil || n != 2 {
		t.Fatalf("the launching process says %q, %v, %v", line, err, scan)
	}
	return cmd, addr, id
}
