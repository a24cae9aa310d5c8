package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// Attach watches the rollout of the newest release, whoever began it. Where
// nobody is left to write down how it ended, it does.
func (o *Operator) Attach(ctx context.Context, environment string, timeout time.Duration) (skycap.Result, error) {
	result := skycap.Result{App: o.Project.App, Environment: environment, Services: []skycap.ServiceResult{}}
	o.Report.Start(fmt.Sprintf("attach to %s in %s", o.Project.App, environment))
	err := o.at(ctx, environment, func(place target.Target) error {
		releases, err := place.Releases(ctx)
		if err != nil {
			return err
		}
		if len(releases) == 0 {
			return &NoReleaseError{Environment: environment}
		}
		newest := releases[0]
		result.Release, result.Revision = newest.Number, newest.Revision
		recorded, err := place.Recorded(ctx, newest.Number)
		if err != nil {
			return err
		}
		recorded.Kind = newest.Kind
		o.Report.Phase("wait", fmt.Sprintf("release %d by %s: watching %s", newest.Number, newest.Who, strings.Join(newest.Services, ", ")))
		c := &change{
			Operator: o, Choices: Choices{Timeout: timeout}, release: recorded, target: place, result: &result, lock: unlocked{ctx},
		}
		return c.prepared().attach(ctx, newest)
	})
	return result, err
}

// attach waits until the release is healthy or known to be broken. What is healthy
// while somebody is at work on it may be what was there before: then it goes on.
func (c *change) attach(ctx context.Context, newest skycap.Release) error {
	for {
		err := c.wait(ctx, c.release.Services)
		var cutOff *CutOffError
		if err == nil {
			err = c.tolerated()
		}
		if err == nil && newest.Result != skycap.ResultOK {
			err = c.checkWhole(ctx, newest)
		}
		isHeld := newest.Result != skycap.ResultOK && c.isHeld(ctx, newest.Services)
		if errors.As(err, &cutOff) && isHeld && time.Now().Before(c.deadline) {
			continue
		}
		if c.isUnhealthy(err) || c.isPartial(err) {
			c.explain(ctx, err)
		}
		return c.watched(newest, isHeld, err)
	}
}

// CutOffError says that a command was killed before it had applied all of its
// release: what is healthy is, in part, what was there before.
type CutOffError struct {
	Release               int
	Revision, Environment string
	Rollback              bool
}

func (e *CutOffError) Error() string {
	return fmt.Sprintf("release %d was cut off before all of it was applied", e.Release)
}

// watched fills in the result. It is recorded where nobody else is going to.
func (c *change) watched(newest skycap.Release, isHeld bool, err error) error {
	for _, service := range c.release.Services {
		c.applied[service.Place()] = true
	}
	isOurs := newest.Result != skycap.ResultOK && (err == nil || release.Unfinished(newest)) && !isHeld
	if !isOurs || err != nil && !c.isUnhealthy(err) && !c.isPartial(err) {
		c.plan = target.Plan{Recorded: newest.Number, Result: skycap.ResultOK} // it is none of ours to tell
	}
	c.conclude(err)
	return err
}

// checkWhole proves that a release which nobody is at work on was applied whole,
// and has run all of its jobs.
func (c *change) checkWhole(ctx context.Context, newest skycap.Release) error {
	plan, err := c.target.Plan(ctx, c.release, target.Options{Conflicts: target.Keep})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(plan.Changes, func(change skycap.ObjectChange) bool { return change.Action != "delete" }) {
		return &CutOffError{
			Release: newest.Number, Revision: newest.Revision, Environment: c.release.Environment, Rollback: newest.Kind == release.Rollback,
		}
	}
	return nil
}

// lookPause is the time between two looks at who holds a lock.
const lookPause = 500 * time.Millisecond

// isHeld reports whether somebody who is alive holds a lock of the services. A
// holder is dead who is not heard of again before the lock expires.
func (c *change) isHeld(ctx context.Context, services []string) bool {
	heard := map[string]time.Time{}
	for {
		holders, err := c.target.Holders(ctx)
		if err != nil {
			return true // it can't be told
		}
		held := false
		for _, service := range services {
			holder, ok := holders[service]
			if first, known := heard[service]; ok && known && !holder.Heard.Equal(first) {
				return true
			}
			if ok {
				heard[service], held = holder.Heard, true
			}
		}
		if !held {
			return false
		}
		select {
		case <-ctx.Done():
			return true
		case <-time.After(lookPause):
		}
	}
}

// unlocked stands for a lock where nothing is changed that needs one.
type unlocked struct{ context context.Context }

func (u unlocked) Context() context.Context        { return u.context }
func (u unlocked) Check(ctx context.Context) error { return ctx.Err() }
func (u unlocked) Unlock() error                   { return nil }
