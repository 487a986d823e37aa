package gate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// folderPrefix is what the names of sandboxes' folders begin with. It is short:
// paths of unix sockets in it have at most 107 bytes (unix(7)).
const folderPrefix = "proxydiag-gate-"

// lockEnd ends the name of a file beside each sandbox's folder that is locked, as
// flock(2) does, by the run that the sandbox belongs to: the system unlocks it
// when the process ends, however it ends. It is there before the folder is and
// until that is gone.
const lockEnd = ".lock"

// makeFolder makes a sandbox's folder, and the file that marks it as in use.
func makeFolder() (dir string, lock *os.File, err error) {
	for {
		lock, err = os.CreateTemp(folder(), folderPrefix+"*"+lockEnd)
		if err != nil {
			break
		}
		if locked(lock) {
			dir = strings.TrimSuffix(lock.Name(), lockEnd)
			if err = os.Mkdir(dir, 0o711); err == nil { // the server's workers may be another user
				err = os.Chmod(dir, 0o711)
			}
			break
		}
		_ = lock.Close() // another run took it for a dead one's
	}
	if err != nil {
		if lock != nil {
			_ = os.Remove(lock.Name())
			_ = lock.Close()
		}
		return "", nil, fmt.Errorf("the sandbox needs a folder for temporary files: %w; set TMPDIR to one that may be written", err)
	}
	return dir, lock, nil
}

// makeFolders makes a folder below a sandbox's, and those above it, which
// everybody may read whatever the umask is.
func makeFolders(dir, folder string) error {
	for name := range strings.SplitSeq(filepath.Clean(folder), "/") {
		dir = filepath.Join(dir, name)
		err := os.Mkdir(dir, 0o755)
		if err == nil {
			err = os.Chmod(dir, 0o755)
		}
		if err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

// removeFolder removes what makeFolder made.
func removeFolder(dir string, lock *os.File) error {
	err := os.RemoveAll(dir)
	if err == nil {
		err = os.Remove(lock.Name())
	}
	return errors.Join(err, lock.Close())
}

// locked locks a file, and says that it worked and that the file is still there.
func locked(f *os.File) bool {
	if !flock(f) {
		return false
	}
	ours, err := f.Stat()
	there, failed := os.Stat(f.Name())
	return err == nil && failed == nil && os.SameFile(ours, there)
}

// folder is where sandboxes are made: the folder for temporary files or, where
// we are root and the server's workers, who are not, do not get there, a usual
// one that they can reach.
func folder() string {
	first := os.TempDir()
	if os.Geteuid() != 0 {
		return first
	}
	for _, dir := range []string{first, "/tmp", "/var/tmp"} {
		if passable(dir) {
			return dir
		}
	}
	return first
}

// passable says that everybody may pass through a folder and those above it.
func passable(dir string) bool {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
		dir = filepath.Dir(dir)
	}
}

// sweep removes the sandboxes of runs that ended without doing so. What cannot
// be removed, such as another user's, stays.
func sweep() {
	if !sweeps {
		return
	}
	list, _ := filepath.Glob(filepath.Join(folder(), folderPrefix+"*"+lockEnd))
	for _, name := range list {
		lock, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if locked(lock) {
			_ = removeFolder(strings.TrimSuffix(name, lockEnd), lock)
			continue
		}
		_ = lock.Close()
	}
}
