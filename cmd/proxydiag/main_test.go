package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/fixture"
)

// terminal is what a command writes to, as if it were a terminal.
type terminal struct {
	out, err bytes.Buffer
	env      map[string]string
	plain    bool // it is none
}

func (c *terminal) run(ctx context.Context, args ...string) int {
	return run(ctx, args, streams{
		out: &c.out, err: &c.err,
		env:      func(name string) string { return c.env[name] },
		terminal: func(io.Writer) (int, bool) { return 80, !c.plain },
	})
}

const escape = "\x1b"

func TestColor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		terminal
		args            []string
		color, progress bool
	}{
		"terminal":   {terminal{}, nil, true, true},
		"none":       {terminal{plain: true}, nil, false, false},
		"NO_COLOR":   {terminal{env: map[string]string{"NO_COLOR": "1"}}, nil, false, true},
		"dumb":       {terminal{env: map[string]string{"TERM": "dumb"}}, nil, false, false},
		"forced":     {terminal{plain: true, env: map[string]string{"CLICOLOR_FORCE": "1"}}, nil, true, false},
		"not forced": {terminal{plain: true, env: map[string]string{"CLICOLOR_FORCE": "0"}}, nil, false, false},
		"both":       {terminal{env: map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}}, nil, false, true},
		"JSON":       {terminal{}, []string{"--format", "json"}, false, true},
		"empty flag": {terminal{env: map[string]string{"NO_COLOR": ""}}, nil, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if status := c.run(t.Context(), append([]string{"demo"}, c.args...)...); status != exitHealthy {
				t.Fatalf("status %d: %s", status, &c.err)
			}
			if got := strings.Contains(c.out.String(), escape); got != c.color {
				t.Errorf("colour: %v", got)
			}
			if got := strings.Contains(c.err.String(), escape); got != c.progress {
				t.Errorf("progress: %v %q", got, &c.err)
			}
			if c.progress && !strings.HasSuffix(c.err.String(), "\r\x1b[K") {
				t.Errorf("the line is left there: %q", &c.err)
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	hang := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	defer hang.Close()
	storage := t.TempDir()
	c := terminal{plain: true}
	status := c.run(ctx, "check", "--storage", storage, "--backend", hang.URL+"/a/", "--proxy", hang.URL+"/b/", "--format", "json")
	if status != exitInconclusive {
		t.Errorf("status %d: %s", status, &c.out)
	}
	if !strings.Contains(c.out.String(), `"status": "inconclusive"`) || !strings.Contains(c.err.String(), "interrupted") {
		t.Errorf("out: %s\nerr: %s", &c.out, &c.err)
	}
	if entries, err := os.ReadDir(storage); err != nil || len(entries) > 0 {
		t.Errorf("left in the storage: %v %v", entries, err)
	}
}

// TestExtension: a ticket stands in one line.
func TestExtension(t *testing.T) {
	t.Parallel()
	for _, ext := range []string{".a\nb", ".\x1b[31m", ".\u0085"} {
		c := terminal{plain: true}
		if status := c.run(t.Context(), "fixture", "put", "--storage", t.TempDir(), "--ext", ext); status != exitUsage || strings.Count(c.err.String(), "\n") != 1 {
			t.Errorf("%q: %d %q", ext, status, &c.err)
		}
	}
}

func TestOutputFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "report")
	if err := os.WriteFile(file, bytes.Repeat([]byte("old"), 100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	c := terminal{plain: true}
	if status := c.run(t.Context(), "demo", "-o", file); status != exitHealthy || c.out.Len() > 0 {
		t.Fatalf("status %d: %s%s", status, &c.out, &c.err)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.HasSuffix(string(text), "\n") || strings.Contains(string(text), "old") {
		t.Errorf("%v: %.100q", err, text)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v: %v", err, info.Mode())
	}
}

// TestOutputFileStays: a run that does not come to a report leaves the file
// that is there, and none where there was none.
func TestOutputFileStays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, fresh := filepath.Join(dir, "old"), filepath.Join(dir, "new")
	if err := os.WriteFile(old, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken := httptest.NewServer(nil)
	defer taken.Close()
	for _, file := range []string{old, fresh} {
		c := terminal{plain: true}
		status := c.run(t.Context(), "check", "--storage", dir, "--backend", taken.URL, "--proxy", taken.URL+"/dl/",
			"--companion", "--sendfile", "nginx:/protected/", "-o", file)
		if status != exitUsage {
			t.Errorf("status %d: %s", status, &c.err)
		}
	}
	if text, err := os.ReadFile(old); err != nil || string(text) != "before" {
		t.Errorf("%v: %q", err, text)
	}
	if _, err := os.Stat(fresh); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
}

func TestCompanion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := fixture.OpenDir(dir)
	f := fixture.New("main", ".bin", 100)
	if err := store.Put(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "secret.pdf"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"companion", "--listen", "127.0.0.1:0", "--storage", dir, "--sendfile", "nginx:/protected/", "--base", "/files"},
			streams{out: io.Discard, err: w, env: os.Getenv, terminal: func(io.Writer) (int, bool) { return 0, false }})
	}()
	log := bufio.NewScanner(r)
	log.Scan()
	_, rest, _ := strings.Cut(log.Text(), "http://")
	addr, _, _ := strings.Cut(rest, "/")
	var lines []string
	logged := make(chan struct{})
	go func() {
		for log.Scan() {
			_, text, _ := strings.Cut(log.Text(), " ") // behind the time
			lines = append(lines, strings.ReplaceAll(text, addr, "HOST"))
		}
		close(logged)
	}()

	var got []string
	for _, path := range []string{"/files/" + f.Name, "/files/secret.pdf", "/" + f.Name, "/files/../files/" + f.Name} {
		resp, err := http.Get("http://" + addr + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		got = append(got, resp.Status+" "+resp.Header.Get("X-Accel-Redirect"))
	}
	if diff := cmp.Diff([]string{"200 OK /protected/" + f.Name, "404 Not Found ", "404 Not Found ", "404 Not Found "}, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if err := store.Remove(t.Context(), f.Name); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get("http://" + addr + "/files/" + f.Name)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("a fixture that is gone: %s", resp.Status)
	}

	cancel()
	if status := <-ended; status != exitHealthy {
		t.Errorf("status %d", status)
	}
	w.Close()
	<-logged
	if len(lines) != 5 || lines[0] != `200 GET "/files/`+f.Name+`" Host: "HOST"` {
		t.Errorf("log: %q", lines)
	}
}

func TestClosest(t *testing.T) {
	t.Parallel()
	codes := []string{"backend-wrong-dialect", "backend-wrong-prefix", "proxy-redirects", "handoff-loop", "handoff-leaked"}
	for word, want := range map[string][]string{
		"backend-wrong-dialekt": {"backend-wrong-dialect"},
		"redirects":             {"proxy-redirects"},
		"handoff":               {"handoff-loop", "handoff-leaked"},
		"handoff-lop":           {"handoff-loop"},
		"x":                     nil,
		"something-else":        nil,
		"":                      nil,
	} {
		if diff := cmp.Diff(want, closest(word, codes)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", word, diff)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"chekc", "check", 2}, {"kitten", "sitting", 3}, {"same", "same", 0}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%s, %s: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
