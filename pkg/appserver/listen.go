package appserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// unixScheme is what the address of a unix socket begins with.
const unixScheme = "unix:"

// maxSocketPath is how long the path of a unix socket may be (unix(7), sun_path).
const maxSocketPath = 107

// Listen listens on HOST:PORT or on unix:PATH.
//
// A socket file that is there already is replaced if nobody answers on it: a
// process that was killed has left it. The file may be used by all users who
// can reach its folder, like a port of loopback, since a proxy's worker seldom is
// the user who starts the application. It is removed when the listener is closed.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	path, ok := strings.CutPrefix(address, unixScheme)
	if !ok {
		return (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	}
	switch {
	case path == "":
		return nil, errors.New("the path of the socket is missing")
	case path[0] == '@':
		return nil, errors.New("abstract sockets cannot be reached by proxies; give a path")
	case len(path) > maxSocketPath:
		return nil, fmt.Errorf("the path has %d bytes, and that of a socket may have %d", len(path), maxSocketPath)
	}
	if err := abandoned(ctx, path); err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o666); err != nil {
		_ = l.Close() // the error is the chmod's
		return nil, err
	}
	return l, nil
}

// abandoned removes a socket file on which nobody answers. It fails where the path
// is in use.
func abandoned(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return errors.New("it is there already and no socket")
	}
	dialer := net.Dialer{Timeout: time.Second}
	c, err := dialer.DialContext(ctx, "unix", path)
	switch {
	case err == nil:
		_ = c.Close() // it has told all
		return fmt.Errorf("%w: somebody answers on it", syscall.EADDRINUSE)
	case errors.Is(err, syscall.ECONNREFUSED):
		return os.Remove(path)
	}
	return fmt.Errorf("%w, and whether somebody answers on it cannot be told: %w", syscall.EADDRINUSE, err)
}
