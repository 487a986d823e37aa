package e2e

import (
	"net"
	"os/exec"
	"testing"

	"github.com/proxydiag/proxydiag/nginx"
)

// BenchmarkCheck is a whole check of a healthy nginx as a user runs it, the
// start of the process included. scripts/bench-check prints it.
func BenchmarkCheck(b *testing.B) {
	binary := build(b)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	backend := l.Addr().String()
	l.Close() // the companion is to listen there
	st := start(b, nginx.Kind, sample(b, nginx.Kind, "downloads.conf"), backend, storage(b), nil)
	args := []string{"check", "--companion", "--storage", st.Sample.Storage, "--sendfile", st.Sample.Sendfile,
		"--backend", st.backendURL(st.Sample.Path), "--proxy", st.proxyURL(st.Sample.Path)}
	for b.Loop() {
		if out, err := exec.Command(binary, args...).CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
}
