package action

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

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
	assessments map[release.Place]rollout.Assessment
	reached     map[string]bool        // the services whose wave began
	applied     map[release.Place]bool // where it was got to
	failures    map[release.Place]*skycap.ServiceResult
	deadline    time.Time // when the time for waiting is over
	applyFailed bool
	healthy     bool // all services were seen healthy
}

// prepared makes the change ready to be carried out, or watched.
func (c *change) prepared() *change {
	c.assessments, c.failures = map[release.Place]rollout.Assessment{}, map[release.Place]*skycap.ServiceResult{}
	c.reached, c.applied = map[string]bool{}, map[release.Place]bool{}
	c.deadline = time.Now().Add(c.Timeout)
	return c
}

// carryOut makes the change, writes down how it ended and, where that is wanted
// and it failed, puts the former release back.
func (c *change) carryOut(ctx context.Context) error {
	err := c.prepared().run(ctx)
	var lost *target.LostError
	if errors.Is(err, context.Canceled) && errors.As(context.Cause(c.lock.Context()), &lost) {
		err = lost
	}
	if c.isUnhealthy(err) || c.isPartial(err) {
		c.explain(ctx, err)
	}
	c.conclude(err)
	if c.isUnhealthy(err) && c.OnFailure == "rollback" {
		return c.revert(ctx, err)
	}
	return err
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
	if err := c.stage(ctx); err != nil {
		return err
	}
	c.deadline = time.Now().Add(c.Timeout)
	for _, wave := range c.release.Waves() {
		if err := c.roll(ctx, wave); err != nil {
			return err
		}
	}
	if tolerated := c.tolerated(); tolerated != nil {
		return tolerated
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
	number, err := c.target.Begin(ctx, c.release, c.plan, 0)
	if number > 0 {
		c.result.Release = number
	}
	if err == nil && c.plan.Resumes {
		c.Report.Phase("apply", fmt.Sprintf("release %d was cut off: it is taken up again", number))
	}
	return err
}

// roll brings the services of a wave over: jobs before, objects, health, jobs after.
func (c *change) roll(ctx context.Context, wave []release.Service) error {
	for _, service := range wave {
		c.reached[service.Name] = true
	}
	if err := c.runJobs(ctx, wave, target.PreDeploy); err != nil {
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
	if c.NoWait { // what came of hosts is known by now
		wave = onHosts(wave)
	}
	if len(wave) == 0 {
		return nil
	}
	if err := c.wait(ctx, wave); err != nil {
		return err
	}
	return c.runJobs(ctx, wave, target.PostDeploy)
}

// runJobs runs the jobs of a phase, each once for the release. Only services in
// Kubernetes have any.
func (c *change) runJobs(ctx context.Context, wave []release.Service, phase target.Phase) error {
	wave = withJobs(c.release.Kind, wave, phase)
	if len(wave) == 0 || c.plan.Nothing() {
		return nil
	}
	if err := c.lock.Check(ctx); err != nil {
		return err
	}
	c.Report.Phase(string(phase), fmt.Sprintf("running the %s jobs of %s", phase, strings.Join(names(wave), ", ")))
	limited, cancel := context.WithDeadline(ctx, c.deadline)
	defer cancel()
	changed, err := c.target.Run(limited, c.plan, c.result.Release, wave, phase, func(service, job, line string) {
		c.Report.Event(skycap.Event{Type: skycap.EventLog, Service: service, Message: job + ": " + line})
	})
	c.result.Changed = c.result.Changed || changed
	var failed *target.JobError
	if errors.As(err, &failed) {
		place := release.Place{Service: failed.Service, Target: skycap.TargetKubernetes}
		c.failures[place] = &skycap.ServiceResult{
			Service: place.Service, Target: place.Target, Result: skycap.ResultUnhealthy, State: skycap.StateDegraded,
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

func (c *change) wait(ctx context.Context, wave []release.Service) error {
	c.Report.Phase("wait", "waiting until it is healthy")
	limited, cancel := context.WithDeadline(ctx, c.deadline)
	defer cancel()
	assessments, err := c.target.Wait(limited, wave, c.watch)
	maps.Copy(c.assessments, assessments)
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
		outcome := c.outcome(service.Place())
		if !isDone(c.assessments[service.Place()]) {
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
		assessment := c.assessments[service.Place()]
		if assessment.State == skycap.StateProgressing && assessment.Grade != skycap.GradeFatal {
			assessment.Grade = skycap.GradePersistent
			c.assessments[service.Place()] = assessment
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
