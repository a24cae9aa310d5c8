package target

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
)

// Stage stages in all parts at the same time: it harms nothing.
func (g *Group) Stage(ctx context.Context, plan Plan, services []release.Service, log Log) error {
	return atOnce(g.byPlace(services), func(_ int, s share) error {
		return s.Target.Stage(ctx, plan.parts[s.at], s.services, log)
	})
}

// Apply changes one part after the other. Where one fails the next isn't begun.
func (g *Group) Apply(ctx context.Context, plan Plan, services []release.Service, watch Watch) (changed bool, err error) {
	for _, s := range g.byPlace(services) {
		did, err := s.Target.Apply(ctx, plan.parts[s.at], s.services, watch)
		if changed = changed || did; err != nil {
			return changed, err
		}
	}
	return changed, nil
}

// Run runs the jobs of one part after the other.
func (g *Group) Run(
	ctx context.Context, plan Plan, number int, services []release.Service, phase Phase, log Log,
) (changed bool, err error) {
	for _, s := range g.byPlace(services) {
		did, err := s.Target.Run(ctx, plan.parts[s.at], number, s.services, phase, log)
		if changed = changed || did; err != nil {
			return changed, err
		}
	}
	return changed, nil
}

// waited is how the waiting of one part ended.
type waited struct {
	assessments map[release.Place]rollout.Assessment
	err         error
}

// isLost reports whether waiting for the other parts is of little use.
func (w waited) isLost() bool {
	for _, assessment := range w.assessments {
		if assessment.Broken() {
			return true
		}
	}
	return w.err != nil
}

// Wait waits for all parts. Once one is known to be broken the others get a short grace.
func (g *Group) Wait(ctx context.Context, services []release.Service, watch Watch) (map[release.Place]rollout.Assessment, error) {
	shares := g.byPlace(services)
	waiting, giveUp := context.WithCancel(ctx)
	defer giveUp()
	ended := make(chan waited, len(shares))
	for _, s := range shares {
		go func() {
			assessments, err := s.Target.Wait(waiting, s.services, watch)
			ended <- waited{assessments, err}
		}()
	}
	all := map[release.Place]rollout.Assessment{}
	var faults []error
	var grace <-chan time.Time
	for left := len(shares); left > 0; {
		select {
		case <-grace:
			giveUp()
		case one := <-ended:
			left--
			maps.Copy(all, one.assessments)
			if isGivenUp := waiting.Err() != nil && ctx.Err() == nil; !isGivenUp || !errors.Is(one.err, context.Canceled) {
				faults = append(faults, one.err)
			}
			if grace == nil && one.isLost() {
				grace = time.After(g.grace)
			}
		}
	}
	return all, errors.Join(faults...)
}
