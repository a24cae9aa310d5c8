//go:build unix

package process

import "syscall"

// detached puts a daemon into a session of its own, so that no Ctrl-C reaches it.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true}
}
