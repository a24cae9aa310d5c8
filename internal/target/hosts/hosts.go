// Package hosts is the kind of target that is groups of hosts, one for each
// service, in Capistrano's layout. All that it does on a host goes through one
// session of ssh, as few steps as can be: each costs a round trip.
package hosts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/ssh"
	"github.com/skycap/skycap/pkg/skycap"
)

// Options are what Open needs.
type Options struct {
	Client           *ssh.Client
	App, Environment string
	Groups           map[string]Group // by service
	Warn             func(text string)
	Now              func() time.Time
}

// Group is the hosts of a service.
type Group struct {
	Addresses   []string
	User        string                // empty: as ssh has it
	Sizes       func(hosts int) []int // of the batches
	MaxFailures int                   // how many hosts may fail before the others are left as they are
	Service     release.Hosting       // as the operator's skycap.yaml has it
}

// Hosts are an app's hosts in an environment. It implements target.Target.
type Hosts struct {
	Options
	groups map[string]*group

	release *release.Release // that was begun
	number  int
	resumed bool // whether it was cut off before

	mutex    sync.Mutex
	outcomes map[release.Place]rollout.Assessment // of what Apply, Restart and Start did
}

// Open makes a target of hosts. They are reached for when they are needed.
func Open(options Options) *Hosts {
	t := &Hosts{Options: options, groups: map[string]*group{}, outcomes: map[release.Place]rollout.Assessment{}}
	for service, of := range options.Groups {
		g := &group{Group: of, target: t, service: service}
		for _, address := range of.Addresses {
			g.hosts = append(g.hosts, &host{group: g, address: address})
		}
		t.groups[service] = g
	}
	return t
}

// Approach begins to connect to the hosts of services, or to all when there are
// none: until the first step is known, that much is done already.
func (t *Hosts) Approach(ctx context.Context, services []string) {
	if len(services) == 0 {
		services = t.all()
	}
	for _, h := range t.hosts(services) {
		h.open(ctx)
	}
}

// Close ends the sessions, and with them the locks.
func (t *Hosts) Close() error {
	errs := each(t.hosts(t.all()), func(h *host) error { return h.close() })
	return errors.Join(append(errs, t.Client.Close())...)
}

// group is the hosts of one service.
type group struct {
	Group
	target  *Hosts
	service string
	hosts   []*host
}

func (g *group) place() release.Place {
	return release.Place{Service: g.service, Target: skycap.TargetHosts}
}

// taking are the hosts that take part: those that are not lost.
func (g *group) taking() []*host {
	return slices.DeleteFunc(slices.Clone(g.hosts), func(h *host) bool { return h.lost != nil })
}

// lost are the hosts that take no part.
func (g *group) lost() []*host {
	return slices.DeleteFunc(slices.Clone(g.hosts), func(h *host) bool { return h.lost == nil })
}

// lose takes hosts out that have a fault, as long as that many may fail. Else it
// returns all the faults. A host key that isn't the known one is never let pass, nor
// is an interruption.
func (g *group) lose(hosts []*host, faults []error) error {
	failed := len(g.lost())
	for i := range hosts {
		if faults[i] != nil {
			failed++
		}
	}
	all, key := errors.Join(faults...), (*ssh.HostKeyError)(nil)
	if failed > g.MaxFailures || errors.As(all, &key) || errors.Is(all, context.Canceled) {
		return joined(faults)
	}
	for i, h := range hosts {
		if faults[i] != nil {
			h.lost = faults[i]
			g.target.warn(fmt.Sprintf("%v; %d hosts of service %q may fail, so it goes on without it", faults[i], g.MaxFailures, g.service))
		}
	}
	return nil
}

func (t *Hosts) all() []string { return slices.Sorted(maps.Keys(t.groups)) }

// chosen are the groups of services, in the order of their names. Services that
// have none here are left out.
func (t *Hosts) chosen(services []string) []*group {
	var found []*group
	for _, service := range slices.Compact(slices.Sorted(slices.Values(services))) {
		if g, ok := t.groups[service]; ok {
			found = append(found, g)
		}
	}
	return found
}

func (t *Hosts) hosts(services []string) []*host {
	var found []*host
	for _, g := range t.chosen(services) {
		found = append(found, g.hosts...)
	}
	return found
}

func (t *Hosts) warn(text string) {
	if t.Warn != nil {
		t.Warn(text)
	}
}

// each does work for all hosts at once. Errors are in the order of the hosts.
func each(hosts []*host, work func(*host) error) []error {
	errs := make([]error, len(hosts))
	var group sync.WaitGroup
	for i, h := range hosts {
		group.Go(func() { errs[i] = work(h) })
	}
	group.Wait()
	return errs
}

// joined is one error of those of many hosts; host keys are told of together.
func joined(errs []error) error { return ssh.Join(errs...) }

// reach reads the facts of hosts that have none, and takes out those that can't be
// reached, as long as that many may fail.
func (t *Hosts) reach(ctx context.Context, groups []*group) error {
	var faults []error
	for _, g := range groups {
		taking := g.taking()
		errs := each(taking, func(h *host) error { return h.look(ctx, false) })
		faults = append(faults, g.lose(taking, errs))
	}
	return joined(faults)
}
