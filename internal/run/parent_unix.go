//go:build unix && !linux

package run

import "syscall"

// endWithParent leaves it to the guard: only Linux tells children of a parent's death.
func endWithParent(*syscall.SysProcAttr) {}
