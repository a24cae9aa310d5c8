package target

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/skycap/skycap/pkg/skycap"
)

// Status asks all parts that have the services. Both places of one follow each other.
func (g *Group) Status(ctx context.Context, services []string) ([]skycap.ServiceStatus, error) {
	shares := g.byName(services)
	found := make([][]skycap.ServiceStatus, len(shares))
	err := atOnce(shares, func(i int, s share) (err error) {
		found[i], err = s.Target.Status(ctx, s.names)
		return err
	})
	all := slices.Concat(found...)
	slices.SortStableFunc(all, func(a, b skycap.ServiceStatus) int { return cmp.Compare(a.Service, b.Service) })
	return all, err
}

// Restart restarts services in one part after the other. It returns a
// *PartialError where one fails after another was changed, as Stop and Start do.
func (g *Group) Restart(ctx context.Context, services []string, watch Watch) error {
	return inOrder(g.byName(services), func(s share) error { return s.Target.Restart(ctx, s.names, watch) })
}

// Stop stops services in one part after the other.
func (g *Group) Stop(ctx context.Context, services []string) error {
	return inOrder(g.byName(services), func(s share) error { return s.Target.Stop(ctx, s.names) })
}

// Start starts services in one part after the other.
func (g *Group) Start(ctx context.Context, services []string, watch Watch) error {
	return inOrder(g.byName(services), func(s share) error { return s.Target.Start(ctx, s.names, watch) })
}

// Logs merges what all parts have. Where one fails all end.
func (g *Group) Logs(ctx context.Context, services []string, options LogOptions, log Log) error {
	work, ctx := errgroup.WithContext(ctx)
	for _, s := range g.byName(services) {
		work.Go(func() error { return s.Target.Logs(ctx, s.names, options, log) })
	}
	return work.Wait()
}

// Exec runs a command in the part that has the instance, in all parts, or else in
// the first that has the service.
func (g *Group) Exec(ctx context.Context, service string, command Execution) (status int, err error) {
	shares := g.byName([]string{service})
	if command.Instance != "" {
		shares = g.havingInstance(ctx, shares, command.Instance)
	}
	if !command.All {
		return shares[0].Target.Exec(ctx, service, command)
	}
	for _, s := range shares {
		ended, err := s.Target.Exec(ctx, service, command)
		if err != nil {
			return ended, err
		}
		if status == 0 {
			status = ended
		}
	}
	return status, nil
}

// havingInstance is the part that has an instance of a service. Where none is
// known to have it, that is left to the first to say.
func (g *Group) havingInstance(ctx context.Context, shares []share, instance string) []share {
	for _, s := range shares {
		statuses, err := s.Target.Status(ctx, s.names)
		if err != nil {
			continue
		}
		for _, status := range statuses {
			if slices.ContainsFunc(status.Instances, func(i skycap.Instance) bool { return i.Name == instance }) {
				return []share{s}
			}
		}
	}
	return shares
}

// Examine has all parts that have the services examined.
func (g *Group) Examine(ctx context.Context, services []string) []skycap.Check {
	shares := g.byName(services)
	found := make([][]skycap.Check, len(shares))
	_ = atOnce(shares, func(i int, s share) error {
		found[i] = s.Target.Examine(ctx, s.names)
		return nil
	})
	return slices.Concat(found...)
}
