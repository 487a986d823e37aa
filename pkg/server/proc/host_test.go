package proc_test

import (
	"net"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

func TestFreeAddr(t *testing.T) {
	addr, err := proc.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatalf("%s is not free: %v", addr, err)
	}
	defer l.Close()
	if ip := l.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
		t.Errorf("%s is reachable from elsewhere", ip)
	}
	other, err := proc.FreeAddr()
	if err != nil || other == addr {
		t.Errorf("the next free address is %q again, %v", other, err)
	}
}
