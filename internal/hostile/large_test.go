package hostile_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture"
)

// size is that of the large files of these tests: just enough for islands.
const size = fixture.LargeSize + 12345

// writer does something to the body that passes through it.
type writer struct {
	http.ResponseWriter
	written int64
	piece   func(w *writer, p []byte) // passes p on, or not
}

func (w *writer) Write(p []byte) (int, error) {
	w.piece(w, p)
	w.written += int64(len(p))
	return len(p), nil
}

func (w *writer) pass(p []byte) { _, _ = w.ResponseWriter.Write(p) }

// onLarge puts a fault into the downloads of the large file alone.
func onLarge(fault func(w http.ResponseWriter, r *http.Request, next http.Handler)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, fixture.Prefix+"large-") {
				fault(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// through passes the body through a function.
func through(piece func(*writer, []byte)) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&writer{ResponseWriter: w, piece: piece}, r)
	}
}

func TestLarge(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault func(http.ResponseWriter, *http.Request, http.Handler)
		code  string // "": healthy
		says  string
		kind  compare.FailureKind
	}{
		{"healthy", nil, "", "", ""},
		{"stops and closes", through(func(w *writer, p []byte) {
			if w.written >= size/2 {
				panic(http.ErrAbortHandler)
			}
			w.pass(p)
		}), "proxy-truncated", "the beginning of the file", compare.ShortBody},
		{"stops and holds", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			through(func(w *writer, p []byte) {
				if w.written >= size/2 {
					_ = http.NewResponseController(w.ResponseWriter).Flush()
					<-r.Context().Done()
					panic(http.ErrAbortHandler)
				}
				w.pass(p)
			})(w, r, next)
		}, "proxy-truncated", "less than 64 KiB", compare.Timeout},
		{"one wrong byte", through(func(w *writer, p []byte) {
			if at := int64(size/2) - w.written; at >= 0 && at < int64(len(p)) {
				p[at] ^= 1
			}
			w.pass(p)
		}), "proxy-body-altered", "differs from offset 33560604", ""},
		{"refused", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			http.Error(w, "no", http.StatusForbidden)
		},
			"handoff-forbidden", "403", ""},
		{"too large for the gateway", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			http.Error(w, "no", http.StatusBadGateway)
		}, "proxy-bad-gateway", "502", ""},
		{"HEAD in 16 bits", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodHead {
				w.Header().Set("Content-Length", "12345")
				return
			}
			next.ServeHTTP(w, r)
		}, "proxy-head-broken", "Content-Length: 12345", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := setup{companion: true, large: size, client: compare.Options{Timeout: 4 * brief}}
			if test.fault != nil {
				s.front = onLarge(test.fault)
			}
			rec := s.observe(t.Context(), t)
			rep := judge(rec)
			want := diag.Pass
			if test.code != "" {
				want = diag.Fail
			}
			for _, c := range rep.Checks {
				if c.ID == "large" && c.Status != want || c.ID == "end-to-end" && c.Status != diag.Pass {
					t.Errorf("check %s: %s, %s", c.ID, c.Status, c.Reason)
				}
			}
			x := exchange(rec, "proxy-large")
			if x == nil || (x.Failure == nil) != (test.kind == "") || x.Failure != nil && x.Failure.Kind != test.kind {
				t.Fatalf("proxy-large: %+v, want failure %q", x, test.kind)
			}
			if test.code == "" {
				if rep.Status != diag.Healthy {
					t.Errorf("%s: %s", rep.Status, codes(rep))
				}
				return
			}
			if len(rep.Findings) != 1 || rep.Findings[0].Code != test.code || !strings.Contains(rep.Findings[0].Detail, test.says) {
				t.Errorf("want %s with %q: %s", test.code, test.says, codes(rep))
			}
		})
	}
}

// TestLargeNotAsked: without --large, and with a download that does not work,
// nothing large is put anywhere.
func TestLargeNotAsked(t *testing.T) {
	broken := func(http.Handler) http.Handler { return http.NotFoundHandler() }
	for name, s := range map[string]setup{"not asked for": {companion: true}, "broken": {companion: true, large: size, front: broken}} {
		rec := s.observe(t.Context(), t)
		if v := diag.NewView(rec.Stack, rec); v.Fixture("large") != nil || v.Exchange("proxy-large") != nil {
			t.Errorf("%s: a large file was asked for", name)
		}
		for _, c := range judge(rec).Checks {
			if c.ID == "large" && c.Status != diag.Skip && c.Status != diag.Unknown {
				t.Errorf("%s: %s", name, c.Status)
			}
		}
	}
}

// TestLargeCancelled: cancelled at any point, nothing is left and nothing is claimed.
func TestLargeCancelled(t *testing.T) {
	for _, at := range []string{"putting", "reading back", "GET proxy: proxy-large: ", "HEAD proxy: proxy-large-head"} {
		ctx, cancel := context.WithCancel(t.Context())
		s := setup{companion: true, large: 4 * size, client: compare.Options{Timeout: 20 * brief}}
		seen := false
		s.progress = func(text string) {
			if strings.Contains(text, at) && (at != "putting" || seen) {
				cancel()
			}
			seen = seen || strings.HasPrefix(text, "GET proxy")
		}
		if at == "reading back" {
			s.store = func(store fixture.Store) fixture.Store { return cancelling{store, cancel} }
		}
		if strings.HasPrefix(at, "GET") {
			// Slow enough for progress to be told, until it is cancelled.
			s.front = onLarge(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				tick := time.NewTicker(brief / 50)
				defer tick.Stop()
				through(func(w *writer, p []byte) {
					if w.written > size {
						select {
						case <-tick.C:
						case <-r.Context().Done():
							panic(http.ErrAbortHandler)
						}
					}
					w.pass(p)
				})(w, r, next)
			})
		}
		rec := s.observe(ctx, t)
		cancel()
		entries, err := os.ReadDir(rec.Stack.Storage)
		if err != nil || len(entries) > 0 || rec.Left != nil {
			t.Errorf("%s: left %v, %v, %v", at, entries, rec.Left, err)
		}
		for _, f := range judge(rec).Findings {
			if f.Severity.AtLeast(diag.Warning) {
				t.Errorf("%s: %s: %s", at, f.Code, f.Detail)
			}
		}
		if !rec.Interrupted {
			t.Errorf("%s: the run was not interrupted", at)
		}
	}
}

// cancelling cancels the run when the large file is opened.
type cancelling struct {
	fixture.Store
	cancel context.CancelFunc
}

func (s cancelling) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	file, err := s.Store.Open(ctx, name)
	if strings.HasPrefix(name, fixture.Prefix+"large-") {
		s.cancel()
	}
	return file, err
}
