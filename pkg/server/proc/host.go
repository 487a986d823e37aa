package proc

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// Scratch makes a temporary folder for a server, which processes of another
// user may pass through but not list. name becomes a part of its name.
func Scratch(name string) (string, error) { return ScratchOf(name, "") }

// ScratchOf is Scratch for a server that is started as another user, to whom
// the folder belongs; "" is who we are.
func ScratchOf(name, user string) (string, error) { return ScratchIn("", "proxydiag-"+name+"-", user) }

// ScratchIn is ScratchOf for a folder within another one, "" being the one for
// temporary files. name begins its name.
func ScratchIn(parent, name, user string) (string, error) {
	dir, err := os.MkdirTemp(parent, name)
	if err != nil {
		return "", fmt.Errorf("cannot make a scratch folder for %s: %w", name, err)
	}
	if err = os.Chmod(dir, 0o711); err == nil && user != "" {
		err = give(dir, user)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("cannot make a scratch folder for %s: %w", name, err), os.RemoveAll(dir))
	}
	return dir, nil
}

// Find returns the path of a program: from PATH, or else from the system's
// sbin folders, which ordinary users often have not in PATH.
func Find(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("the program %s is neither in PATH nor in an sbin folder: install it, or say where it is", program)
}

// WorkerUser returns the user and the group that a server's workers are to run
// as: the first of the given users that exists here. Both are empty where we
// are not root: then the workers run as we do.
func WorkerUser(names ...string) (name, group string) {
	if os.Geteuid() != 0 {
		return "", ""
	}
	for _, n := range names {
		u, err := user.Lookup(n)
		if err != nil {
			continue
		}
		if g, err := user.LookupGroupId(u.Gid); err == nil {
			return u.Username, g.Name
		}
	}
	return "", ""
}

// FreeAddrFor is FreeAddr with a port where that can be had: for a server that
// runs as a user, "" being who we are, who may not take every port.
func FreeAddrFor(port int, user string) (string, error) {
	host := net.IPv4(127, byte(rand.IntN(256)), byte(rand.IntN(256)), byte(1+rand.IntN(254)))
	if port >= unprivileged() || user == "" {
		if l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: host, Port: port}); err == nil {
			return l.Addr().String(), l.Close()
		}
	}
	return FreeAddr()
}

// unprivileged is the first port that any user may listen on (ip(7)).
func unprivileged() int {
	text, _ := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
		return n
	}
	return 1024
}

// FreeAddr returns an address, host:port, that nobody listens on, for a server
// that cannot inherit a listening socket. Somebody else may take it before the
// server does. That hardly ever happens where every address of 127.0.0.0/8 is
// the machine's own (Linux), as one of them is chosen at random; elsewhere it
// is 127.0.0.1.
func FreeAddr() (string, error) {
	host := net.IPv4(127, byte(rand.IntN(256)), byte(rand.IntN(256)), byte(1+rand.IntN(254)))
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: host})
	if err != nil {
		l, err = net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	}
	if err != nil {
		return "", fmt.Errorf("cannot find a free address: %w", err)
	}
	return l.Addr().String(), l.Close()
}
