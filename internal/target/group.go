package target

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/pkg/skycap"
)

// Part is one target of a Group.
type Part struct {
	Target   Target
	Kind     skycap.Target
	Services []string // the names of those that it has
}

// Group is many targets at once, in a fixed order. The first is the ledger: its
// records hold whole releases, and its numbers are those of all.
type Group struct {
	parts []Part
	grace time.Duration // how long others may take once one is known to be broken
}

// brokenGrace is the grace of a Group.
const brokenGrace = 5 * time.Second

// Join makes one target of several; the first is the ledger. One alone stays itself.
func Join(parts ...Part) Target {
	if len(parts) == 1 {
		return parts[0].Target
	}
	return &Group{parts: parts, grace: brokenGrace}
}

// Approach begins to reach for what services run on.
func (g *Group) Approach(ctx context.Context, services []string) {
	for _, part := range g.parts {
		Approach(ctx, part.Target, services)
	}
}

// share is a part with those of some services that it has.
type share struct {
	Part
	at       int // in the group
	names    []string
	services []release.Service
}

// byName shares out services by their names. A name that no part knows is the
// ledger's: a revision may have a service that skycap.yaml here has not.
func (g *Group) byName(names []string) []share {
	var shares []share
	for i, part := range g.parts {
		has := func(name string) bool {
			return slices.Contains(part.Services, name) || i == 0 && !g.knows(name)
		}
		own := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !has(name) })
		if len(own) > 0 {
			shares = append(shares, share{Part: part, at: i, names: own})
		}
	}
	return shares
}

func (g *Group) knows(name string) bool {
	return slices.ContainsFunc(g.parts, func(part Part) bool { return slices.Contains(part.Services, name) })
}

// byPlace shares out services by where they run.
func (g *Group) byPlace(services []release.Service) []share {
	var shares []share
	for i, part := range g.parts {
		own := slices.DeleteFunc(slices.Clone(services), func(s release.Service) bool { return s.Target != part.Kind })
		if len(own) > 0 {
			shares = append(shares, share{Part: part, at: i, services: own})
		}
	}
	return shares
}

// concerned are the ledger, and the parts that have services of a release.
func (g *Group) concerned(services []release.Service) []share {
	shares := g.byPlace(services)
	if len(shares) == 0 || shares[0].at != 0 {
		shares = slices.Insert(shares, 0, share{Part: g.parts[0]})
	}
	return shares
}

// whole are all parts.
func (g *Group) whole() []share {
	shares := make([]share, len(g.parts))
	for i, part := range g.parts {
		shares[i] = share{Part: part, at: i, names: part.Services}
	}
	return shares
}

// atOnce does something in several parts at the same time, and joins the errors.
func atOnce(shares []share, do func(i int, s share) error) error {
	faults := make([]error, len(shares))
	var work sync.WaitGroup
	for i, s := range shares {
		work.Go(func() { faults[i] = do(i, s) })
	}
	work.Wait()
	return errors.Join(faults...)
}

// inOrder does something in one part after the other, and stops where one fails.
func inOrder(shares []share, do func(share) error) error {
	var changed []skycap.Target
	for _, s := range shares {
		if err := do(s); err != nil {
			if len(changed) > 0 {
				err = &PartialError{Changed: changed, Failed: s.Kind, Err: err}
			}
			return err
		}
		changed = append(changed, s.Kind)
	}
	return nil
}

// Explain asks the part that has the service.
func (g *Group) Explain(ctx context.Context, service release.Service, assessment rollout.Assessment) Evidence {
	for _, s := range g.byPlace([]release.Service{service}) {
		return s.Target.Explain(ctx, service, assessment)
	}
	return Evidence{}
}

// Close closes all parts.
func (g *Group) Close() error {
	return atOnce(g.whole(), func(_ int, s share) error { return s.Target.Close() })
}
