package action

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skycap/skycap/internal/target"
)

// claim is how this command wants a lock.
func (o *Operator) claim(wait time.Duration, passFreeze bool) target.Claim {
	return target.Claim{
		Holder: o.holder(), Wait: wait, PassFreeze: passFreeze,
		Waiting: func(text string) { o.Report.Phase("lock", "waiting: "+text) },
	}
}

func (o *Operator) holder() target.Holder {
	return target.Holder{Who: o.Who, Job: o.Job, Command: o.Command}
}

// locked does work under the locks of services. The work's context ends should
// the lock be lost, and the error says so.
func (o *Operator) locked(
	ctx context.Context, place target.Target, services []string, claim target.Claim, work func(context.Context, target.Lock) error,
) (err error) {
	lock, err := place.Lock(ctx, services, claim)
	if err != nil {
		return err
	}
	defer func() {
		if unlocked := lock.Unlock(); unlocked != nil {
			o.Report.Warning(fmt.Sprintf("a lock could not be given back, and frees itself in a moment: %v", unlocked))
		}
	}()
	err = work(lock.Context(), lock)
	var lost *target.LostError
	if errors.As(context.Cause(lock.Context()), &lost) && errors.Is(err, context.Canceled) {
		return lost
	}
	return err
}

// Freeze forbids deploys into an environment.
func (o *Operator) Freeze(ctx context.Context, environment, why string) error {
	return o.at(ctx, environment, func(place target.Target) error { return place.Freeze(ctx, o.holder(), why) })
}

// Unfreeze allows them again. The freeze is nil where there was none.
func (o *Operator) Unfreeze(ctx context.Context, environment string) (frozen *target.FrozenError, err error) {
	err = o.at(ctx, environment, func(place target.Target) (err error) {
		frozen, err = place.Unfreeze(ctx)
		return err
	})
	return frozen, err
}
