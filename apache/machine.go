package apache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// reason says in words why a file cannot be read.
func reason(name string, err error) string {
	why := err
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		why = pathErr.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("%q is not there", name)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("%q cannot be read: permission denied: run as a user who may, or give the output of `%s`", name, dumpCommand)
	}
	return fmt.Sprintf("%q cannot be read: %v", name, why)
}

func failed(name string, err error) error {
	kind := conf.Unreadable
	if errors.Is(err, fs.ErrNotExist) {
		kind = conf.Missing
	}
	return &conf.Error{Problems: []conf.Problem{{Pos: conf.Pos{File: name}, Kind: kind, Message: reason(name, err)}}}
}

// machine is this machine's file system. What reading could wait for, or what
// has no end, is refused; the pipes of a shell's <(…) are not.
type machine struct{}

func (machine) Open(name string) (fs.File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	special := info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeDevice) != 0
	if special && name != os.DevNull && !strings.HasPrefix(name, "/dev/fd/") && !strings.HasPrefix(name, "/proc/") && name != "/dev/stdin" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	return os.Open(name)
}
