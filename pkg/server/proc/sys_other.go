//go:build !unix

package proc

import (
	"net"
	"os"
	"syscall"
)

func sysProcAttr(string) (*syscall.SysProcAttr, error) { return nil, nil }

func give(string, string) error { return nil }

func terminate(p *os.Process) error { return p.Kill() }

func killGroup(*os.Process) {}

func setNonblock(*net.TCPListener) error { return nil }
