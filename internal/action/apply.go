package action

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/pkg/skycap"
)

// stage brings to hosts what the release needs there. Nothing uses it yet.
func (c *change) stage(ctx context.Context) error {
	if c.plan.Nothing() || len(onHosts(c.release.Services)) == 0 {
		return nil
	}
	if err := c.lock.Check(ctx); err != nil {
		return err
	}
	c.Report.Phase("stage", fmt.Sprintf("bringing release %d to the hosts", c.result.Release))
	return c.target.Stage(ctx, c.plan, c.release.Services, func(service, instance, line string) {
		c.Report.Event(skycap.Event{
			Type: skycap.EventLog, Service: service, Target: skycap.TargetHosts, Instance: instance, Message: instance + ": " + line,
		})
	})
}

func onHosts(services []release.Service) []release.Service {
	return slices.DeleteFunc(slices.Clone(services), func(s release.Service) bool { return s.Target != skycap.TargetHosts })
}

// apply changes one kind of target after the other: Kubernetes first, which takes
// a moment, then hosts, which takes as long as all of them need. That is no waiting.
func (c *change) apply(ctx context.Context, wave []release.Service) error {
	if len(c.plan.Changes) > 0 {
		c.Report.Phase("apply", fmt.Sprintf("applying release %d", c.result.Release))
		if err := c.lock.Check(ctx); err != nil {
			return err
		}
	}
	began := time.Now()
	for _, kind := range []skycap.Target{skycap.TargetKubernetes, skycap.TargetHosts} {
		services := slices.DeleteFunc(slices.Clone(wave), func(s release.Service) bool { return s.Target != kind })
		if len(services) == 0 {
			continue
		}
		changed, err := c.target.Apply(ctx, c.plan, services, c.watch)
		c.result.Changed = c.result.Changed || changed
		for _, service := range services {
			c.applied[service.Place()] = changed || err == nil
			if err != nil && changed && (ctx.Err() == nil || kind == skycap.TargetHosts) {
				c.failures[service.Place()] = halfApplied(service.Place())
			}
		}
		if c.applyFailed = err != nil; c.applyFailed {
			return err
		}
	}
	c.deadline = c.deadline.Add(time.Since(began))
	return nil
}

// halfApplied is the result of a service that may have been changed in part.
func halfApplied(place release.Place) *skycap.ServiceResult {
	return &skycap.ServiceResult{
		Service: place.Service, Target: place.Target, Result: skycap.ResultPartial, State: skycap.StateProgressing,
		Cause: "not all of it was changed",
	}
}

// watch reports how a service is, or one instance of it.
func (c *change) watch(place release.Place, instance string, assessment rollout.Assessment) {
	c.Report.InstanceState(place.Service, place.Target, instance, assessment.State, assessment.Message)
}
