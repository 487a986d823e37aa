package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"proxydiag": main})
}

// TestScripts runs the transcripts in testdata. They find a stack that serves
// the folder $STORAGE: $BACKEND and $PROXY are its ports, $HANG is a backend
// that never answers, $BROKEN one whose answers are wrong, each in its own way.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata", Setup: startStack, RequireExplicitExec: true, UpdateScripts: os.Getenv("UPDATE_GOLDEN") != "",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "arrived": arrived, "empty": empty, "json": validJSON, "mode": hasMode, "capture": capture, "age": age, "asks": asks, "grows": grows,
		},
	})
}

// exits runs a command and checks its exit status: exits STATUS COMMAND….
// Wrong use has to be told in one line on standard error.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		failed, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = failed.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
	text, stdout := ts.ReadFile("stderr"), ts.ReadFile("stdout")
	if want == exitUsage && (stdout != "" || strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "proxydiag: ")) {
		ts.Fatalf("not one line on standard error alone: %q, on standard output: %q", text, stdout)
	}
}

// empty checks that a folder is there and empty.
func empty(ts *testscript.TestScript, neg bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	if neg || len(entries) > 0 {
		ts.Fatalf("%s has %v in it", args[0], entries)
	}
}

// validJSON checks that a file is JSON and that members have values:
// json FILE [NAME VALUE]….
func validJSON(ts *testscript.TestScript, neg bool, args []string) {
	var got map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &got))
	for i := 1; i+1 < len(args); i += 2 {
		if neg || got[args[i]] != args[i+1] {
			ts.Fatalf("%s is %v", args[i], got[args[i]])
		}
	}
}

// hasMode checks the permissions of a file: mode FILE OCTAL.
func hasMode(ts *testscript.TestScript, neg bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); neg || got != args[1] {
		ts.Fatalf("%s has the mode %s", args[0], got)
	}
}

// capture makes a file's one line a variable: capture NAME FILE.
func capture(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// age makes files older: age DURATION FILE….
func age(ts *testscript.TestScript, _ bool, args []string) {
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	for _, name := range args[1:] {
		then := time.Now().Add(-d)
		ts.Check(os.Chtimes(ts.MkAbs(name), then, then))
	}
}

// asks asks for a path on a unix socket, once somebody answers there, and makes the
// answer the standard output: asks http|scgi SOCKET PATH.
func asks(ts *testscript.TestScript, _ bool, args []string) {
	conn, err := net.Dial("unix", ts.MkAbs(args[1]))
	for start := time.Now(); err != nil && time.Since(start) < 20*time.Second; time.Sleep(time.Millisecond) {
		conn, err = net.Dial("unix", ts.MkAbs(args[1]))
	}
	ts.Check(err)
	defer conn.Close()
	text := "GET " + args[2] + " HTTP/1.0\r\n\r\n"
	if args[0] == "scgi" {
		vars := "CONTENT_LENGTH\x000\x00SCGI\x001\x00REQUEST_METHOD\x00GET\x00REQUEST_URI\x00" + args[2] + "\x00"
		text = fmt.Sprintf("%d:%s,", len(vars), vars)
	}
	_, err = io.WriteString(conn, text)
	ts.Check(err)
	answer, err := io.ReadAll(conn)
	ts.Check(err)
	_, err = ts.Stdout().Write(answer)
	ts.Check(err)
}

// grows waits until a text stands in a file so often: grows FILE COUNT TEXT.
func grows(ts *testscript.TestScript, _ bool, args []string) {
	count, err := strconv.Atoi(args[1])
	ts.Check(err)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && strings.Count(string(text), args[2]) >= count {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s has %q less than %d times: %v\n%s", args[0], args[2], count, err, text)
		}
	}
}

// waiting is the key of a channel that tells of each request that hangs.
type waiting struct{}

// arrived waits until so many requests hang: arrived COUNT.
func arrived(ts *testscript.TestScript, _ bool, args []string) {
	count, err := strconv.Atoi(args[0])
	ts.Check(err)
	for range count {
		<-ts.Value(waiting{}).(chan struct{})
	}
}

func startStack(env *testscript.Env) error {
	storage := filepath.Join(env.WorkDir, "storage")
	if err := errors.Join(os.Mkdir(storage, 0o755), os.Mkdir(filepath.Join(env.WorkDir, "tmp"), 0o755)); err != nil {
		return err
	}
	hung := make(chan struct{}, 100)
	hang := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		hung <- struct{}{}
		<-r.Context().Done()
	}))
	backend, proxy := serveStack(storage)
	broken := httptest.NewServer(brokenPeer())
	env.Values[waiting{}] = hung
	for name, s := range map[string]*httptest.Server{"BACKEND": backend, "PROXY": proxy, "HANG": hang, "BROKEN": broken} {
		env.Defer(s.Close)
		env.Setenv(name, s.URL)
		env.Setenv(name+"_ADDR", s.Listener.Addr().String())
		env.Setenv(name+"_PORT", fmt.Sprint(s.Listener.Addr().(*net.TCPAddr).Port))
	}
	docs, err := filepath.Abs("../../docs")
	if err != nil {
		return err
	}
	env.Setenv("DOCS", docs)
	env.Setenv("TOP", filepath.Dir(docs))
	env.Setenv("STORAGE", storage)
	env.Setenv("TMPDIR", filepath.Join(env.WorkDir, "tmp"))
	return nil
}

// brokenPeer answers wrongly: short breaks off, volatile is another body each
// time, lost hands off a file that is not there.
func brokenPeer() http.Handler {
	var count atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/short", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, "abc") // and the server closes the connection
	})
	mux.HandleFunc("/volatile", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "%09d", count.Add(1)) })
	mux.HandleFunc("/lost", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Accel-Redirect", "/protected/lost.bin")
	})
	return mux
}

// serveStack is an application that hands the files of a folder off to a
// proxy. What it has at /bare/ comes without a handoff.
func serveStack(storage string) (backend, proxy *httptest.Server) {
	spec := sendfile.Spec{Dialect: sendfile.Dialects()[0], Prefix: "/protected/"}
	backend = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		value, err := spec.Encode(name)
		if _, missing := os.Stat(filepath.Join(storage, name)); missing != nil || err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "hush"})
		if strings.HasPrefix(r.URL.Path, "/dl/") {
			w.Header().Set(spec.Dialect.Header, value)
		}
	}))
	at, _ := url.Parse(backend.URL) // a test server's URL is one
	proxy = httptest.NewServer(&sendfile.Proxy{Backend: at, Dialect: spec.Dialect, Prefix: spec.Prefix, Root: storage})
	return backend, proxy
}
