// Package servicetest starts the real services that checks beside the stacks are
// tested against: on loopback addresses, with scratch folders, until the test
// ends.
package servicetest

import (
	"bufio"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// Service is a service that runs.
type Service struct {
	Addr string // host:port
	Host string
	Port string
	stop func() error
}

// Stop ends it before the test ends.
func (s *Service) Stop(t testing.TB) {
	t.Helper()
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
}

// worker is whom to start services as that refuse to be started by root, "" for
// who we are.
func worker() string {
	user, _ := proc.WorkerUser("nobody")
	return user
}

// start starts a program on a free address as a user. taken is what it prints
// where somebody else was faster.
func start(t testing.TB, name, program, user, taken string, options func(host, port, dir string) proc.Options) *Service {
	t.Helper()
	p, err := proc.OnFreeAddr(taken, func(addr string) (*proc.Process, error) {
		dir, err := proc.ScratchOf(name, user)
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) }) // where options end the test
		host, port, _ := net.SplitHostPort(addr)
		o := options(host, port, dir)
		o.Name, o.Path, o.Dir, o.User, o.StartTimeout = name, program, dir, user, 30*time.Second
		if o.Addr == "" {
			o.Addr = addr
		}
		return proc.Start(context.WithoutCancel(t.Context()), o)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("output of %s: %s", name, p.Output())
		}
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	s := &Service{Addr: p.Addr(), stop: p.Stop}
	s.Host, s.Port, _ = net.SplitHostPort(s.Addr)
	return s
}

// Redis starts Redis, with a password where it is not empty.
func Redis(t testing.TB, password string) *Service {
	t.Helper()
	return start(t, "redis", need.Server(t, "redis-server"), "", "Address already in use", func(host, port, dir string) proc.Options {
		args := []string{"--bind", host, "--port", port, "--dir", dir, "--save", "", "--appendonly", "no"}
		if password != "" {
			args = append(args, "--requirepass", password)
		}
		return proc.Options{Args: args}
	})
}

// Memcached starts memcached.
func Memcached(t testing.TB) *Service {
	t.Helper()
	return start(t, "memcached", need.Server(t, "memcached"), worker(), "Address already in use", func(host, port, _ string) proc.Options {
		return proc.Options{Args: []string{"-l", host, "-p", port, "-U", "0", "-m", "16", "-t", "1"}}
	})
}

// Postgres starts PostgreSQL with a user, whose password it wants.
func Postgres(t testing.TB, user, password string) *Service {
	t.Helper()
	program := need.Program(t, "postgres", newest("/usr/lib/postgresql/*/bin/postgres"))
	s := start(t, "postgres", program, worker(), "Address already in use", func(host, port, dir string) proc.Options {
		secret, data := filepath.Join(dir, "password"), filepath.Join(dir, "data")
		if err := os.WriteFile(secret, []byte(password), 0o644); err != nil {
			t.Fatal(err)
		}
		run(t, dir, filepath.Join(filepath.Dir(program), "initdb"), "-D", data, "-U", user, "--pwfile="+secret, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "-N")
		return proc.Options{Args: []string{"-D", data, "-h", host, "-p", port, "-k", "", "-c", "fsync=off", "-c", "autovacuum=off"}}
	})
	ready(t, filepath.Join(filepath.Dir(program), "pg_isready"), "-h", s.Host, "-p", s.Port)
	return s
}

// ready runs a program that asks whether a service is ready, until it says so:
// some take connections before they are.
func ready(t testing.TB, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v\n%s", program, err, out)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// newest is the last of the paths that match a pattern, the pattern where there
// is none.
func newest(pattern string) string {
	list, _ := filepath.Glob(pattern) // the pattern is a good one
	if len(list) == 0 {
		return pattern
	}
	return slices.Max(list)
}

// run runs a program to its end, as the user whom dir belongs to.
func run(t testing.TB, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	if err := asOwner(cmd, dir); err != nil {
		t.Fatal(err)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}

// MariaDB starts MariaDB with a database "shop" and a user, whose password it
// wants.
func MariaDB(t testing.TB, user, password string) *Service {
	t.Helper()
	program, install := need.Server(t, "mariadbd"), need.Server(t, "mariadb-install-db")
	s := start(t, "mariadb", program, worker(), "Address already in use", func(host, port, dir string) proc.Options {
		data, first := filepath.Join(dir, "data"), filepath.Join(dir, "first.sql")
		text := "CREATE DATABASE shop;\nCREATE USER '" + user + "'@'%' IDENTIFIED BY '" + password + "';\nGRANT ALL ON *.* TO '" + user + "'@'%' WITH GRANT OPTION;\n"
		if err := os.WriteFile(first, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		run(t, dir, install, "--no-defaults", "--datadir="+data, "--skip-test-db", "--auth-root-authentication-method=normal")
		return proc.Options{Args: []string{
			"--no-defaults", "--datadir=" + data, "--bind-address=" + host, "--port=" + port, "--socket=" + filepath.Join(dir, "s"),
			"--pid-file=" + filepath.Join(dir, "pid"), "--init-file=" + first, "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", "--skip-name-resolve",
		}}
	})
	return s
}

// Celery starts a worker of a Celery application without tasks, on a broker,
// until the test ends, and waits until it is ready. name is its name.
func Celery(t testing.TB, broker, name string, settings ...string) (stop func()) {
	t.Helper()
	need.Program(t, "celery", "/usr/lib/python3/dist-packages/celery/__init__.py")
	dir := t.TempDir()
	text := "import celery\napp = celery.Celery(broker=" + strconv.Quote(broker) + ")\n" + strings.Join(settings, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(dir, "scratch_app.py"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, "/usr/bin/python3", "-m", "celery", "-A", "scratch_app", "worker", "-P", "solo", "-n", name, "-l", "INFO")
	cmd.Dir, cmd.Cancel, cmd.WaitDelay = dir, func() error { return cmd.Process.Signal(os.Interrupt) }, 10*time.Second
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = in.Close()
	stop = sync.OnceFunc(func() {
		cancel()
		_ = cmd.Wait() // how it ends is no matter
	})
	t.Cleanup(stop)
	said := ""
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		said += lines.Text() + "\n"
		if strings.Contains(lines.Text(), " ready.") {
			go func() { _, _ = io.Copy(io.Discard, out); _ = out.Close() }()
			return stop
		}
	}
	t.Fatalf("no worker: %s", said)
	return nil
}

// lowPort is a free port of 127.0.0.1, from below those that connections go out
// by (ip(7)): a service that listens late finds it free still.
func lowPort(t testing.TB) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20_000 + rand.IntN(10_000))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

// RabbitMQ starts RabbitMQ with a user. The daemon by which Erlang's nodes find
// each other has a port of its own, and ends with it.
func RabbitMQ(t testing.TB, user, password string) *Service {
	t.Helper()
	program := need.Program(t, "rabbitmq-server", "/usr/lib/rabbitmq/bin/rabbitmq-server")
	names := lowPort(t)
	t.Cleanup(func() {
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "epmd", "-port", names, "-kill")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Logf("epmd: %v %s", err, out)
		}
	})
	var own string
	s := start(t, "rabbitmq", program, worker(), "in use", func(host, port, dir string) proc.Options {
		own = net.JoinHostPort(host, port)
		dist := lowPort(t)
		file := filepath.Join(dir, "rabbitmq.conf")
		text := "listeners.tcp.1 = " + host + ":" + port + "\ndefault_user = " + user + "\ndefault_pass = " + password + "\nloopback_users = none\n"
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return proc.Options{Addr: "127.0.0.1:" + dist, Env: []string{ // on its own port it does not end a connection that says nothing
			"HOME=" + dir, "RABBITMQ_NODENAME=proxydiag" + port + "@localhost", "RABBITMQ_CONFIG_FILE=" + file, "RABBITMQ_MNESIA_BASE=" + filepath.Join(dir, "db"),
			"RABBITMQ_LOG_BASE=" + filepath.Join(dir, "log"), "RABBITMQ_ENABLED_PLUGINS_FILE=" + filepath.Join(dir, "plugins"), "RABBITMQ_PID_FILE=" + filepath.Join(dir, "pid"),
			"RABBITMQ_DIST_PORT=" + dist, "ERL_EPMD_PORT=" + names, "ERL_EPMD_ADDRESS=127.0.0.1",
			"RABBITMQ_CONF_ENV_FILE=/dev/null", "RABBITMQ_NODE_IP_ADDRESS=", "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 1:1",
		}}
	})
	s.Addr = own
	s.Host, s.Port, _ = net.SplitHostPort(own)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := amqp.Dial("amqp://" + user + ":" + url.QueryEscape(password) + "@" + own + "/")
		if err == nil {
			_ = conn.Close()
			return s
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
