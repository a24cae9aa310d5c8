package action

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// Doctor examines whether this machine can deploy.
type Doctor struct {
	*Operator
	Fix func(error) string                    // what to type about an error
	SSH func(context.Context) (string, error) // the version of ssh
}

// Run examines this machine, and then an environment or, where it is empty, each
// one. It changes nothing.
func (d *Doctor) Run(ctx context.Context, environment string) (skycap.Diagnosis, error) {
	diagnosis := skycap.Diagnosis{Schema: skycap.DiagnosisSchema, App: d.Project.App}
	environments := []string{environment}
	if environment == "" {
		environments = slices.Sorted(maps.Keys(d.Project.Environments))
	}
	found := make([][]skycap.Check, len(environments)+1)
	work, workCtx := errgroup.WithContext(ctx)
	work.Go(func() error { found[0] = d.machine(workCtx, environments); return nil })
	for i, name := range environments {
		if _, err := d.Project.Environment(name); err != nil {
			return diagnosis, err
		}
		work.Go(func() error { found[i+1] = d.environment(workCtx, name); return nil })
	}
	if err := work.Wait(); err != nil {
		return diagnosis, err
	}
	diagnosis.Checks = slices.Concat(found...)
	return diagnosis, ctx.Err()
}

// machine are the checks of what is on this machine.
func (d *Doctor) machine(ctx context.Context, environments []string) []skycap.Check {
	checks := []skycap.Check{
		{Name: "skycap.yaml", OK: true, Message: fmt.Sprintf("%s has no fault", d.Project.File)},
		d.repository(ctx),
	}
	usesHosts := func(name string) bool {
		environment, known := d.Project.Environments[name]
		return known && len(environment.Hosts) > 0
	}
	if slices.ContainsFunc(environments, usesHosts) {
		version, err := d.SSH(ctx)
		checks = append(checks, d.check("ssh", version, err))
	}
	return checks
}

// check is one that holds unless there is an error.
func (d *Doctor) check(name, message string, err error) skycap.Check {
	if err != nil {
		return skycap.Check{Name: name, Message: err.Error(), Fix: d.Fix(err)}
	}
	return skycap.Check{Name: name, OK: true, Message: message}
}

// repository checks that revisions can be read: the version control system is there,
// and so is a commit.
func (d *Doctor) repository(ctx context.Context) skycap.Check {
	name := "repository"
	repository, err := d.Repository(ctx)
	if err != nil {
		return d.check(name, "", err)
	}
	defer func() { _ = repository.Close() }()
	newest, err := repository.Resolve(ctx, "tip") // of Mercurial
	var unknown *revision.UnknownError
	if errors.As(err, &unknown) {
		newest, err = repository.Resolve(ctx, "HEAD") // of Git
	}
	if err != nil {
		return d.check(name, "", err)
	}
	return d.check(name, "it opens, and has commit "+newest.Short(), nil)
}

// environment are the checks of a place. One that can't be reached at all has one.
func (d *Doctor) environment(ctx context.Context, name string) []skycap.Check {
	operable, err := d.operable(name, nil)
	if err != nil {
		return []skycap.Check{d.about(name, d.check("services", "", err))}
	}
	if len(operable) == 0 {
		return []skycap.Check{d.about(name, skycap.Check{Name: "services", OK: true, Message: "it has none"})}
	}
	var checks []skycap.Check
	err = d.at(ctx, name, func(place target.Target) error {
		checks = place.Examine(ctx, names(operable))
		return nil
	})
	if err != nil {
		checks = append(checks, d.about(name, d.check("connection", "", err)))
	}
	return checks
}

func (d *Doctor) about(environment string, check skycap.Check) skycap.Check {
	check.Environment = environment
	return check
}
