package hosts

import (
	"context"
	"errors"
	"strings"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// Explain gathers what the hosts' steps and units have said: it came with their answers.
func (t *Hosts) Explain(_ context.Context, service release.Service, assessment rollout.Assessment) target.Evidence {
	found := target.Evidence{Facts: assessment.Evidence, Files: map[string][]byte{}}
	g, ok := t.groups[service.Name]
	if !ok || service.Target != skycap.TargetHosts {
		return found
	}
	for _, h := range g.hosts {
		var failed *HostError
		if !errors.As(errors.Join(h.lost, h.outcome.err), &failed) {
			continue
		}
		name := service.Name + "/" + h.address
		if len(failed.Journal) > 0 {
			found.Files[name+"/journal.log"] = []byte(strings.Join(failed.Journal, "\n") + "\n")
		}
		if len(failed.Said) > 0 {
			found.Files[name+"/"+failed.Step+".log"] = []byte(strings.Join(failed.Said, "\n") + "\n")
		}
	}
	return found
}

// Run has nothing to do: jobs are Kubernetes'.
func (t *Hosts) Run(context.Context, target.Plan, int, []release.Service, target.Phase, target.Log) (bool, error) {
	return false, nil
}
