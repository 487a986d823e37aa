package proc

import "syscall"

// endWithParent has the kernel ask the server to end when we end without
// stopping it. SIGTERM and not SIGKILL: the first process ends its workers.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGTERM }
