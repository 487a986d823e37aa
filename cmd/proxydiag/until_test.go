package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

// TestUntil has a reading that does not end: the end of the context stops it.
func TestUntil(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	begun, never := make(chan bool), make(chan bool)
	defer close(never)
	go func() { <-begun; cancel() }()
	var told bytes.Buffer
	_, err := until(ctx, streams{err: &told}, func() (int, error) { close(begun); <-never; return 0, nil })
	var status exit
	if !errors.As(err, &status) || status != exitInconclusive || !strings.Contains(told.String(), "interrupted") {
		t.Errorf("%v %q", err, told.String())
	}
	failed := errors.New("as it was")
	if n, err := until(context.Background(), streams{}, func() (int, error) { return 1, failed }); n != 1 || !errors.Is(err, failed) {
		t.Errorf("%d %v", n, err)
	}
}

// TestInterruptedLint has lint read standard input that never comes to an end.
func TestInterruptedLint(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, told bytes.Buffer
	if code := run(ctx, []string{"lint", "-"}, streams{in: endless{}, out: &out, err: &told, env: os.Getenv, terminal: func(io.Writer) (int, bool) { return 0, false }}); code != exitInconclusive {
		t.Errorf("exit %d: %s", code, told.String())
	}
}

// endless is an input that nobody writes to.
type endless struct{}

func (endless) Read([]byte) (int, error) { select {} }
