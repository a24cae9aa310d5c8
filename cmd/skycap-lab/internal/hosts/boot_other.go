//go:build !linux

package hosts

import (
	"context"
	"errors"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// Boot needs Linux.
func Boot(context.Context, state.Dir, string, string, []string) error { return errors.ErrUnsupported }
