package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/target"
)

// Apply applies the services' objects in one kubectl call. Objects that the
// plan found as wanted already are left out: where there are none, nothing runs.
func (n *Namespace) Apply(ctx context.Context, plan target.Plan, services []release.Service) (bool, error) {
	var objects []manifest.Object
	for _, service := range services {
		for _, object := range service.Objects {
			if changes(plan, object) {
				objects = append(objects, object)
			}
		}
	}
	if len(objects) == 0 {
		return false, nil
	}
	manifest.Sort(objects)
	applied, err := n.kubectl.Apply(ctx, bare(objects), kubectl.ApplyOptions{Force: n.Adopt})
	if err != nil && len(applied) > 0 {
		err = fmt.Errorf("%w (%d of %d objects were applied)", err, len(applied), len(objects))
	}
	// A call that was cut off may have got further than it said.
	return len(applied) > 0 || ctx.Err() != nil, err
}

func changes(plan target.Plan, object manifest.Object) bool {
	for _, change := range plan.Changes {
		if change.Kind == object.GetKind() && change.Name == object.GetName() && change.Service == object.GetLabels()[manifest.LabelService] {
			return true
		}
	}
	return false
}

// NotDeployedError says that a service has no workload in the namespace.
type NotDeployedError struct {
	Service, Environment string
}

func (e *NotDeployedError) Error() string {
	return fmt.Sprintf("service %q is not deployed in environment %q", e.Service, e.Environment)
}

// Restart has kubectl restart the workloads of services.
func (n *Namespace) Restart(ctx context.Context, services []string) error {
	cluster, err := n.read(ctx)
	if err != nil {
		return err
	}
	var workloads []string
	var faults []error
	for _, service := range services {
		found := cluster.restartable(service)
		if len(found) == 0 {
			faults = append(faults, &NotDeployedError{Service: service, Environment: n.Environment})
		}
		workloads = append(workloads, found...)
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	slices.Sort(workloads)
	return n.kubectl.Restart(ctx, workloads)
}

// failedFor reports whether an error is of kubectl and has the reason.
func failedFor(err error, reason kubectl.Reason) bool {
	var failure *kubectl.Error
	return errors.As(err, &failure) && failure.Reason == reason
}
