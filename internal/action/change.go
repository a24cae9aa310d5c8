package action

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// UnhealthyError says that a release was applied, and isn't healthy.
type UnhealthyError struct {
	Release  int
	Services []skycap.ServiceResult // those that are not
	After    time.Duration          // how long it was waited; 0 when waiting was of no use
}

func (e *UnhealthyError) Error() string {
	var faults []error
	for _, service := range e.Services {
		text := fmt.Sprintf("service %q is not healthy", service.Service)
		if e.After > 0 {
			text += fmt.Sprintf(" after %s", e.After)
		}
		faults = append(faults, fmt.Errorf("%s: %s", text, service.Cause))
	}
	return errors.Join(faults...).Error()
}

// change is a release on its way, from the first change that it makes.
type change struct {
	*Operator
	Choices
	release     *release.Release
	target      target.Target
	lock        target.Lock
	plan        target.Plan
	leaves      []int // the releases that a rollback leaves
	result      *skycap.Result
	assessments map[string]rollout.Assessment
	applied     map[string]bool // the services that were got to
	failures    map[string]*skycap.ServiceResult
	applyFailed bool
	healthy     bool // all services were seen healthy
}

// carryOut makes the change, writes down how it ended and, where that is wanted
// and it failed, puts the former release back.
func (c *change) carryOut(ctx context.Context) error {
	c.assessments, c.applied, c.failures = map[string]rollout.Assessment{}, map[string]bool{}, map[string]*skycap.ServiceResult{}
	err := c.run(ctx)
	var lost *target.LostError
	if errors.Is(err, context.Canceled) && errors.As(context.Cause(c.lock.Context()), &lost) {
		err = lost
	}
	if c.isUnhealthy(err) {
		c.explain(ctx, err)
	}
	c.conclude(err)
	if c.isUnhealthy(err) && c.OnFailure == "rollback" {
		return c.revert(ctx, err)
	}
	return err
}

// isUnhealthy reports whether a release was applied, and is known to be broken.
func (c *change) isUnhealthy(err error) bool {
	var unhealthy *UnhealthyError
	var job *target.JobError
	return errors.As(err, &unhealthy) || errors.As(err, &job)
}

func (c *change) run(ctx context.Context) error {
	c.result.Release = c.plan.Recorded
	for _, kept := range c.plan.Kept {
		c.Report.Warning(kept)
	}
	if !c.plan.Nothing() {
		if err := c.begin(ctx); err != nil {
			return err
		}
	}
	limited, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	for _, wave := range c.release.Waves() {
		if err := c.roll(ctx, limited, wave); err != nil {
			return err
		}
	}
	c.healthy = !c.NoWait
	if c.NoWait || c.plan.Nothing() {
		return nil
	}
	return c.settle(ctx)
}

func (c *change) begin(ctx context.Context) error {
	if err := c.lock.Check(ctx); err != nil {
		return err
	}
	number, err := c.target.Begin(ctx, c.release, c.plan)
	if number > 0 {
		c.result.Release = number
	}
	if err == nil && c.plan.Resumes {
		c.Report.Phase("apply", fmt.Sprintf("release %d was cut off: it is taken up again", number))
	}
	return err
}

// roll brings the services of a wave over: jobs before, objects, health, jobs after.
func (c *change) roll(ctx, limited context.Context, wave []release.Service) error {
	if err := c.runJobs(ctx, limited, wave, target.PreDeploy); err != nil {
		return err
	}
	if err := c.apply(ctx, wave); err != nil {
		return err
	}
	if err := c.lock.Check(ctx); err != nil {
		return err
	}
	if err := c.target.Leave(ctx, c.leaves, c.result.Release); err != nil {
		return err
	}
	if c.NoWait {
		return nil
	}
	if err := c.wait(ctx, limited, wave); err != nil {
		return err
	}
	return c.runJobs(ctx, limited, wave, target.PostDeploy)
}

// runJobs runs the jobs of a phase, each once for the release.
func (c *change) runJobs(ctx, limited context.Context, wave []release.Service, phase target.Phase) error {
	wave = withJobs(c.release.Kind, wave, phase)
	if len(wave) == 0 || c.plan.Nothing() {
		return nil
	}
	if err := c.lock.Check(ctx); err != nil {
		return err
	}
	c.Report.Phase(string(phase), fmt.Sprintf("running the %s jobs of %s", phase, strings.Join(names(wave), ", ")))
	changed, err := c.target.Run(limited, c.plan, c.result.Release, wave, phase, func(service, job, line string) {
		c.Report.Event(skycap.Event{Type: skycap.EventLog, Service: service, Message: job + ": " + line})
	})
	c.result.Changed = c.result.Changed || changed
	var failed *target.JobError
	if errors.As(err, &failed) {
		c.failures[failed.Service] = &skycap.ServiceResult{
			Service: failed.Service, Target: c.target.Kind(), Result: skycap.ResultUnhealthy, State: skycap.StateDegraded,
			Grade: skycap.GradeFatal, Cause: failed.Error(), Evidence: failed.Evidence,
			Hint: c.kubectl("logs job/" + failed.Job),
		}
	}
	return err
}

// withJobs are the services that have a job of a phase which the release runs,
// with no other jobs.
func withJobs(kind string, services []release.Service, phase target.Phase) []release.Service {
	var found []release.Service
	for _, service := range services {
		if runs := service.Running(kind, string(phase)); len(runs.Objects) > 0 {
			found = append(found, runs)
		}
	}
	return found
}

func names(services []release.Service) []string {
	found := make([]string, len(services))
	for i, service := range services {
		found[i] = service.Name
	}
	return found
}

func (c *change) apply(ctx context.Context, wave []release.Service) error {
	if len(c.plan.Changes) > 0 {
		c.Report.Phase("apply", fmt.Sprintf("applying release %d", c.result.Release))
		if err := c.lock.Check(ctx); err != nil {
			return err
		}
	}
	changed, err := c.target.Apply(ctx, c.plan, wave)
	c.result.Changed = c.result.Changed || changed
	for _, service := range wave {
		c.applied[service.Name] = changed || err == nil
	}
	c.applyFailed = err != nil
	return err
}

func (c *change) wait(ctx, limited context.Context, wave []release.Service) error {
	c.Report.Phase("wait", "waiting until it is healthy")
	assessments, err := c.target.Wait(limited, wave, func(service string, assessment rollout.Assessment) {
		c.Report.State(service, c.target.Kind(), assessment.State, assessment.Message)
	})
	for service, assessment := range assessments {
		c.assessments[service] = assessment
	}
	late := late(ctx, err)
	if err != nil && !late {
		return err
	}
	unhealthy := &UnhealthyError{Release: c.result.Release}
	if late {
		unhealthy.After = c.Timeout
		c.gradeLate(wave)
	}
	for _, service := range wave {
		outcome := c.outcome(service.Name)
		if outcome.State != skycap.StateHealthy && outcome.State != skycap.StateStopped {
			unhealthy.Services = append(unhealthy.Services, outcome)
		}
	}
	if len(unhealthy.Services) > 0 {
		return unhealthy
	}
	return nil
}

// late reports whether an error says that the time for waiting is over.
func late(ctx context.Context, err error) bool {
	return errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil
}

// gradeLate grades what may have been passing while there was time.
func (c *change) gradeLate(wave []release.Service) {
	for _, service := range wave {
		assessment := c.assessments[service.Name]
		if assessment.State == skycap.StateProgressing && assessment.Grade != skycap.GradeFatal {
			assessment.Grade = skycap.GradePersistent
			c.assessments[service.Name] = assessment
		}
	}
}

// settle clears away what a healthy release has no use for. It is healthy all
// the same where that fails: then people are told of what stays.
func (c *change) settle(ctx context.Context) error {
	err := c.lock.Check(ctx)
	if err == nil {
		err = c.target.Settle(ctx, c.plan, c.release, c.result.Release)
	}
	if err != nil && ctx.Err() == nil {
		c.Report.Warning(fmt.Sprintf("it is healthy, but not all that it replaces could be removed: %v", err))
		return nil
	}
	return err
}
