package action

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// Deploy puts a revision into an environment.
type Deploy struct {
	*Operator
	Wanted
	Choices
}

// Choices are how a deploy or a rollback is to be done.
type Choices struct {
	Options   target.Options
	Timeout   time.Duration             // for the waiting
	LockWait  time.Duration             // for somebody else's lock
	NoWait    bool                      // leave once it is applied
	OnFailure string                    // hold or rollback; empty for what the environment says
	Override  string                    // why a freeze is passed; empty when it isn't
	Confirm   func(plan string) error   // asked before anything is changed; may be nil
	Again     func(reason string) error // asked before what was left is deployed again
}

// Run prepares, checks, applies and waits. The result says how far it got; its
// word is left to the error where nothing was changed.
func (d *Deploy) Run(ctx context.Context) (skycap.Result, error) {
	result := skycap.Result{App: d.Project.App, Environment: d.Environment, Services: []skycap.ServiceResult{}}
	d.Report.Start(fmt.Sprintf("deploy %s to %s", d.Revision, d.Environment))

	d.Report.Phase("prepare", "resolving the revision, its images and its configuration")
	err := d.open(ctx, func(release *release.Release, place target.Target) error {
		result.Revision, release.Override = release.Revision.ID, d.Override
		return d.locked(ctx, place, release.Names(), d.claim(d.LockWait, d.Override != ""), func(ctx context.Context, lock target.Lock) error {
			return d.run(ctx, release, place, lock, &result)
		})
	})
	return result, err
}

func (d *Deploy) run(ctx context.Context, release *release.Release, place target.Target, lock target.Lock, result *skycap.Result) error {
	d.Report.Phase("check", fmt.Sprintf("checking %s with the target", release.Revision.Short()))
	plan, err := d.check(ctx, release, place)
	if err != nil {
		return err
	}
	c := &change{Operator: d.Operator, Choices: d.Choices, release: release, target: place, lock: lock, plan: plan, result: result}
	return c.carryOut(ctx)
}

// open prepares the release and reaches for the target, at the same time: neither
// needs the other, and each takes its while. Then it has work done with both.
func (d *Deploy) open(ctx context.Context, work func(*release.Release, target.Target) error) error {
	environment, err := d.Project.Environment(d.Environment)
	if err != nil {
		return err
	}
	var place target.Target
	var unreached error
	reached := make(chan struct{})
	go func() {
		if place, unreached = d.Target(ctx, environment); unreached == nil {
			target.Approach(ctx, place, d.Services)
		}
		close(reached)
	}()
	err = d.Prepare(ctx, d.Wanted, func(release *release.Release) error {
		if <-reached; unreached != nil {
			return nil // which is told below
		}
		return work(release, place)
	})
	if <-reached; unreached != nil {
		return errors.Join(err, unreached)
	}
	_ = place.Close() // it only ends what was started here
	return err
}

// check finds out what would change and what forbids it, and has it confirmed.
func (d *Deploy) check(ctx context.Context, wanted *release.Release, place target.Target) (target.Plan, error) {
	if err := d.settleFailure(d.Environment, &d.Choices); err != nil {
		return target.Plan{}, err
	}
	if d.Project.Hooks != (settings.Hooks{}) {
		d.Report.Warning("hooks: this version doesn't run them")
	}
	plan, err := place.Plan(ctx, wanted, d.Options)
	if err != nil || plan.Nothing() {
		return plan, err
	}
	if err := refuseConflicts(plan, d.Options.Conflicts); err != nil {
		return plan, err
	}
	if left, ok := release.WasLeft(plan.Releases, wanted.Revision.ID, wanted.Names()); ok {
		err := d.Again(fmt.Sprintf("revision %s was rolled back from: release %d left release %d", wanted.Revision.Short(), left.LeftBy, left.Number))
		if err != nil {
			return plan, err
		}
	}
	return plan, d.confirm(plan, fmt.Sprintf("deploy %s at %s to %s", wanted.App, wanted.Revision.Short(), wanted.Environment))
}

// confirm has a plan confirmed, where that is needed.
func (c *Choices) confirm(plan target.Plan, what string) error {
	if c.Confirm == nil || plan.Nothing() {
		return nil
	}
	return c.Confirm(fmt.Sprintf("%s: %d objects change", what, len(plan.Changes)))
}

// settleFailure takes what skycap.yaml says of failures, where the command line says nothing.
func (o *Operator) settleFailure(environment string, choices *Choices) error {
	found, err := o.Project.Environment(environment)
	if err == nil && choices.OnFailure == "" {
		choices.OnFailure = found.OnFailure
	}
	return err
}

// ConflictsError says that somebody else has set fields that a release sets to other values.
type ConflictsError struct {
	Changes []skycap.ObjectChange // with the fields in question only
}

func (e *ConflictsError) Error() string {
	var faults []error
	for _, change := range e.Changes {
		for _, field := range change.Fields {
			faults = append(faults, fmt.Errorf("%s %q: %q has set %s to %s; the release says %s",
				change.Kind, change.Name, field.Owner, field.Path, report.Value(field.Old), report.Value(field.New)))
		}
	}
	return errors.Join(faults...).Error()
}

// refuseConflicts refuses a plan with fields of somebody else's, unless it is
// said what becomes of them.
func refuseConflicts(plan target.Plan, choice target.Conflicts) error {
	if choice != target.Refuse {
		return nil
	}
	refused := &ConflictsError{}
	for _, change := range plan.Changes {
		only := skycap.ObjectChange{Service: change.Service, Action: change.Action, Kind: change.Kind, Name: change.Name}
		for _, field := range change.Fields {
			if field.Conflict {
				only.Fields = append(only.Fields, field)
			}
		}
		if len(only.Fields) > 0 {
			refused.Changes = append(refused.Changes, only)
		}
	}
	if len(refused.Changes) == 0 {
		return nil
	}
	return refused
}
