package run

import "syscall"

// endWithParent has the kernel kill the program should skycap itself be killed. What
// the program has started is the guard's affair.
func endWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGKILL }
