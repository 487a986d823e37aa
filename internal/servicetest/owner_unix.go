//go:build unix

package servicetest

import (
	"os"
	"os/exec"
	"syscall"
)

// asOwner makes a program run as the user whom a folder belongs to.
func asOwner(cmd *exec.Cmd, dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok && int(s.Uid) != os.Geteuid() {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: s.Uid, Gid: s.Gid}}
	}
	return nil
}
