package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// findObsolete adds to a plan what goes once the release is healthy: what former
// releases of the services had, down to the last healthy one, and this one has not.
func (n *Namespace) findObsolete(ctx context.Context, r *release.Release, plan *target.Plan) error {
	wanted := map[string]bool{}
	for _, object := range r.Objects() {
		wanted[manifest.Key(object.Unstructured)] = true
	}
	former, err := n.formerObjects(ctx, r, *plan)
	if err != nil {
		return err
	}
	maps.DeleteFunc(former, func(key string, _ manifest.Object) bool { return wanted[key] })
	if len(former) == 0 {
		return nil
	}
	live, err := n.proxy.Objects(ctx, bare(slices.Collect(maps.Values(former))))
	if err != nil {
		return err
	}
	for _, found := range live {
		object := manifest.Object{Unstructured: found}
		service := found.GetLabels()[manifest.LabelService]
		if !n.created(object, r.Names()) || !object.Prunable() {
			continue
		}
		plan.Obsolete = append(plan.Obsolete, object)
		plan.Changes = append(plan.Changes, skycap.ObjectChange{Service: service, Action: "delete", Kind: found.GetKind(), Name: found.GetName()})
	}
	return nil
}

// created reports whether skycap itself made an object, for one of the services.
func (n *Namespace) created(object manifest.Object, services []string) bool {
	labels := object.GetLabels()
	return labels[manifest.LabelManagedBy] == manifest.ManagedBy && labels[manifest.LabelApp] == n.App &&
		labels[manifest.LabelEnvironment] == n.Environment && slices.Contains(services, labels[manifest.LabelService]) &&
		object.GetAnnotations()[manifest.AnnotationAdopted] == ""
}

// formerObjects are those of the services in their releases from the newest down
// to the last healthy one. Configuration and secrets are left out: they have a policy of their own.
func (n *Namespace) formerObjects(ctx context.Context, r *release.Release, plan target.Plan) (map[string]manifest.Object, error) {
	former := map[string]manifest.Object{}
	needed := map[int][]string{}
	for _, service := range r.Names() {
		for _, earlier := range plan.Releases {
			if slices.Contains(earlier.Services, service) && !plan.TakesUp(earlier) {
				needed[earlier.Number] = append(needed[earlier.Number], service)
				if release.Healthy(earlier) {
					break
				}
			}
		}
	}
	for _, number := range slices.Sorted(maps.Keys(needed)) {
		recorded, err := n.Recorded(ctx, number)
		var incomplete *IncompleteError
		if errors.As(err, &incomplete) { // it changed nothing
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, service := range recorded.Services {
			for _, object := range service.Objects {
				if object.Phase() == "" && slices.Contains(needed[number], service.Name) && !manifest.IsRendered(object, n.App, service.Name) {
					former[manifest.Key(object.Unstructured)] = object
				}
			}
		}
	}
	return former, nil
}

// Settle deletes what the plan found obsolete, jobs of former releases, records
// that nobody needs, and the configuration and secrets that went with them.
func (n *Namespace) Settle(ctx context.Context, plan target.Plan, r *release.Release, number int) error {
	if err := n.deleteObsolete(ctx, plan.Obsolete, r.Names()); err != nil {
		return fmt.Errorf("delete what release %d has not any more: %w", number, err)
	}
	if err := n.clearJobs(ctx, r.Names(), number); err != nil {
		return err
	}
	releases, err := n.Releases(ctx)
	if err != nil {
		return err
	}
	expired := release.Expired(releases)
	if err := n.deleteRecords(ctx, expired); err != nil {
		return err
	}
	kept := slices.DeleteFunc(releases, func(r skycap.Release) bool {
		return slices.ContainsFunc(expired, func(gone skycap.Release) bool { return gone.Number == r.Number })
	})
	for _, service := range r.Names() {
		if err := n.collectRendered(ctx, service, kept); err != nil {
			return err
		}
	}
	return nil
}

// deleteObsolete deletes objects that still are as the plan has found them:
// another service may have taken one over meanwhile.
func (n *Namespace) deleteObsolete(ctx context.Context, obsolete []manifest.Object, services []string) error {
	live, err := n.proxy.Objects(ctx, bare(obsolete))
	if err != nil {
		return err
	}
	planned := indexed(bare(obsolete))
	for _, now := range live {
		object := manifest.Object{Unstructured: now}
		if now.GetUID() != planned[manifest.Key(now)].GetUID() || !n.created(object, services) || !object.Prunable() {
			continue
		}
		if err := n.proxy.Remove(ctx, now); err != nil {
			return err
		}
	}
	return nil
}

// deleteRecords deletes records; their further parts go with them.
func (n *Namespace) deleteRecords(ctx context.Context, expired []skycap.Release) error {
	for _, r := range expired {
		path := n.secrets() + "/" + release.RecordName(n.App, n.Environment, r.Number)
		if err := n.proxy.Delete(ctx, path, metav1.Preconditions{}); err != nil {
			return err
		}
	}
	return nil
}
