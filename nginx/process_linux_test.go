package nginx

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// A worker that waits in accept() serves nobody else: nginx wants the
// listening socket non-blocking, but does not make an inherited one so.
func TestInheritedSocketIsNonBlocking(t *testing.T) {
	p, err := Launch(context.Background(), server.LaunchOptions{Binary: need.Server(t, program), Site: hello})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop() })
	id, err := os.ReadFile(filepath.Join(filepath.Dir(p.ErrorLog()), "nginx.pid"))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.ReadFile(fmt.Sprintf("/proc/%s/fdinfo/3", strings.TrimSpace(string(id))))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^flags:\s+([0-7]+)$`).FindSubmatch(info)
	if m == nil {
		t.Fatalf("no flags in %s", info)
	}
	flags, err := strconv.ParseInt(string(m[1]), 8, 64)
	if err != nil {
		t.Fatal(err)
	}
	if flags&syscall.O_NONBLOCK == 0 {
		t.Errorf("descriptor 3 is blocking: flags %o", flags)
	}
}
