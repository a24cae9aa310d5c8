package action

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// Rollback puts back what ran before. It needs the target, and nothing else.
type Rollback struct {
	*Operator
	Choices
	Environment string
	Services    []string // those that the last release changed when empty
	To          int      // the release after which it ran; 0 for the last good one
}

// Run finds the release to go back to, checks, applies and waits, as Deploy does.
func (r *Rollback) Run(ctx context.Context) (skycap.Result, error) {
	result := skycap.Result{App: r.Project.App, Environment: r.Environment, Services: []skycap.ServiceResult{}}
	r.Report.Start(fmt.Sprintf("roll back %s in %s", r.Project.App, r.Environment))
	r.OnFailure = "hold" // what doesn't heal by going back is for people
	err := r.at(ctx, r.Environment, func(place target.Target) error {
		services, err := r.chosen(ctx, place)
		if err != nil {
			return err
		}
		return r.locked(ctx, place, services, r.claim(r.LockWait, true), func(ctx context.Context, lock target.Lock) error {
			return r.run(ctx, place, lock, services, &result)
		})
	})
	return result, err
}

// chosen are the services to go back with.
func (r *Rollback) chosen(ctx context.Context, place target.Target) ([]string, error) {
	services, err := r.operable(r.Environment, r.Services)
	if err != nil || len(r.Services) > 0 {
		return names(services), err
	}
	releases, err := place.Releases(ctx)
	if err != nil {
		return nil, err
	}
	if len(releases) == 0 {
		return nil, &NoReleaseError{Environment: r.Environment}
	}
	return slices.Clone(releases[0].Services), nil
}

// NoReleaseError says that nothing was ever deployed.
type NoReleaseError struct{ Environment string }

func (e *NoReleaseError) Error() string {
	return fmt.Sprintf("environment %q has no release yet", e.Environment)
}

func (r *Rollback) run(ctx context.Context, place target.Target, lock target.Lock, services []string, result *skycap.Result) error {
	r.Report.Phase("check", "finding what ran before, and checking it with the target")
	releases, err := place.Releases(ctx)
	if err != nil {
		return err
	}
	former, err := r.former(ctx, place, releases, r.Environment, services, r.To)
	if err != nil {
		return err
	}
	result.Revision = former.Revision.ID
	plan, err := place.Plan(ctx, former, r.Options)
	if err != nil {
		return err
	}
	if err := refuseConflicts(plan, r.Options.Conflicts); err != nil {
		return err
	}
	if err := r.confirm(plan, fmt.Sprintf("roll back %s in %s to release %d", former.App, former.Environment, former.Of)); err != nil {
		return err
	}
	c := &change{
		Operator: r.Operator, Choices: r.Choices, release: former, target: place, lock: lock, plan: plan,
		leaves: leaves(releases, plan, services), result: result,
	}
	return c.carryOut(ctx)
}

// leaves are the releases that a rollback leaves: one that was cut off leaves
// what was there before it.
func leaves(releases []skycap.Release, plan target.Plan, services []string) []int {
	if plan.Nothing() {
		return nil
	}
	if plan.Resumes {
		releases = slices.DeleteFunc(slices.Clone(releases), func(r skycap.Release) bool { return r.Number >= plan.Recorded })
	}
	return release.Left(releases, services)
}

// former makes a release of what the services' records hold.
func (o *Operator) former(
	ctx context.Context, place target.Target, releases []skycap.Release, environment string, services []string, to int,
) (*release.Release, error) {
	back, err := release.Back(releases, environment, services, to)
	if err != nil {
		return nil, err
	}
	made := &release.Release{
		App: o.Project.App, Environment: environment, Kind: release.Rollback, Time: o.Now(), Who: o.Who, Job: o.Job,
		OperatorFile: o.Project.Hash,
	}
	for _, service := range slices.Sorted(slices.Values(services)) {
		recorded, err := place.Recorded(ctx, back[service])
		if err != nil {
			return nil, err
		}
		found := recorded.Named(service)
		if len(found) == 0 {
			return nil, fmt.Errorf("the record of release %d lacks service %q", back[service], service)
		}
		if err := o.checkPlaces(environment, back[service], found); err != nil {
			return nil, err
		}
		for _, place := range found {
			place.Revision = cmp.Or(place.Revision, recorded.Revision.ID)
			made.Services = append(made.Services, place)
		}
		if back[service] >= made.Of {
			made.Of, made.Revision, made.RevisionFile = back[service], recorded.Revision, recorded.RevisionFile
		}
	}
	for i := range made.Services {
		if made.Services[i].Revision == made.Revision.ID {
			made.Services[i].Revision = ""
		}
	}
	return made, nil
}

// MovedError says that a service ran in other kinds of targets than it does now:
// to put a former release back would leave the present one running there.
type MovedError struct {
	Service, Environment string
	Release              int
	Was, Is              []skycap.Target
}

func (e *MovedError) Error() string {
	return fmt.Sprintf("release %d of service %q in environment %q was for target %q, and skycap.yaml says %q now",
		e.Release, e.Service, e.Environment, placement(e.Was), placement(e.Is))
}

// checkPlaces refuses what a record has of a service that runs elsewhere now. One
// that skycap.yaml doesn't have any more runs where it ran.
func (o *Operator) checkPlaces(environment string, number int, recorded []release.Service) error {
	present, err := o.operable(environment, []string{recorded[0].Name})
	if err != nil {
		return nil //nolint:nilerr // see above
	}
	moved := &MovedError{Service: recorded[0].Name, Environment: environment, Release: number, Was: kindsOf(recorded), Is: kindsOf(present)}
	if slices.Equal(moved.Was, moved.Is) {
		return nil
	}
	return moved
}

// placement is how skycap.yaml spells where a service runs.
func placement(kinds []skycap.Target) settings.Target {
	if len(kinds) == 1 {
		return settings.Target(kinds[0])
	}
	return settings.TargetBoth
}

func kindsOf(places []release.Service) []skycap.Target {
	kinds := make([]skycap.Target, len(places))
	for i, place := range places {
		kinds[i] = place.Target
	}
	slices.Sort(kinds)
	return kinds
}
