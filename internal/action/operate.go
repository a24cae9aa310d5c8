package action

import (
	"context"
	"errors"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// at runs work with an environment's target.
func (o *Operator) at(ctx context.Context, environment string, work func(target.Target) error) error {
	settings, err := o.Project.Environment(environment)
	if err != nil {
		return err
	}
	place, err := o.Target(ctx, settings)
	if err != nil {
		return err
	}
	return errors.Join(work(place), place.Close())
}

// Status reads how services are, in one environment or, when it is empty, in
// all that have a place.
func (o *Operator) Status(ctx context.Context, environment string, services []string) (skycap.Status, error) {
	status := skycap.Status{Schema: skycap.StatusSchema, App: o.Project.App, Services: []skycap.ServiceStatus{}}
	environments := []string{environment}
	if environment == "" {
		environments = slices.Sorted(maps.Keys(o.Project.Environments))
	}
	found := make([][]skycap.ServiceStatus, len(environments))
	work, ctx := errgroup.WithContext(ctx)
	for i, name := range environments {
		operable, err := o.operable(name, services)
		if err != nil {
			return status, err
		}
		if len(operable) == 0 {
			continue
		}
		work.Go(func() error {
			return o.at(ctx, name, func(place target.Target) (err error) {
				found[i], err = place.Status(ctx, names(operable))
				return err
			})
		})
	}
	err := work.Wait()
	status.Services = append(status.Services, slices.Concat(found...)...)
	return status, err
}

// History reads the releases of an environment, those of the named services
// only if any are named.
func (o *Operator) History(ctx context.Context, environment string, services []string) (skycap.History, error) {
	history := skycap.History{Schema: skycap.HistorySchema, App: o.Project.App, Environment: environment, Releases: []skycap.Release{}}
	if _, err := o.Project.ServicesIn(environment, services); err != nil {
		return history, err
	}
	err := o.at(ctx, environment, func(place target.Target) error {
		releases, err := place.Releases(ctx)
		if err == nil {
			err = markUnderWay(ctx, place, releases)
		}
		for _, found := range releases {
			isNamed := func(service string) bool { return slices.Contains(found.Services, service) }
			if len(services) == 0 || slices.ContainsFunc(services, isNamed) {
				history.Releases = append(history.Releases, found)
			}
		}
		return err
	})
	return history, err
}

// markUnderWay tells releases that are under way from those that were cut off:
// the locks of the former are held, since before they began.
func markUnderWay(ctx context.Context, place target.Target, releases []skycap.Release) error {
	if !slices.ContainsFunc(releases, release.Unfinished) {
		return nil
	}
	holders, err := place.Holders(ctx)
	if err != nil {
		return err
	}
	for i, found := range releases {
		isHeld := func(service string) bool {
			holder, held := holders[service]
			return held && (!holder.Since.After(found.Time) || !holder.Since.After(found.Resumed))
		}
		releases[i].UnderWay = release.Unfinished(found) && slices.ContainsFunc(found.Services, isHeld)
	}
	return nil
}
