package lab

import (
	"bytes"
	"os"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// copySelf copies this program to where the daemons and the repository's hook
// expect it.
func copySelf(to string) error {
	from, err := os.Executable()
	if err != nil {
		return err
	}
	program, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if have, err := os.ReadFile(to); err == nil && bytes.Equal(have, program) {
		return nil
	}
	return state.WriteFile(to, program, 0o700)
}
