// Package e2e runs proxydiag against real servers.
package e2e

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// stack is a real server with a site of ours, and the storage beside it.
type stack struct {
	Sample  server.Sample // rendered for this stack
	Proxy   server.Process
	Backend string // the backend's address, host:port

	values server.Values
}

// proxyURL is a URL on the proxy's port.
func (s stack) proxyURL(path string) string { return "http://" + s.Proxy.Addr() + path }

// backendURL is a URL on the backend's port.
func (s stack) backendURL(path string) string { return "http://" + s.Backend + path }

// sample returns the sample of a kind that has the given name.
func sample(t testing.TB, k server.Kind, name string) server.Sample {
	t.Helper()
	for _, s := range k.Samples {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("%s has no sample %s", k.Title, name)
	return server.Sample{}
}

// start starts the real server of a kind with a sample, rendered for a storage
// folder and a backend at the given address (host:port, nothing needs to
// listen there). fault, where not nil, changes the rendered text: the one
// fault that a case is about. The server is stopped when the test ends; where
// the test failed its error log is shown. otherwise changes how it is started.
func start(t testing.TB, k server.Kind, s server.Sample, backend, storage string, fault func(text string) string, otherwise ...launch) stack {
	t.Helper()
	binary := need.Server(t, k.Program)
	values := server.Values{Backend: backend, Storage: storage}
	options := server.LaunchOptions{
		Binary: binary,
		Site: func(addr string) string {
			values.Listen = addr
			text := s.Render(values).Text
			if fault != nil {
				text = fault(text)
			}
			return text
		},
	}
	for _, change := range otherwise {
		change(t, storage, &options)
	}
	proxy, err := k.Launch(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, err := os.ReadFile(proxy.ErrorLog())
			t.Logf("error log of %s: %s%v\noutput: %s", k.Title, log, err, proxy.Output())
		}
		if err := proxy.Stop(); err != nil {
			t.Error(err)
		}
	})
	rendered := s.Render(values)
	folder(t, rendered.Storage)
	return stack{Sample: rendered, Proxy: proxy, Backend: backend, values: values}
}

// launch changes how a server is started, beside a storage.
type launch func(t testing.TB, storage string, o *server.LaunchOptions)

// without leaves out modules.
func without(names ...string) launch {
	return func(_ testing.TB, _ string, o *server.LaunchOptions) { o.Without = names }
}

// container starts the server with mounts of its own, in which an empty volume
// stands in the place of the storage.
func container(t testing.TB, storage string, o *server.LaunchOptions) {
	t.Helper()
	const run = `exec unshare --mount sh -c 'mount -t tmpfs none "$0" && exec "$@"' `
	if out, err := exec.Command("sh", "-c", run+`"$@"`, "sh", storage, "true").CombinedOutput(); err != nil {
		t.Skipf("nobody may mount here: %s%v", out, err)
	}
	script := filepath.Join(filepath.Dir(storage), "container")
	write(t, script, "#!/bin/sh\n"+run+"'"+storage+"' '"+o.Binary+"' \"$@\"\n")
	if err := os.Chmod(script, 0o755); err != nil {
		t.Fatal(err)
	}
	o.Binary = script
}

// replace is a fault: it replaces old by new, wherever it stands.
func replace(t testing.TB, old, new string) func(string) string {
	return func(text string) string {
		if !strings.Contains(text, old) {
			t.Errorf("the configuration lacks %q, which is to be replaced:\n%s", old, text)
		}
		return strings.ReplaceAll(text, old, new)
	}
}

// storage makes a folder that the workers of a server can read, whoever they
// run as. t.TempDir would not do: its parents are closed to other users.
func storage(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "proxydiag-e2e-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	media := filepath.Join(dir, "media")
	folder(t, dir)
	folder(t, media)
	return media
}

// folder makes a folder that everyone can read, whatever the umask is.
func folder(t testing.TB, path string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(path, 0o755), os.Chmod(path, 0o755)); err != nil {
		t.Fatal(err)
	}
}

func TestHarness(t *testing.T) {
	for _, name := range []string{"downloads.conf", "application.conf", "root.conf"} {
		t.Run(name, func(t *testing.T) {
			s := sample(t, nginx.Kind, name)
			backend := httptest.NewServer(http.NotFoundHandler())
			defer backend.Close()
			st := start(t, nginx.Kind, s, backend.Listener.Addr().String(), storage(t), replace(t, "internal;", "return 418;"))
			if err := os.WriteFile(filepath.Join(st.Sample.Storage, "a.txt"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			_, prefix, _ := strings.Cut(s.Sendfile, ":")
			want := map[string]int{st.proxyURL(prefix): 418, st.proxyURL(s.Path): 404, st.backendURL(s.Path): 404}
			if s.Direct != "" {
				want[st.proxyURL(s.Direct+"a.txt")] = 200
			}
			for url, status := range want {
				resp, err := http.Get(url)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != status {
					t.Errorf("%s: status %d, want %d", url, resp.StatusCode, status)
				}
			}
		})
	}
}
