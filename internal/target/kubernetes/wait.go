package kubernetes

import (
	"context"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// Wait follows the services' objects through the proxy.
func (n *Namespace) Wait(ctx context.Context, services []release.Service, watch target.Watch) (map[string]rollout.Assessment, error) {
	following, stop := context.WithCancel(ctx)
	current, changed, ended := &state{}, make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- n.follow(following, current, changed)
		close(ended)
	}()
	defer func() {
		stop()
		for range ended { // until it is closed
		}
	}()

	assessments := map[string]rollout.Assessment{}
	for {
		select {
		case err := <-ended:
			return assessments, err
		case <-changed:
		}
		if !current.complete() {
			continue
		}
		settled, err := assess(current, services, assessments, watch)
		if err != nil || settled {
			return assessments, err
		}
	}
}

// assess brings the assessments up to date, and reports whether there is
// nothing left to wait for.
func assess(current *state, services []release.Service, assessments map[string]rollout.Assessment, watch target.Watch) (bool, error) {
	settled := true
	for _, service := range services {
		objects, err := current.service(service.Name)
		if err != nil {
			return false, err
		}
		assessment := rollout.Assess(objects, time.Now())
		if assessment.State == skycap.StateAbsent && !hasWorkload(service) {
			assessment = rollout.Assessment{State: skycap.StateHealthy} // nothing that could be otherwise
		}
		before, known := assessments[service.Name]
		assessments[service.Name] = assessment
		if !known || before.State != assessment.State || before.Message != assessment.Message {
			watch(service.Name, assessment)
		}
		done := assessment.State == skycap.StateHealthy || assessment.State == skycap.StateStopped || assessment.Broken()
		settled = settled && done
	}
	return settled, nil
}

// hasWorkload reports whether a service has an object that Assess knows.
func hasWorkload(service release.Service) bool {
	for _, object := range service.Objects {
		switch object.GetKind() {
		case "Deployment", "StatefulSet", "DaemonSet", "Job", "Pod":
			return true
		}
	}
	return false
}
