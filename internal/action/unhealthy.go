package action

import (
	"errors"
	"fmt"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// UnhealthyError says that a release was applied, and isn't healthy.
type UnhealthyError struct {
	Release  int
	Services []skycap.ServiceResult // those that are not
	After    time.Duration          // how long it was waited; 0 when waiting was of no use
}

func (e *UnhealthyError) Error() string {
	var faults []error
	for _, service := range e.Services {
		text := fmt.Sprintf("service %q is not healthy", service.Service)
		if e.After > 0 {
			text += fmt.Sprintf(" after %s", e.After)
		}
		if service.Result == skycap.ResultPartial {
			text += ", and only a part of it was changed"
		}
		faults = append(faults, fmt.Errorf("%s: %s", text, service.Cause))
	}
	return errors.Join(faults...).Error()
}

// PartialError says that a release was applied, and that some instances failed:
// no more than were allowed to. It is for people to look at those.
type PartialError struct {
	Release  int
	Services []skycap.ServiceResult // of which some instances failed
}

func (e *PartialError) Error() string {
	var faults []error
	for _, service := range e.Services {
		faults = append(faults, fmt.Errorf("service %q is healthy in part only, as far as max_failures allows: %s", service.Service, service.Cause))
	}
	return errors.Join(faults...).Error()
}

// isUnhealthy reports whether a release was applied, and is known to be broken.
func (c *change) isUnhealthy(err error) bool {
	var unhealthy *UnhealthyError
	var job *target.JobError
	return errors.As(err, &unhealthy) || errors.As(err, &job)
}

// isPartial reports whether an error says that a part was changed, and that this
// is to stay so.
func (c *change) isPartial(err error) bool {
	var tolerated *PartialError
	var among *target.PartialError
	return errors.As(err, &tolerated) || errors.As(err, &among)
}

// isDone reports whether a service has arrived, or has as far as it must.
func isDone(assessment rollout.Assessment) bool {
	return assessment.State == skycap.StateHealthy || assessment.State == skycap.StateStopped || assessment.Tolerated
}

// tolerated is the error of a release of which some instances failed, no more
// than were allowed to; nil without any.
func (c *change) tolerated() error {
	partial := &PartialError{Release: c.result.Release}
	for _, service := range c.release.Services {
		if c.assessments[service.Place()].Tolerated {
			partial.Services = append(partial.Services, c.outcome(service.Place()))
		}
	}
	if len(partial.Services) == 0 {
		return nil
	}
	return partial
}

// isHalf reports whether one kind of target was changed, and a service in another
// was not got to at all.
func (c *change) isHalf() bool {
	got, missed := map[skycap.Target]bool{}, map[skycap.Target]bool{}
	for _, service := range c.release.Services {
		if c.applied[service.Place()] {
			got[service.Target] = true
		} else {
			missed[service.Target] = true
		}
	}
	for kind := range missed {
		if !got[kind] && len(got) > 0 {
			return c.result.Changed
		}
	}
	return false
}

// hasPart reports whether of some service a part was changed, and the rest not.
func (c *change) hasPart() bool {
	for place := range c.assessments {
		if c.outcome(place).Result == skycap.ResultPartial {
			return true
		}
	}
	return false
}

// inTwo reports whether a service of the release runs in two kinds of targets.
func inTwo(r *release.Release, name string) bool { return len(r.Named(name)) > 1 }
