package e2e

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/pkg/server"
)

// patience is how long a hasty storage waits for a proxy that does not read on.
const patience = 1200 * time.Millisecond

// hasty has a storage behind HTTP at /run/scratch/hasty.sock that closes the
// connection to who does not read on. It is a socket of the file system because
// between those nothing is buffered but what the sender may: with TCP the
// system takes megabytes in the place of a reader.
func hasty(t testing.TB, storage string, _ *server.LaunchOptions) {
	t.Helper()
	path := filepath.Join(filepath.Dir(storage), "scratch", "hasty.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
	next := filesOf(storage)
	s := &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if err := c.(*net.UnixConn).SetWriteBuffer(128 << 10); err != nil {
				t.Error(err)
			}
			return ctx
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(impatient{w}, r) }),
	}
	done := make(chan error)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		<-done
	})
}

// impatient gives each write its own time.
type impatient struct{ http.ResponseWriter }

func (w impatient) Write(b []byte) (int, error) {
	if err := http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	return w.ResponseWriter.Write(b)
}
