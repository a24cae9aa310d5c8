package hosts

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// Restart restarts what is there, batch by batch. A host that is stopped stays so.
func (t *Hosts) Restart(ctx context.Context, services []string, watch target.Watch) error {
	return t.operate(ctx, services, watch, func(g *group, h *host) (string, bool) {
		return g.Service.Restart, !h.facts.stopped()
	})
}

// Start starts what was stopped, batch by batch.
func (t *Hosts) Start(ctx context.Context, services []string, watch target.Watch) error {
	return t.operate(ctx, services, watch, func(_ *group, h *host) (string, bool) {
		return "start", h.facts.unit["ActiveState"] != "active"
	})
}

// operate restarts or starts hosts. How says by what, and whether at all.
func (t *Hosts) operate(ctx context.Context, services []string, watch target.Watch, how func(*group, *host) (line string, wanted bool)) error {
	groups := t.chosen(services)
	if err := t.deployed(ctx, groups); err != nil {
		return err
	}
	return t.inGroups(placed(groups), func(g *group, _ release.Service) error {
		lines := map[*host]string{}
		due := slices.DeleteFunc(g.taking(), func(h *host) bool {
			line, wanted := how(g, h)
			lines[h] = line
			return !wanted
		})
		_, err := g.roll(ctx, due, watch, func(h *host) outcome { return h.operate(ctx, lines[h]) })
		return err
	})
}

func (h *host) operate(ctx context.Context, line string) outcome {
	hosting := h.group.Service
	step := h.step("restart", hosting, script("restart", "operate"), line, seconds(hosting.CheckTimeout))
	step.Timeout = commandTime + hosting.CheckTimeout
	found, err := h.run(ctx, step)
	return outcome{changed: found.did("restarted"), err: err}
}

// Stop stops the units on all hosts at once.
func (t *Hosts) Stop(ctx context.Context, services []string) error {
	groups := t.chosen(services)
	var faults []error
	for _, g := range groups {
		if g.Service.Unit == "" {
			faults = append(faults, &UnitError{Service: g.service})
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	if err := t.deployed(ctx, groups); err != nil {
		return err
	}
	return t.inGroups(placed(groups), func(g *group, _ release.Service) error {
		return joined(each(g.taking(), func(h *host) error {
			_, err := h.run(ctx, h.step("stop", g.Service, script("stop")))
			h.facts = nil
			return err
		}))
	})
}

// UnitError says that a service has no systemd unit, so it can't be stopped or started.
type UnitError struct{ Service string }

func (e *UnitError) Error() string {
	return "service " + strconv.Quote(e.Service) + " has no unit on its hosts, so skycap can't stop or start it, nor show its logs"
}

// deployed makes sure that the services are there to be operated on.
func (t *Hosts) deployed(ctx context.Context, groups []*group) error {
	if err := t.reach(ctx, groups); err != nil {
		return err
	}
	var faults []error
	for _, g := range groups {
		if !slices.ContainsFunc(g.taking(), func(h *host) bool { return h.facts.current != "" }) {
			faults = append(faults, &NotDeployedError{Service: g.service, Environment: t.Environment})
		}
	}
	return errors.Join(faults...)
}

// placed are the groups' services, as inGroups takes them.
func placed(groups []*group) []release.Service {
	var services []release.Service
	for _, g := range groups {
		services = append(services, release.Service{Name: g.service, Target: skycap.TargetHosts})
	}
	return services
}
