// Package storetest starts the real services that storages are tested against,
// on loopback addresses, with credentials of their own.
package storetest

import (
	"context"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// env looks up only what a test says.
func env(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

// script runs one of the module's scripts and returns what it prints.
func script(t testing.TB, name string, args ...string) string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	out, err := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(here), "..", "..", "scripts", name), args...).Output()
	if err != nil {
		t.Fatalf("scripts/%s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}

// start starts a service on a free address until the test ends. taken is what it
// prints where somebody else was faster.
func start(t testing.TB, name, program, taken string, options func(addr, dir string) proc.Options) (addr string) {
	t.Helper()
	p, err := proc.OnFreeAddr(taken, func(addr string) (*proc.Process, error) {
		dir, err := proc.Scratch(name)
		if err != nil {
			return nil, err
		}
		o := options(addr, dir)
		o.Name, o.Path, o.Dir, o.Addr = name, program, dir, addr
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
	return p.Addr()
}

// Env is an environment of these variables.
func Env(vars map[string]string) func(string) string { return env(vars) }
