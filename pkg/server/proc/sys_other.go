//go:build !unix

package proc

import (
	"net"
	"os"
	"syscall"
)

func sysProcAttr() *syscall.SysProcAttr { return nil }

func terminate(p *os.Process) error { return p.Kill() }

func killGroup(*os.Process) {}

func setNonblock(*net.TCPListener) error { return nil }
