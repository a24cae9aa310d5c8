package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// OwnerError says that an object is there already, and is somebody else's.
type OwnerError struct {
	Object           string
	App, Environment string // whose it is; empty: not skycap's
}

func (e *OwnerError) Error() string {
	if e.App != "" {
		return fmt.Sprintf("%s belongs to app %q in environment %q", e.Object, e.App, e.Environment)
	}
	return fmt.Sprintf("%s exists and was not created by skycap", e.Object)
}

// ScopeError says that an object turned out to have no namespace.
type ScopeError struct {
	Object, Source, Service string
}

func (e *ScopeError) Error() string {
	return fmt.Sprintf("%s: %s is cluster-scoped; services.%s.kubernetes.allow does not list %q",
		e.Source, e.Object, e.Service, manifest.AllowClusterScoped)
}

// Plan asks the server what it has and, by a dry run, what it would have.
func (n *Namespace) Plan(ctx context.Context, r *release.Release) (target.Plan, error) {
	objects := r.Objects()
	var live []*unstructured.Unstructured
	var releases []skycap.Release
	reads, readsCtx := errgroup.WithContext(ctx)
	reads.Go(func() (err error) { live, err = n.kubectl.Get(readsCtx, bare(objects)); return err })
	reads.Go(func() (err error) { releases, err = n.Releases(readsCtx); return err })
	if err := reads.Wait(); err != nil {
		return target.Plan{}, err
	}
	byKey := indexed(live)
	if err := n.checkOwners(objects, byKey); err != nil {
		return target.Plan{}, err
	}
	for _, object := range objects {
		keepTags(object, byKey[manifest.Key(object.Unstructured)])
	}
	tried, err := n.kubectl.TryApply(ctx, bare(objects), kubectl.ApplyOptions{Force: n.Adopt})
	if err != nil {
		return target.Plan{}, err
	}
	plan := target.Plan{}
	plan.Recorded, plan.Result = recorded(r, releases)
	wanted := indexed(tried)
	var faults []error
	for _, object := range objects {
		key := manifest.Key(object.Unstructured)
		plan.Changes = append(plan.Changes, changesOf(object, byKey[key], wanted[key])...)
		faults = append(faults, checkScope(object, wanted[key]))
	}
	faults = append(faults, n.tryRecord(ctx, r, plan))
	return plan, errors.Join(faults...)
}

// tryRecord has the server check that the release could be recorded.
func (n *Namespace) tryRecord(ctx context.Context, r *release.Release, plan target.Plan) error {
	if plan.Nothing() {
		return nil
	}
	err := n.createRecord(ctx, r, 0, url.Values{"dryRun": {"All"}})
	if err != nil {
		return fmt.Errorf("record the release: %w", err)
	}
	return nil
}

func bare(objects []manifest.Object) []*unstructured.Unstructured {
	found := make([]*unstructured.Unstructured, len(objects))
	for i, object := range objects {
		found[i] = object.Unstructured
	}
	return found
}

func indexed(objects []*unstructured.Unstructured) map[string]*unstructured.Unstructured {
	byKey := map[string]*unstructured.Unstructured{}
	for _, object := range objects {
		byKey[manifest.Key(object)] = object
	}
	return byKey
}

func (n *Namespace) checkOwners(objects []manifest.Object, live map[string]*unstructured.Unstructured) error {
	var faults []error
	for _, object := range objects {
		there, ok := live[manifest.Key(object.Unstructured)]
		if !ok {
			continue
		}
		labels := there.GetLabels()
		app, environment := labels[manifest.LabelApp], labels[manifest.LabelEnvironment]
		skycaps := labels[manifest.LabelManagedBy] == manifest.ManagedBy && app != ""
		switch {
		case skycaps && (app != n.App || environment != n.Environment):
			faults = append(faults, &OwnerError{Object: object.String(), App: app, Environment: environment})
		case !skycaps && !n.Adopt:
			faults = append(faults, &OwnerError{Object: object.String()})
		}
	}
	return errors.Join(faults...)
}

// keepTags leaves a container's image as it is spelled where the digest is the
// wanted one already: the tag names the revision, and another tag of the same
// image would roll pods for nothing.
func keepTags(object manifest.Object, live *unstructured.Unstructured) {
	if live == nil {
		return
	}
	there := map[any]string{}
	for _, container := range manifest.Containers(manifest.Object{Unstructured: live}) {
		there[container["name"]], _ = container["image"].(string)
	}
	for _, container := range manifest.Containers(object) {
		wanted, _ := container["image"].(string)
		has := there[container["name"]]
		if digest := image.Digest(wanted); digest != "" && digest == image.Digest(has) && image.Repository(wanted) == image.Repository(has) {
			container["image"] = has
		}
	}
}

func checkScope(object manifest.Object, tried *unstructured.Unstructured) error {
	if tried == nil || tried.GetNamespace() != "" || slices.Contains(object.Allow, manifest.AllowClusterScoped) {
		return nil
	}
	return &ScopeError{Object: object.String(), Source: object.Source, Service: object.GetLabels()[manifest.LabelService]}
}

// recorded is the newest of the releases that the services are of, and its
// result, if each of these is of the same revision, images and configuration.
func recorded(r *release.Release, releases []skycap.Release) (number int, result skycap.Word) {
	for _, service := range r.Services {
		newest := slices.IndexFunc(releases, func(s skycap.Release) bool { return slices.Contains(s.Services, service.Name) })
		if newest < 0 {
			return 0, ""
		}
		summary := releases[newest]
		if summary.Revision != r.Revision.ID || summary.Running[service.Name].Config != service.Config ||
			!slices.Equal(summary.Running[service.Name].Digests, service.Digests()) {
			return 0, ""
		}
		if summary.Number > number {
			number, result = summary.Number, summary.Result
		}
	}
	return number, result
}

func changesOf(object manifest.Object, live, wanted *unstructured.Unstructured) []skycap.ObjectChange {
	change := skycap.ObjectChange{
		Service: object.GetLabels()[manifest.LabelService], Kind: object.GetKind(), Name: object.GetName(),
	}
	if live == nil {
		change.Action = "create"
		return []skycap.ObjectChange{change}
	}
	change.Action = "update"
	change.Fields = diff(live, wanted)
	if len(change.Fields) == 0 {
		return nil
	}
	return []skycap.ObjectChange{change}
}
