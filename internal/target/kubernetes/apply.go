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

// Stage has nothing to do: what could be checked was, by the dry run.
func (n *Namespace) Stage(context.Context, target.Plan, []release.Service, target.Log) error {
	return nil
}

// Apply applies the services' objects one after the other, through the proxy.
// Objects that the plan found as wanted already are left out.
func (n *Namespace) Apply(ctx context.Context, plan target.Plan, services []release.Service, _ target.Watch) (bool, error) {
	return n.applyThose(ctx, plan, services, func(manifest.Object) bool { return true })
}

// applyThose applies those of the objects that are wanted now.
func (n *Namespace) applyThose(ctx context.Context, plan target.Plan, services []release.Service, wanted func(manifest.Object) bool) (bool, error) {
	var objects []manifest.Object
	for _, service := range services {
		for _, object := range manifest.Applied(service.Objects) {
			if changes(plan, object) && wanted(object) {
				objects = append(objects, object)
			}
		}
	}
	if len(objects) == 0 {
		return false, nil
	}
	manifest.Sort(objects)
	n.applied = n.proxy.Now()
	for i, object := range objects {
		if err := n.applyOne(ctx, object, plan.Force); err != nil {
			if i > 0 {
				err = fmt.Errorf("%w (%d of %d objects were applied)", err, i, len(objects))
			}
			// What was cut off may have been done all the same.
			return i > 0 || ctx.Err() != nil, err
		}
	}
	return true, nil
}

// applyOne applies an object. An interrupted command ends with it.
func (n *Namespace) applyOne(ctx context.Context, object manifest.Object, force bool) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, err := n.proxy.Apply(ctx, object.Unstructured, kubectl.ApplyOptions{Force: force}); err != nil {
		return fmt.Errorf("apply %s: %w", object, err)
	}
	return nil
}

func (n *Namespace) warn(text string) {
	if n.kubectl.Warn != nil {
		n.kubectl.Warn(text)
	}
}

func (n *Namespace) debug(text string) {
	if n.kubectl.Debug != nil {
		n.kubectl.Debug(text)
	}
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
func (n *Namespace) Restart(ctx context.Context, services []string, _ target.Watch) error {
	cluster, err := n.read(ctx, n.collections())
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
