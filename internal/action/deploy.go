package action

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// Deploy puts a revision into an environment.
type Deploy struct {
	*Operator
	Wanted

	Timeout time.Duration           // for the waiting
	NoWait  bool                    // leave once it is applied
	Confirm func(plan string) error // asked before anything is changed; may be nil
}

// Run prepares, checks, applies and waits. The result says how far it got; its
// word is left to the error where nothing was changed.
func (d *Deploy) Run(ctx context.Context) (skycap.Result, error) {
	result := skycap.Result{App: d.Project.App, Environment: d.Environment, Services: []skycap.ServiceResult{}}
	d.Report.Start(fmt.Sprintf("deploy %s to %s", d.Revision, d.Environment))

	d.Report.Phase("prepare", "resolving the revision, its images and its configuration")
	release, place, err := d.open(ctx)
	if err != nil {
		return result, err
	}
	defer func() { _ = place.Close() }()
	result.Revision = release.Revision.ID

	d.Report.Phase("check", fmt.Sprintf("checking %s with the cluster", release.Revision.Short()))
	plan, err := d.check(ctx, release, place)
	if err != nil {
		return result, err
	}
	r := &running{Deploy: d, release: release, target: place, plan: plan, result: &result}
	err = r.run(ctx)
	r.conclude(err)
	return result, err
}

// open prepares the release and reaches for the target, at the same time:
// neither needs the other, and each takes its while.
func (d *Deploy) open(ctx context.Context) (*release.Release, target.Target, error) {
	environment, err := d.Project.Environment(d.Environment)
	if err != nil {
		return nil, nil, err
	}
	var place target.Target
	var unreached error
	reached := make(chan struct{})
	go func() {
		place, unreached = d.Target(ctx, environment)
		close(reached)
	}()
	release, err := d.Prepare(ctx, d.Wanted)
	<-reached
	if err = errors.Join(err, unreached); err != nil {
		if unreached == nil {
			_ = place.Close()
		}
		return nil, nil, err
	}
	return release, place, nil
}

// check finds out what would change and what forbids it, and has it confirmed.
func (d *Deploy) check(ctx context.Context, release *release.Release, place target.Target) (target.Plan, error) {
	if err := d.warnOfUnsupported(); err != nil {
		return target.Plan{}, err
	}
	plan, err := place.Plan(ctx, release)
	if err == nil && d.Confirm != nil && !plan.Nothing() {
		err = d.Confirm(fmt.Sprintf("deploy %s at %s to %s: %d objects change",
			release.App, release.Revision.Short(), release.Environment, len(plan.Changes)))
	}
	return plan, err
}

func (d *Deploy) warnOfUnsupported() error {
	environment, err := d.Project.Environment(d.Environment)
	if err != nil {
		return err
	}
	if environment.OnFailure == "rollback" {
		d.Report.Warning(fmt.Sprintf("environments.%s.on_failure: this version can't roll back; a failed deploy holds", environment.Name))
	}
	if d.Project.Hooks != (settings.Hooks{}) {
		d.Report.Warning("hooks: this version doesn't run them")
	}
	return nil
}

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

// running is a deploy from its first change on.
type running struct {
	*Deploy
	release     *release.Release
	target      target.Target
	plan        target.Plan
	result      *skycap.Result
	assessments map[string]rollout.Assessment
	applied     map[string]bool // the services that were got to
	applyFailed bool
}

func (r *running) run(ctx context.Context) error {
	r.assessments, r.applied = map[string]rollout.Assessment{}, map[string]bool{}
	r.result.Release = r.plan.Recorded
	if !r.plan.Nothing() {
		number, err := r.target.Begin(ctx, r.release)
		if err != nil {
			return err
		}
		r.result.Release = number
	}
	limited, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	for _, wave := range r.release.Waves() {
		if err := r.apply(ctx, wave); err != nil {
			return err
		}
		if r.NoWait {
			continue
		}
		if err := r.wait(ctx, limited, wave); err != nil {
			return err
		}
	}
	return nil
}

func (r *running) apply(ctx context.Context, wave []release.Service) error {
	if len(r.plan.Changes) > 0 {
		r.Report.Phase("apply", fmt.Sprintf("applying release %d", r.result.Release))
	}
	changed, err := r.target.Apply(ctx, r.plan, wave)
	r.result.Changed = r.result.Changed || changed
	for _, service := range wave {
		r.applied[service.Name] = changed || err == nil
	}
	r.applyFailed = err != nil
	return err
}

func (r *running) wait(ctx, limited context.Context, wave []release.Service) error {
	r.Report.Phase("wait", "waiting until it is healthy")
	assessments, err := r.target.Wait(limited, wave, func(service string, assessment rollout.Assessment) {
		r.Report.State(service, r.target.Kind(), assessment.State, assessment.Message)
	})
	for service, assessment := range assessments {
		r.assessments[service] = assessment
	}
	late := errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil
	if err != nil && !late {
		return err
	}
	unhealthy := &UnhealthyError{Release: r.result.Release}
	if late {
		unhealthy.After = r.Timeout
		r.gradeLate(wave)
	}
	for _, service := range wave {
		outcome := r.outcome(service.Name)
		if outcome.State != skycap.StateHealthy && outcome.State != skycap.StateStopped {
			unhealthy.Services = append(unhealthy.Services, outcome)
			for _, fact := range outcome.Evidence {
				r.Report.Evidence(service.Name, fact)
			}
		}
	}
	if len(unhealthy.Services) > 0 {
		return unhealthy
	}
	return nil
}

// gradeLate grades what may have been passing while there was time.
func (r *running) gradeLate(wave []release.Service) {
	for _, service := range wave {
		assessment := r.assessments[service.Name]
		if assessment.State == skycap.StateProgressing && assessment.Grade != skycap.GradeFatal {
			assessment.Grade = skycap.GradePersistent
			r.assessments[service.Name] = assessment
		}
	}
}

// outcome is how it stands with one service.
func (r *running) outcome(service string) skycap.ServiceResult {
	assessment, seen := r.assessments[service]
	outcome := skycap.ServiceResult{
		Service: service, Target: r.target.Kind(), Result: skycap.ResultOK,
		State: assessment.State, Grade: assessment.Grade, Evidence: assessment.Evidence,
	}
	switch {
	case !seen && !r.applied[service]:
		outcome.Result, outcome.Cause = skycap.ResultFailed, "it was not changed"
	case !seen:
		outcome.State = skycap.StateProgressing
	case assessment.State != skycap.StateHealthy && assessment.State != skycap.StateStopped:
		outcome.Result, outcome.Cause = skycap.ResultUnhealthy, assessment.Message
		outcome.Hint = "skycap status " + r.Environment + " " + service
	}
	return outcome
}

// recordTime is how long the end of a release may take to be written down,
// also when the deploy was interrupted.
const recordTime = 5 * time.Second

// conclude fills in the result, and writes it to the release's record.
func (r *running) conclude(err error) {
	for _, name := range r.release.Names() {
		r.result.Services = append(r.result.Services, r.outcome(name))
	}
	var unhealthy *UnhealthyError
	switch {
	case err == nil:
		r.result.Word, r.result.Healthy = skycap.ResultOK, !r.NoWait
	case errors.As(err, &unhealthy):
		r.result.Word = skycap.ResultUnhealthy
	case errors.Is(err, context.Canceled):
		r.result.Word = skycap.ResultInterrupted
	case !r.result.Changed:
		r.result.Word = skycap.ResultFailed
	case r.applyFailed:
		r.result.Word = skycap.ResultPartial
	default: // it could not be watched
		r.result.Word = skycap.ResultUnhealthy
	}
	if r.result.Release == 0 || !r.tellsMore() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), recordTime)
	defer cancel()
	if err := r.target.End(ctx, r.result.Release, r.result.Word); err != nil {
		r.Report.Warning(fmt.Sprintf("the result of release %d could not be recorded: %v", r.result.Release, err))
	}
}

// tellsMore reports whether the record lacks the result. One that nobody waited
// for, or waited for long enough, is set right by the next deploy that sees it healthy.
func (r *running) tellsMore() bool {
	if r.plan.Nothing() {
		return r.result.Healthy && r.plan.Result != skycap.ResultOK
	}
	return r.result.Healthy || r.result.Word != skycap.ResultOK
}
