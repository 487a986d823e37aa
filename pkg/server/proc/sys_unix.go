//go:build unix

package proc

import (
	"net"
	"os"
	"syscall"
)

func sysProcAttr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	endWithParent(attr)
	return attr
}

// terminate asks the server's first process to end; it ends its workers.
func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

// killGroup kills what is left of the server after its first process ended.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

// setNonblock makes a socket non-blocking that was handed to the server.
// Starting a process with a file makes the file blocking, for all who share
// it; a server that expects its own sockets to be non-blocking would hang.
func setNonblock(l *net.TCPListener) error {
	raw, err := l.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	if err := raw.Control(func(fd uintptr) { set = syscall.SetNonblock(int(fd), true) }); err != nil {
		return err
	}
	return os.NewSyscallError("fcntl", set)
}
