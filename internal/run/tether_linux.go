package run

import (
	"os/exec"
	"syscall"
)

// tether has the kernel kill the program should skycap itself be killed. Unless it
// is in the foreground it gets a process group of its own, which ends as a whole
// with its context.
func tether(program *exec.Cmd, foreground bool) {
	program.SysProcAttr = &syscall.SysProcAttr{Setpgid: !foreground, Pdeathsig: syscall.SIGKILL}
	program.Cancel = func() error {
		if foreground {
			return program.Process.Signal(syscall.SIGTERM)
		}
		return syscall.Kill(-program.Process.Pid, syscall.SIGTERM)
	}
}

// sweep kills what is left of the program's group.
func sweep(program *exec.Cmd) {
	if program.Process != nil {
		_ = syscall.Kill(-program.Process.Pid, syscall.SIGKILL)
	}
}
