package run

import (
	"os/exec"
	"syscall"
)

// tether puts the program in a process group of its own, which ends as a whole
// with its context, and has the kernel kill it should skycap itself be killed.
func tether(program *exec.Cmd) {
	program.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	program.Cancel = func() error { return syscall.Kill(-program.Process.Pid, syscall.SIGTERM) }
}

// sweep kills what is left of the program's group.
func sweep(program *exec.Cmd) {
	if program.Process != nil {
		_ = syscall.Kill(-program.Process.Pid, syscall.SIGKILL)
	}
}
