package hostile_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/hostile"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// named makes the reference proxy tell its kind, as real servers do.
func named(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", sendfile.Dialects()[0].Name+"/1.0")
		h.ServeHTTP(w, r)
	})
}

// TestMixups: the URLs that the user gives do not lead where they should. No
// part of the stack is accused of what it does not do.
func TestMixups(t *testing.T) {
	for _, test := range []struct {
		name string
		s    setup
		says string
		do   string
	}{
		{"the proxy URL points at the backend", setup{change: func(s *diag.Stack) { s.Proxy = s.Backend }},
			"--proxy points at the backend itself", "Give --proxy the address"},
		{"so with the companion", setup{companion: true, change: func(s *diag.Stack) { s.Proxy = s.Backend }},
			"--proxy points at the backend itself", "Give --proxy the address"},
		{"so with another name", setup{change: func(s *diag.Stack) {
			s.Proxy = diag.URL(strings.Replace(string(s.Backend), "127.0.0.1", "localhost", 1))
		}}, "--proxy points at the backend itself", "Give --proxy the address"},
		{"swapped", setup{front: named, change: func(s *diag.Stack) { s.Proxy, s.Backend = s.Backend, s.Proxy }},
			"have changed places", "Exchange the URLs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			rep := judge(test.s.observe(t.Context(), t))
			if len(rep.Findings) != 1 {
				t.Fatalf("%s, want one finding: %s", rep.Status, codes(rep))
			}
			f := rep.Findings[0]
			if f.Code != "proxy-unreachable" || !strings.Contains(f.Detail, test.says) || !strings.Contains(f.Fix, test.do) {
				t.Errorf("%s: %s\nfix: %s\nwant %q, %q", f.Code, f.Detail, f.Fix, test.says, test.do)
			}
		})
	}
}

// TestBackendElsewhere: --backend leads to another server than the one that the
// proxy asks. The download works, and nobody is accused; what to do is said.
func TestBackendElsewhere(t *testing.T) {
	for name, answer := range map[string]string{
		"malformed":     "HTTP/1.1 200 \x1b[31mRED\a\r\nX-\x1b[2JEvil: 1\r\nContent-Length: 3\r\n\r\nhi\n",
		"a page":        ok + "Content-Length: 2\r\nX-App: 1\r\n\r\nok",
		"a packed page": ok + "Content-Length: 2\r\nContent-Encoding: gzip\r\nCache-Control: private\r\n\r\nok",
		"an error":      "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
		"another one":   "SSH-2.0-OpenSSH_9.2\r\n",
		"short":         ok + "Content-Length: 99\r\n\r\nok",
		"bad chunks":    ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
		"nothing":       "",
	} {
		t.Run(name, func(t *testing.T) {
			addr := hostile.Serve(t, hostile.Answering(answer))
			rep := judge(setup{front: named, client: compare.Options{Timeout: patient}, change: func(s *diag.Stack) {
				s.Backend = diag.URL("http://" + addr + "/dl/")
			}}.observe(t.Context(), t))
			if rep.Status != diag.Inconclusive || len(rep.Findings) > 0 {
				t.Errorf("%s: %s", rep.Status, codes(rep))
			}
			for _, c := range rep.Checks {
				if c.ID == "backend" && (c.Status != diag.Unknown || !strings.Contains(c.Reason, "correct --backend")) {
					t.Errorf("backend: %s: %s", c.Status, c.Reason)
				}
				if c.ID == "headers" && c.Status != diag.Unknown {
					t.Errorf("headers: %s: %s", c.Status, c.Reason)
				}
			}
		})
	}
}

// TestNoMixups: a proxy that passes the handoff on is accused of that.
func TestNoMixups(t *testing.T) {
	passing := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
			w.Header().Set("X-Accel-Redirect", "/protected/"+name)
			w.Header().Set("Server", sendfile.Dialects()[0].Name+"/1.0")
		})
	}
	for name, s := range map[string]setup{"leaking": {front: passing}, "healthy": {front: named}, "healthy companion": {companion: true}} {
		t.Run(name, func(t *testing.T) {
			rep := judge(s.observe(t.Context(), t))
			for _, f := range rep.Findings {
				if f.Code == "proxy-unreachable" || name != "leaking" && f.Severity.AtLeast(diag.Warning) {
					t.Errorf("%s: %s", f.Code, f.Detail)
				}
			}
		})
	}
}

// TestGzipBomb: a small body that unpacks to a huge one is not unpacked, and a
// longer one is not even read.
func TestGzipBomb(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(make([]byte, 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, times := range []int{2, 32} { // members of a gzip file follow each other
		bomb := func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Accept-Encoding") != "gzip" {
					h.ServeHTTP(w, r)
					return
				}
				w.Header().Set("Content-Encoding", "gzip")
				for range times {
					_, _ = w.Write(packed.Bytes())
				}
			})
		}
		var rec *diag.Record
		grown := allocated(func() { rec = setup{companion: true, front: bomb}.observe(t.Context(), t) })
		rep := judge(rec)
		if len(rep.Findings) == 0 || rep.Findings[0].Code != "proxy-body-altered" {
			t.Errorf("%s: %s", rep.Status, codes(rep))
		}
		if grown > 100<<20 {
			t.Errorf("%d MiB were allocated", grown>>20)
		}
	}
}

// TestBoundedMemory: what never ends is not kept.
func TestBoundedMemory(t *testing.T) {
	big := strings.Repeat("x", 64<<10)
	for name, handle := range map[string]string{"headers": ok + "X-A: ", "body": ok + "\r\n", "status line": "HTTP/1.1 200 "} {
		addr := hostile.Serve(t, hostile.Forever(handle, big))
		grown := allocated(func() { setup{proxy: addr}.observe(t.Context(), t) })
		if grown > 64<<20 {
			t.Errorf("endless %s: %d MiB were allocated", name, grown>>20)
		}
	}
}

// allocated is how many bytes f took from the heap in all.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
