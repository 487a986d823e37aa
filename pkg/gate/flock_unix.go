//go:build unix

package gate

import (
	"os"
	"syscall"
)

// sweeps says that a dead run's sandbox can be told from a living one's.
const sweeps = true

// flock locks a file for as long as this process lives, and says that nobody
// else had done so.
func flock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
