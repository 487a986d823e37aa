package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// TestCompanionsTakeTurns: stacks whose companions answer on one port are not
// checked at the same time.
func TestCompanionsTakeTurns(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	backend := "http://" + l.Addr().String()
	l.Close() // the companions are to listen there
	dir := t.TempDir()
	at, err := url.Parse(backend)
	if err != nil {
		t.Fatal(err)
	}
	spec := sendfile.Spec{Dialect: sendfile.Dialects()[0], Prefix: "/protected/"}
	proxy := httptest.NewServer(&sendfile.Proxy{Backend: at, Dialect: spec.Dialect, Prefix: spec.Prefix, Root: dir})
	defer proxy.Close()
	var yaml strings.Builder
	fmt.Fprintf(&yaml, "serve: {interval: 3s, drain: 1ms}\ndefaults: {companion: true, sendfile: %q, storage: %q, backend: %s/dl/, proxy: %s/dl/}\nstacks:\n", spec, dir, backend, proxy.URL)
	for i := range 5 {
		fmt.Fprintf(&yaml, "  stack-%d: {profile: quick}\n", i)
	}
	folder := t.TempDir()
	file, state := filepath.Join(folder, "p.yaml"), filepath.Join(folder, "state.json")
	if err := os.WriteFile(file, []byte(yaml.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"serve", "--file", file, "--listen", "127.0.0.1:0", "--state", state}, streams{
			in: strings.NewReader(""), out: io.Discard, err: w, env: os.Getenv, terminal: func(io.Writer) (int, bool) { return 0, false }})
		w.Close()
	}()
	var log []byte
	read := make(chan struct{})
	go func() { log, _ = io.ReadAll(r); close(read) }()
	twice := regexp.MustCompile(`"runs": [2-9]`)
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(state)
		if err == nil && len(twice.FindAll(text, -1)) == 5 {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("%v: %s", err, text)
			break
		}
	}
	cancel()
	if status := <-ended; status != exitHealthy {
		t.Errorf("status %d", status)
	}
	<-read
	if strings.Count(string(log), "from=unknown to=up") != 5 || strings.Contains(string(log), "to=down") {
		t.Errorf("%s", log)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v %v", left, err)
	}
}
