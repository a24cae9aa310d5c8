//go:build !linux

package node

import (
	"errors"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// Enter needs Linux.
func Enter(state.Dir, string, bool, []string) error { return errors.ErrUnsupported }
