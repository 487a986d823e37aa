//go:build unix

package checks

import (
	"os/exec"
	"syscall"
)

// withFamily makes a command end with all that it has started.
func withFamily(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
