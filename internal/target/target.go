// Package target is what every kind of place where services run can do.
package target

import (
	"context"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/pkg/skycap"
)

// Target is where an app runs in an environment: a namespace, or groups of hosts.
type Target interface {
	// Kind is the kind of target.
	Kind() skycap.Target
	// Plan finds out what applying a release would change, with every check
	// that can be made before. It touches nothing.
	Plan(ctx context.Context, release *release.Release) (Plan, error)
	// Begin records a release as started and returns its number.
	Begin(ctx context.Context, release *release.Release) (number int, err error)
	// Apply changes the target to what a plan says of these services. Changed
	// tells whether it got as far as changing anything, also when it fails.
	Apply(ctx context.Context, plan Plan, services []release.Service) (changed bool, err error)
	// Wait watches services until each is healthy or known to be broken, or
	// until the context ends. Watch is told each state on the way.
	Wait(ctx context.Context, services []release.Service, watch Watch) (map[string]rollout.Assessment, error)
	// End records how a release ended.
	End(ctx context.Context, number int, result skycap.Word) error
	// Status reads how services are from the target itself.
	Status(ctx context.Context, services []string) ([]skycap.ServiceStatus, error)
	// Restart starts a rolling restart of services.
	Restart(ctx context.Context, services []string) error
	// Releases are the recorded releases, newest first.
	Releases(ctx context.Context) ([]skycap.Release, error)
	// Close ends what the target started on this machine.
	Close() error
}

// Watch is told how a service is whenever that changes.
type Watch func(service string, assessment rollout.Assessment)

// Plan is what applying a release would change.
type Plan struct {
	Changes  []skycap.ObjectChange
	Recorded int         // the number of the release that already is just this; 0 when none is
	Result   skycap.Word // of that release; empty when nobody saw how it ended
}

// Nothing reports whether there is nothing to do.
func (p Plan) Nothing() bool { return len(p.Changes) == 0 && p.Recorded > 0 }
