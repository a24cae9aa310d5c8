package hosts

import (
	"context"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// waitPause is the time between two looks at what another command is changing.
const waitPause = 2 * time.Second

// Wait returns how Apply, Restart or Start went: they have waited for each host
// before they went on to the next. What another command changes is looked at until
// it is healthy or broken.
func (t *Hosts) Wait(ctx context.Context, services []release.Service, watch target.Watch) (map[release.Place]rollout.Assessment, error) {
	found := map[release.Place]rollout.Assessment{}
	for {
		settled := true
		for _, service := range services {
			g, ok := t.groups[service.Name]
			if !ok || service.Target != skycap.TargetHosts {
				continue
			}
			assessment, known := t.outcome(g.place())
			if !known {
				assessment = g.judged(ctx)
			}
			if before, told := found[g.place()]; !told || before.State != assessment.State || before.Message != assessment.Message {
				watch(g.place(), "", assessment)
			}
			found[g.place()] = assessment
			settled = settled && (known || assessment.State != skycap.StateProgressing)
		}
		if settled {
			return found, ctx.Err()
		}
		select {
		case <-ctx.Done():
			return found, ctx.Err()
		case <-time.After(waitPause):
		}
	}
}

func (t *Hosts) outcome(place release.Place) (rollout.Assessment, bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	found, ok := t.outcomes[place]
	return found, ok
}

// judged looks at the hosts, and takes what it sees for how the service is. While
// somebody has the lock, what isn't healthy may be on its way.
func (g *group) judged(ctx context.Context) rollout.Assessment {
	status := g.status(ctx)
	assessment := rollout.Assessment{State: status.State, Message: status.Message}
	if status.State != skycap.StateDegraded {
		return assessment
	}
	for _, h := range g.taking() {
		if h.facts != nil && h.facts.held {
			assessment.State = skycap.StateProgressing
			return assessment
		}
	}
	assessment.Grade, assessment.Cause = skycap.GradeFatal, status.Message
	return assessment
}
