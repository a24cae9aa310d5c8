//go:build !linux

package run

import "os/exec"

// tether leaves the program as it is: it ends with its context, but outlives a
// skycap that is killed, since only Linux tells children of a parent's death.
func tether(*exec.Cmd, bool) {}

func sweep(*exec.Cmd) {}
