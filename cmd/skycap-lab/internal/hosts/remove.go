package hosts

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/bridge"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
)

// surplus are the hosts of which something is there, and which are not among those
// wanted; what an up that was cut off has left of new ones is among them.
func (f Fleet) surplus() ([]string, error) {
	entries, err := os.ReadDir(f.Dir.Host())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, entry := range entries {
		if !slices.Contains(Names(f.Settings.Hosts), entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	return names, err
}

// RemoveSurplus removes the hosts that are too many, with all that is on them.
func (f Fleet) RemoveSurplus(ctx context.Context) (removed []string, err error) {
	names, err := f.surplus()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := f.end(ctx, name); err != nil {
			return removed, err
		}
		if err := os.RemoveAll(f.Dir.Host(name)); err != nil {
			return removed, err
		}
		if !strings.HasPrefix(name, newPrefix) {
			removed = append(removed, name)
		}
	}
	return removed, nil
}

// end ends a host's processes and removes what they leave in the kernel.
func (f Fleet) end(ctx context.Context, name string) error {
	if !f.Machines {
		return f.processes().Stop(ctx, name)
	}
	err := process.Kill(ctx, func() (process.Table, error) {
		daemons, err1 := process.Scan(string(f.Dir))
		inside, err2 := group(f.Dir, name).Processes()
		return append(daemons.Of(name), inside...), errors.Join(err1, err2)
	})
	if err != nil {
		return err
	}
	return group(f.Dir, name).Remove()
}

// Clear removes all hosts and what they left in the kernel. It needs nothing of it to
// be there.
func (f Fleet) Clear(ctx context.Context) error {
	f.Settings.Hosts = 0
	if _, err := f.RemoveSurplus(ctx); err != nil {
		return err
	}
	if f.Machines {
		err := errors.Join(bridge.Remove(ctx, bridgeName(f.Dir)), groups(f.Dir).Remove())
		if err != nil {
			return err
		}
	}
	return errors.Join(os.RemoveAll(f.Dir.Host()), os.RemoveAll(f.Dir.SSH()))
}
