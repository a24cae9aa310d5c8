//go:build unix

package run

import (
	"os/exec"
	"syscall"
)

// tether has the program end with its context. Unless it is in the foreground it gets a
// process group of its own, which ends as a whole.
func tether(program *exec.Cmd, foreground bool) {
	program.SysProcAttr = &syscall.SysProcAttr{Setpgid: !foreground}
	endWithParent(program.SysProcAttr)
	program.Cancel = func() error {
		if foreground {
			return program.Process.Signal(syscall.SIGTERM)
		}
		return syscall.Kill(-program.Process.Pid, syscall.SIGTERM)
	}
}

// sweep kills what is left of the program's group.
func sweep(program *exec.Cmd) { _ = syscall.Kill(-program.Process.Pid, syscall.SIGKILL) }

// shield keeps the signals of the terminal from the guard.
func shield(guard *exec.Cmd) { guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
