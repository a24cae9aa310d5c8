//go:build unix

package revision

import (
	"errors"
	"syscall"
)

// try takes the lock unless somebody has it: alone, or with others that share it. What
// was held before is given up also where that fails.
func (l *fileLock) try(alone bool) (bool, error) {
	how := syscall.LOCK_SH
	if alone {
		how = syscall.LOCK_EX
	}
	err := syscall.Flock(int(l.file.Fd()), how|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
