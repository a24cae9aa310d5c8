package action

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/pkg/skycap"
)

// UnstoppedError says that services were told to stop, and have not in time.
type UnstoppedError struct {
	Environment string
	Services    []skycap.ServiceResult // those that have not
	After       time.Duration          // how long it was waited
}

func (e *UnstoppedError) Error() string {
	var faults []error
	for _, service := range e.Services {
		faults = append(faults, fmt.Errorf("service %q has not stopped after %s: %s", service.Service, e.After, service.Cause))
	}
	return errors.Join(faults...).Error()
}

// Stop stops services, and waits until none of their instances is left. What is
// stopped already stays so.
func (o *Operator) Stop(ctx context.Context, environment string, services []string, choices Choices) (skycap.Result, error) {
	return o.operate(ctx, "stop", environment, services, choices, func(ctx context.Context, c *change) error {
		before, err := c.target.Status(ctx, c.release.Names())
		if err != nil {
			return err
		}
		o.Report.Phase("apply", "stopping")
		limited, cancel := context.WithTimeout(ctx, c.Timeout)
		defer cancel()
		stopped := c.target.Stop(limited, c.release.Names())
		return c.concludeStop(ctx, before, stopped)
	})
}

// concludeStop fills in the result by what the target itself shows, also when the
// command was interrupted.
func (c *change) concludeStop(ctx context.Context, before []skycap.ServiceStatus, stopped error) error {
	reading, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	after, err := c.target.Status(reading, c.release.Names())
	if err != nil {
		c.result.Changed = true // for all that is known
		return errors.Join(stopped, err)
	}
	c.nameRelease(before)
	c.result.Changed = isOther(before, after)
	unstopped := &UnstoppedError{Environment: c.release.Environment, After: c.Timeout}
	for _, status := range after {
		outcome := skycap.ServiceResult{Service: status.Service, Target: status.Target, Result: skycap.ResultOK, State: status.State}
		if status.State != skycap.StateStopped {
			outcome.Result, outcome.Cause = skycap.ResultUnhealthy, status.Message
			unstopped.Services = append(unstopped.Services, outcome)
		}
		c.result.Services = append(c.result.Services, outcome)
	}
	switch {
	case stopped != nil && !late(ctx, stopped):
		if c.result.Changed && ctx.Err() == nil {
			c.result.Word = skycap.ResultPartial
		}
		return stopped
	case len(unstopped.Services) > 0:
		c.result.Word = skycap.ResultUnhealthy
		return unstopped
	}
	c.result.Word = skycap.ResultOK
	return nil
}

// isOther reports whether some service is in another state than before.
func isOther(before, after []skycap.ServiceStatus) bool {
	states := map[release.Place]skycap.State{}
	for _, status := range before {
		states[release.Place{Service: status.Service, Target: status.Target}] = status.State
	}
	for _, status := range after {
		if states[release.Place{Service: status.Service, Target: status.Target}] != status.State {
			return true
		}
	}
	return false
}
