package lab

import (
	"context"
	"os"
	"strings"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// hosts remove those that are too many, make those that are missing, and start all.
func (l Lab) hosts(s state.Settings, w Wishes) []step {
	fleet := l.fleet(s)
	if _, err := os.Stat(l.Dir.Host()); err != nil && s.Hosts == 0 {
		return nil
	}
	if s.Hosts == 0 {
		return []step{{"hosts", func(ctx context.Context) (string, error) { return "removed", fleet.Clear(ctx) }}}
	}
	var steps []step
	if fleet.Machines {
		steps = append(steps, step{"hosts' base", func(ctx context.Context) (string, error) {
			return fleet.EnsureBase(ctx, w.Tools)
		}})
	}
	return append(steps, step{"hosts", func(ctx context.Context) (string, error) {
		removed, err := fleet.RemoveSurplus(ctx)
		if err != nil {
			return "", err
		}
		outcome, err := fleet.Start(ctx)
		if len(removed) > 0 {
			outcome += "; removed " + strings.Join(removed, ", ")
		}
		return outcome, err
	}})
}
