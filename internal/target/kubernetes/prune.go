package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

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
// to the last healthy one. Configuration is left out: it has a policy of its own.
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
				if object.Phase() == "" && slices.Contains(needed[number], service.Name) && !manifest.IsConfig(object, n.App, service.Name) {
					former[manifest.Key(object.Unstructured)] = object
				}
			}
		}
	}
	return former, nil
}

// Settle deletes what the plan found obsolete, jobs of former releases, records
// that nobody needs, and the configuration that went with them.
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
		if err := n.collectConfig(ctx, service, kept); err != nil {
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

// collectConfig deletes ConfigMaps of a service's former configuration, if no
// release that is kept has it, and nothing in the namespace refers to it.
func (n *Namespace) collectConfig(ctx context.Context, service string, kept []skycap.Release) error {
	path := n.path("api/v1", "configmaps")
	maps, err := n.proxy.Metadata(ctx, path, n.selector(","+manifest.LabelService+"="+service))
	if err != nil {
		return err
	}
	candidates := slices.DeleteFunc(maps, func(found metav1.PartialObjectMetadata) bool {
		hash, ok := manifest.ConfigHash(found.Name, n.App, service)
		return !ok || slices.ContainsFunc(kept, func(r skycap.Release) bool {
			running, has := r.Running[service]
			return has && running.Config == hash
		})
	})
	if len(candidates) == 0 {
		return nil
	}
	referred, err := n.referredConfigMaps(ctx)
	if err != nil {
		return err
	}
	for _, found := range candidates {
		if referred[found.Name] {
			continue
		}
		if err := n.proxy.Delete(ctx, path+"/"+found.Name, metav1.Preconditions{UID: &found.UID}); err != nil {
			return err
		}
	}
	return nil
}

// referrers are the collections of Kubernetes' own kinds whose objects can name a
// ConfigMap. What custom kinds run has pods, which are among them.
func (n *Namespace) referrers() []string {
	return []string{
		n.path("api/v1", "pods"), n.path("api/v1", "replicationcontrollers"), n.path("apis/apps/v1", "replicasets"),
		n.path("apis/apps/v1", "deployments"), n.path("apis/apps/v1", "statefulsets"), n.path("apis/apps/v1", "daemonsets"),
		n.path("apis/apps/v1", "controllerrevisions"), n.path("apis/batch/v1", "jobs"), n.path("apis/batch/v1", "cronjobs"),
	}
}

// referredConfigMaps are the names of all ConfigMaps that something in the
// namespace refers to, whoever made it.
func (n *Namespace) referredConfigMaps(ctx context.Context) (map[string]bool, error) {
	lists := make([]unstructured.UnstructuredList, len(n.referrers()))
	reads, ctx := errgroup.WithContext(ctx)
	for i, path := range n.referrers() {
		reads.Go(func() error { return n.proxy.Get(ctx, path, nil, &lists[i]) })
	}
	if err := reads.Wait(); err != nil {
		return nil, err
	}
	referred := map[string]bool{}
	for _, list := range lists {
		for _, item := range list.Items {
			collectReferences(item.Object, referred)
		}
	}
	return referred, nil
}

// collectReferences finds the names below configMap, configMapRef and
// configMapKeyRef, wherever they are.
func collectReferences(value any, referred map[string]bool) {
	switch value := value.(type) {
	case map[string]any:
		for key, below := range value {
			if reference, ok := below.(map[string]any); ok && slices.Contains([]string{"configMap", "configMapRef", "configMapKeyRef"}, key) {
				name, _ := reference["name"].(string)
				referred[name] = true
			}
			collectReferences(below, referred)
		}
	case []any:
		for _, below := range value {
			collectReferences(below, referred)
		}
	}
}
