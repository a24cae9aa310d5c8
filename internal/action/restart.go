package action

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// Restart restarts services and waits until they are healthy again.
func (o *Operator) Restart(ctx context.Context, environment string, services []string, choices Choices) (skycap.Result, error) {
	return o.operate(ctx, "restart", environment, services, choices, func(ctx context.Context, c *change) error {
		o.Report.Phase("apply", "restarting")
		return c.bring(ctx, c.target.Restart)
	})
}

// Start starts what was stopped, and waits until it is healthy. What runs stays as it is.
func (o *Operator) Start(ctx context.Context, environment string, services []string, choices Choices) (skycap.Result, error) {
	return o.operate(ctx, "start", environment, services, choices, func(ctx context.Context, c *change) error {
		o.Report.Phase("apply", "starting")
		return c.bring(ctx, c.target.Start)
	})
}

// operate does work on services under their locks, with neither repository nor
// registry. A freeze, which is for deploys, doesn't forbid it.
func (o *Operator) operate(
	ctx context.Context, verb, environment string, names []string, choices Choices, work func(context.Context, *change) error,
) (skycap.Result, error) {
	result := skycap.Result{App: o.Project.App, Environment: environment, Services: []skycap.ServiceResult{}}
	o.Report.Start(fmt.Sprintf("%s %s in %s", verb, o.Project.App, environment))
	operable, err := o.operable(environment, names)
	if err != nil {
		return result, err
	}
	made := &release.Release{App: o.Project.App, Environment: environment, Services: operable}
	err = o.at(ctx, environment, func(place target.Target) error {
		return o.locked(ctx, place, made.Names(), o.claim(choices.LockWait, true), func(ctx context.Context, lock target.Lock) error {
			c := &change{Operator: o, Choices: choices, release: made, target: place, lock: lock, result: &result}
			if err := lock.Check(ctx); err != nil {
				return err
			}
			return work(ctx, c.prepared())
		})
	})
	return result, err
}

// bring has the target bring up instances, and waits until they are healthy.
func (c *change) bring(ctx context.Context, up func(context.Context, []string, target.Watch) error) error {
	if err := up(ctx, c.release.Names(), c.watch); err != nil {
		if c.isPartial(err) {
			c.result.Changed, c.result.Word = true, skycap.ResultPartial
		}
		return err
	}
	c.result.Changed, c.deadline = true, time.Now().Add(c.Timeout)
	for _, service := range c.release.Services {
		c.applied[service.Place()] = true
	}
	err := c.wait(ctx, c.release.Services)
	if err == nil {
		err = c.tolerated()
	}
	if c.isUnhealthy(err) || c.isPartial(err) {
		c.explain(ctx, err)
	}
	c.conclude(err)
	statuses, unread := c.target.Status(ctx, c.release.Names())
	c.nameRelease(statuses)
	return errors.Join(err, unread)
}

// nameRelease says which release the services run, if they all run one.
func (c *change) nameRelease(statuses []skycap.ServiceStatus) {
	for i, status := range statuses {
		if i == 0 {
			c.result.Release, c.result.Revision = status.Release, status.Revision
		}
		if status.Release != c.result.Release {
			c.result.Release = 0
		}
		if status.Revision != c.result.Revision {
			c.result.Revision = ""
		}
	}
}
