//go:build unix

package proc

import (
	"net"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

func sysProcAttr(as string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true}
	endWithParent(attr)
	if as == "" {
		return attr, nil
	}
	var err error
	attr.Credential, err = credential(as)
	return attr, err
}

// credential is a user with his main group.
func credential(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// give makes a user the owner of a file or folder.
func give(path, name string) error {
	c, err := credential(name)
	if err != nil {
		return err
	}
	return os.Chown(path, int(c.Uid), -1)
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
