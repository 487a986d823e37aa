package compare

import (
	"bytes"
	"context"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain names a proxy in the environment that every test would fail with,
// if it were used, and looks for goroutines that are left.
func TestMain(m *testing.M) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		if err := os.Setenv(name, "http://127.0.0.1:1"); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// capture gets url with generous limits.
func capture(t testing.TB, o Options, r Request) Exchange {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	return New(o).Capture(context.Background(), r)
}

// content is an expected body in memory.
type content []byte

func (c content) Size() int64                             { return int64(len(c)) }
func (c content) ReadAt(p []byte, off int64) (int, error) { return bytes.NewReader(c).ReadAt(p, off) }

// pattern is n bytes that do not repeat in a short cycle.
func pattern(n int) content {
	b := make(content, n)
	for i := range b {
		b[i] = byte(i) ^ byte(i>>8) ^ byte(i>>16)
	}
	return b
}
