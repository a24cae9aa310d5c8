package hosts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/ssh"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// outcome is how publishing or restarting went on a host.
type outcome struct {
	reached bool // it was this host's turn
	changed bool // something of it is another than before, or may be
	stopped bool // it stays stopped
	err     error
}

// Apply publishes the services' release folders, batch by batch: the next only
// while no more hosts have failed than may. Where there is nothing to do, no release was begun.
func (t *Hosts) Apply(ctx context.Context, plan target.Plan, services []release.Service, watch target.Watch) (bool, error) {
	if t.release == nil && !plan.Nothing() {
		return false, errNotBegun
	}
	var changed atomic.Bool
	faults := t.inGroups(services, func(g *group, service release.Service) error {
		due := slices.DeleteFunc(g.taking(), func(h *host) bool { return !h.todo.publish })
		did, err := g.roll(ctx, due, watch, func(h *host) outcome { return h.publish(ctx, service) })
		if did {
			changed.Store(true)
		}
		return err
	})
	return changed.Load(), faults
}

// inGroups does work for the services that run on hosts, at once.
func (t *Hosts) inGroups(services []release.Service, work func(*group, release.Service) error) error {
	errs := make(chan error)
	count := 0
	for _, service := range services {
		if g, ok := t.groups[service.Name]; ok && service.Target == skycap.TargetHosts {
			count++
			go func() { errs <- work(g, service) }()
		}
	}
	var faults []error
	for range count {
		faults = append(faults, <-errs)
	}
	return joined(faults)
}

// roll does work on hosts, batch by batch, and keeps how that went for Wait. It
// returns an error only where nothing was changed, or where it was interrupted.
func (g *group) roll(ctx context.Context, due []*host, watch target.Watch, work func(*host) outcome) (changed bool, err error) {
	for _, h := range g.hosts {
		h.outcome = outcome{}
	}
	for _, batch := range batches(due, g.Sizes(len(due))) {
		each(batch, func(h *host) error {
			watch(g.place(), h.address, rollout.Assessment{State: skycap.StateProgressing, Message: "being changed"})
			h.outcome = work(h)
			h.outcome.reached, h.facts = true, nil
			watch(g.place(), h.address, h.outcome.assessment())
			return nil
		})
		if ctx.Err() != nil || g.failures() > g.MaxFailures {
			break
		}
	}
	assessment := g.assess(due)
	g.target.keep(g.place(), assessment)
	changed = slices.ContainsFunc(due, func(h *host) bool { return h.outcome.changed })
	if err := ctx.Err(); err != nil {
		return changed, err
	}
	if !changed && g.failures() > 0 {
		return false, joined(g.errors())
	}
	return changed, nil
}

func batches(hosts []*host, sizes []int) [][]*host {
	var found [][]*host
	for _, size := range sizes {
		found, hosts = append(found, hosts[:size]), hosts[size:]
	}
	return found
}

// errors are those of hosts that failed, and of those that were lost before.
func (g *group) errors() []error {
	var errs []error
	for _, h := range g.hosts {
		if err := errors.Join(h.lost, h.outcome.err); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

func (g *group) failures() int { return len(g.errors()) }

func (o outcome) assessment() rollout.Assessment {
	switch {
	case o.err != nil:
		return rollout.Assessment{State: skycap.StateDegraded, Grade: skycap.GradeFatal, Message: o.err.Error(), Cause: o.err.Error()}
	case o.stopped:
		return rollout.Assessment{State: skycap.StateStopped, Message: "stopped, as it was before"}
	}
	return rollout.Assessment{State: skycap.StateHealthy}
}

// assess is how it stands with the service once its hosts were changed.
func (g *group) assess(due []*host) rollout.Assessment {
	failed, untouched, stopped := g.errors(), 0, 0
	for _, h := range due {
		if !h.outcome.reached {
			untouched++
		}
		if h.outcome.stopped {
			stopped++
		}
	}
	switch {
	case len(failed) == 0 && untouched == 0 && stopped == len(g.hosts):
		return rollout.Assessment{State: skycap.StateStopped, Message: "stopped, as it was before"}
	case len(failed) == 0 && untouched == 0:
		return rollout.Assessment{State: skycap.StateHealthy, Message: fmt.Sprintf("%d of %d hosts are healthy", len(g.hosts)-stopped, len(g.hosts))}
	case len(failed) == 0:
		return rollout.Assessment{State: skycap.StateProgressing, Message: fmt.Sprintf("%d hosts were not got to", untouched), Partial: true}
	}
	found := rollout.Assessment{State: skycap.StateDegraded, Grade: skycap.GradeFatal, Partial: untouched > 0 || len(g.lost()) > 0}
	found.Cause = failed[0].Error()
	if more := len(failed) - 1; more > 0 {
		found.Cause += fmt.Sprintf(" (and %d more hosts)", more)
	}
	for _, err := range failed {
		found.Evidence = append(found.Evidence, evidence(err)...)
	}
	found.Message = fmt.Sprintf("%d of %d hosts failed", len(failed), len(g.hosts))
	if untouched > 0 {
		found.Message += fmt.Sprintf(", %d were left as they are", untouched)
	}
	if len(failed) <= g.MaxFailures {
		found.Grade, found.Partial, found.Tolerated = skycap.GradeTransient, true, true
	}
	return found
}

// evidence is an error, and the last that the host's unit wrote.
func evidence(err error) []string {
	facts := []string{err.Error()}
	var failed *HostError
	if errors.As(err, &failed) {
		for _, line := range failed.Journal[max(0, len(failed.Journal)-3):] {
			facts = append(facts, fmt.Sprintf("host %q wrote: %s", failed.Host, line))
		}
	}
	return facts
}

func (t *Hosts) keep(place release.Place, assessment rollout.Assessment) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.outcomes[place] = assessment
}

// publish makes the folder current, restarts what runs from it, and waits until it is healthy.
func (h *host) publish(ctx context.Context, service release.Service) outcome {
	f := service.Folder
	installs, restart := "", f.Service.Restart
	if h.todo.installs {
		installs = "yes"
	}
	if h.todo.stays {
		restart = "stay"
	}
	leaves := ""
	if h.group.target.release.Kind == release.Rollback && h.todo.left != h.todo.name {
		leaves = h.todo.left
	}
	step := h.step("publish", f.Service, script("restart", "publish"),
		h.todo.name, h.sentence(service), restart, seconds(f.Service.CheckTimeout),
		f.Service.BeforePublish, f.Service.AfterPublish, installs, leaves)
	step.Timeout = commandTime + f.Service.CheckTimeout
	step.Env = append(step.Env, h.about(service, h.todo.name)...)
	if installs != "" {
		step.Input = f.UnitFile
	}
	found, err := h.run(ctx, step)
	var unknown *ssh.UnknownError
	if errors.As(err, &unknown) {
		return outcome{changed: true, err: h.lookAgain(ctx, err)}
	}
	var failed *HostError
	changed := found.did("published") || !errors.As(err, &failed) && found.did("publishing") // it was stopped in between
	return outcome{changed: changed, stopped: found.did("stopped"), err: err}
}

// sentence is what Capistrano writes to revisions.log.
func (h *host) sentence(service release.Service) string {
	r := h.group.target.release
	user, _, _ := strings.Cut(r.Who, "@")
	if r.Kind == release.Rollback {
		return fmt.Sprintf("%s rolled back to release %s", user, h.todo.name)
	}
	branch := strings.Map(func(c rune) rune {
		if c < ' ' {
			return ' '
		}
		return c
	}, service.Folder.Branch)
	return fmt.Sprintf("Branch %s (at %s) deployed as release %s by %s", branch, h.group.target.revisionOf(service), h.todo.name, user)
}

// lookAgain finds out what a step did whose connection was lost.
func (h *host) lookAgain(ctx context.Context, lost error) error {
	_ = h.close() // it is gone already
	h.session, h.facts, h.locked = nil, nil, false
	if err := h.look(ctx, false); err != nil {
		return fmt.Errorf("%w; and it can't be reached again: %w", lost, err)
	}
	return fmt.Errorf("%w; current is releases/%s now", lost, h.facts.running())
}
