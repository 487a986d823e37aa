package appserver

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestListen(t *testing.T) {
	dir, err := os.MkdirTemp("", "proxydiag-") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "app.sock")
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	l, err := Listen(ctx, "unix:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	done := make(chan error)
	go func() { done <- Serve(ctx, l, HTTP, http.NotFoundHandler()) }()
	if _, err := Listen(ctx, "unix:"+path); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a socket on which somebody answers: %v", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}

	left, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	left.(*net.UnixListener).SetUnlinkOnClose(false)
	left.Close()
	if l, err = Listen(t.Context(), "unix:"+path); err != nil {
		t.Fatalf("a socket that was left: %v", err)
	}
	l.Close()
	for address, says := range map[string]string{
		"unix:":                            "the path of the socket is missing",
		"unix:@app":                        "abstract sockets",
		"unix:" + file:                     "there already and no socket",
		"unix:" + dir + "/absent/app.sock": "no such file or directory",
		"unix:" + strings.Repeat("x", 108): "has 108 bytes, and that of a socket may have 107",
		"127.0.0.1:99999":                  "invalid port",
	} {
		if l, err := Listen(t.Context(), address); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, %v", address, l, err)
		}
	}
	if text, err := os.ReadFile(file); string(text) != "precious" {
		t.Error(err)
	}
}
