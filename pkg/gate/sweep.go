package gate

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// folderPrefix is what the names of sandboxes' folders begin with. It is short:
// paths of unix sockets in it have at most 107 bytes (unix(7)).
const folderPrefix = "proxydiag-gate-"

// lockFile is held, as flock(2) does, by the run that a sandbox belongs to; the
// system lets it go when the process ends, however it ends.
const lockFile = "lock"

// take marks a sandbox as in use.
func take(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the sandbox's folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("the sandbox's folder %s: %w", dir, err)
	}
	return f, nil
}

// sweep removes the sandboxes of runs that ended without doing so. What cannot
// be removed, such as another user's, stays.
func sweep() {
	list, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*"))
	for _, dir := range list {
		f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR, 0)
		if err != nil {
			continue // not ours, or just being made
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(dir)
		}
		_ = f.Close()
	}
}
