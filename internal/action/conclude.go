package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/pkg/skycap"
)

// outcome is how it stands with one service in one place.
func (c *change) outcome(place release.Place) skycap.ServiceResult {
	if failed, ok := c.failures[place]; ok {
		return *failed
	}
	assessment, seen := c.assessments[place]
	outcome := skycap.ServiceResult{
		Service: place.Service, Target: place.Target, Result: skycap.ResultOK,
		State: assessment.State, Grade: assessment.Grade,
	}
	switch {
	case !seen && !c.applied[place]:
		outcome.Result, outcome.Cause = skycap.ResultFailed, "it was not changed"
	case !seen:
		outcome.State = skycap.StateProgressing
	case assessment.State != skycap.StateHealthy && assessment.State != skycap.StateStopped:
		outcome.Result, outcome.Cause = skycap.ResultUnhealthy, cmp.Or(assessment.Cause, assessment.Message)
		outcome.Evidence, outcome.FormerFails = assessment.Evidence, assessment.FormerFails
		outcome.Hint = c.nextCommand(place, assessment)
		if assessment.Partial {
			outcome.Result = skycap.ResultPartial
		}
	}
	return outcome
}

// nextCommand is what to type about a service that fails.
func (c *change) nextCommand(place release.Place, assessment rollout.Assessment) string {
	switch {
	case assessment.Hint != "" && place.Target == skycap.TargetKubernetes:
		return c.kubectl(assessment.Hint)
	case assessment.Hint != "":
		return assessment.Hint
	}
	return "skycap status " + c.release.Environment + " " + place.Service
}

// kubectl is a command of kubectl, pinned to where the release runs.
func (c *change) kubectl(args string) string {
	environment, err := c.Project.Environment(c.release.Environment)
	if err != nil || environment.Kubernetes == nil {
		return "kubectl " + args
	}
	return fmt.Sprintf("kubectl --context=%s --namespace=%s %s", environment.Kubernetes.Context, environment.Kubernetes.Namespace, args)
}

// recordTime is how long the end of a release may take to be written down,
// also when the deploy was interrupted.
const recordTime = 5 * time.Second

// conclude fills in the result, and writes it to the release's record.
func (c *change) conclude(err error) {
	c.result.Services = c.result.Services[:0]
	for _, service := range c.release.Services {
		c.result.Services = append(c.result.Services, c.outcome(service.Place()))
	}
	c.result.Word = c.word(err)
	c.result.Healthy = err == nil && !c.NoWait
	if c.result.Release == 0 || !c.tellsMore() {
		return
	}
	recorded := c.result.Word
	switch {
	case err == nil && c.NoWait:
		recorded = "" // nobody saw how it ended
	case c.healthy: // though what it replaces may not have been removed yet
		recorded = skycap.ResultOK
	}
	ctx, cancel := context.WithTimeout(context.Background(), recordTime)
	defer cancel()
	err = c.lock.Check(ctx)
	if err == nil {
		err = c.target.End(ctx, c.result.Release, recorded)
	}
	if err != nil {
		c.Report.Warning(fmt.Sprintf("the result of release %d could not be recorded: %v", c.result.Release, err))
	}
}

func (c *change) word(err error) skycap.Word {
	switch {
	case err == nil:
		return skycap.ResultOK
	case c.isPartial(err), c.isUnhealthy(err) && (c.hasPart() || c.isHalf()):
		return skycap.ResultPartial
	case c.isUnhealthy(err):
		return skycap.ResultUnhealthy
	case errors.Is(err, context.Canceled):
		return skycap.ResultInterrupted
	case !c.result.Changed:
		return skycap.ResultFailed
	case c.applyFailed:
		return skycap.ResultPartial
	default: // it could not be watched
		return skycap.ResultUnhealthy
	}
}

// tellsMore reports whether the record lacks the result. One that nobody waited
// for, or waited for long enough, is set right by the next deploy that sees it healthy.
func (c *change) tellsMore() bool {
	if c.plan.Nothing() {
		return c.result.Healthy && c.plan.Result != skycap.ResultOK
	}
	return true
}
