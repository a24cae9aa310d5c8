package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/ownership"
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
func (n *Namespace) Plan(ctx context.Context, r *release.Release, options target.Options) (target.Plan, error) {
	objects, withheld := manifest.Applied(r.Objects()), manifest.Withheld(r.Objects())
	n.prove(r.Services)
	var live []*unstructured.Unstructured
	var plan target.Plan
	reads, readsCtx := errgroup.WithContext(ctx)
	reads.Go(func() (err error) {
		live, err = n.proxy.Objects(readsCtx, bare(slices.Concat(objects, withheld)))
		return err
	})
	reads.Go(func() (err error) { plan.Releases, err = n.Releases(readsCtx); return err })
	reads.Go(func() error { return n.checkVersions(readsCtx) })
	var unfit error
	reads.Go(func() error { unfit = n.checkPlatforms(readsCtx, r); return nil })
	if err := reads.Wait(); err != nil {
		return plan, err
	}
	if err := n.findRecorded(ctx, r, &plan, options); err != nil {
		return plan, err
	}
	byKey := indexed(live)
	if err := n.checkOwners(objects, byKey, options.Adopt); err != nil {
		return plan, err
	}
	conflicts := map[string][]ownership.Field{}
	for _, object := range objects {
		there := byKey[manifest.Key(object.Unstructured)]
		plan.Kept = append(plan.Kept, n.keep(object, there, options)...)
		if there != nil && !isAdoption(there) {
			found, taken := settle(object, there, options.Conflicts)
			conflicts[manifest.Key(object.Unstructured)] = found
			plan.Force = plan.Force || taken
		}
		plan.Force = plan.Force || there != nil && isAdoption(there) || options.Conflicts == target.Take
	}
	wanted, err := n.try(ctx, r, objects, plan, conflicts)
	if err != nil {
		return plan, err
	}
	faults := append(missing(withheld, byKey), unfit)
	for _, object := range objects {
		key := manifest.Key(object.Unstructured)
		plan.Changes = append(plan.Changes, changesOf(object, byKey[key], wanted[key], conflicts[key])...)
		faults = append(faults, checkScope(object, wanted[key]))
	}
	if len(plan.Changes) > 0 || plan.Recorded == 0 || plan.Result != skycap.ResultOK {
		faults = append(faults, n.findObsolete(ctx, r, &plan))
	}
	if len(plan.Changes) > 0 || plan.Recorded == 0 || plan.Resumes {
		jobs, err := n.jobChanges(ctx, r, plan)
		plan.Changes, faults = append(plan.Changes, jobs...), append(faults, err)
	}
	faults = append(faults, n.tryRecord(ctx, r, plan))
	return plan, errors.Join(faults...)
}

// findRecorded adds to a plan which release already is just this. One whose jobs
// have not all completed is not: they run again, for a release of their own.
func (n *Namespace) findRecorded(ctx context.Context, r *release.Release, plan *target.Plan, options target.Options) error {
	plan.Recorded, plan.Result, plan.Resumes = release.Recorded(r, plan.Releases)
	if options.Anew && !plan.Resumes {
		plan.Recorded, plan.Result = 0, ""
	}
	if plan.Recorded == 0 || plan.Resumes || plan.Result == skycap.ResultOK {
		return nil
	}
	ran, err := n.ran(ctx, r, plan.Recorded)
	if !ran {
		plan.Recorded, plan.Result = 0, ""
	}
	return err
}

// try has the server check all that is going to be applied, and the jobs, under
// the names that they will have. Where conflicts are known it checks as if they were taken.
func (n *Namespace) try(
	ctx context.Context, r *release.Release, objects []manifest.Object, plan target.Plan, conflicts map[string][]ownership.Field,
) (map[string]*unstructured.Unstructured, error) {
	tried := slices.Clone(objects)
	for _, object := range r.Objects() {
		if object.Phase() != "" && object.RunsIn(r.Kind == release.Rollback) {
			tried = append(tried, object.ForRelease(nextNumber(plan)))
		}
	}
	if len(tried) == 0 {
		return nil, nil
	}
	force := plan.Force
	for _, found := range conflicts {
		force = force || len(found) > 0
	}
	answer, err := n.kubectl.TryApply(ctx, bare(tried), kubectl.ApplyOptions{Force: force})
	return indexed(answer), err
}

// nextNumber is the number that a release is going to have, unless another takes it before.
func nextNumber(plan target.Plan) int {
	switch {
	case plan.Resumes:
		return plan.Recorded
	case len(plan.Releases) > 0:
		return plan.Releases[0].Number + 1
	}
	return 1
}

// SecretError says that a Secret is gone of which no record has the values.
type SecretError struct{ Object string }

func (e *SecretError) Error() string {
	return e.Object + " isn't there any more, and records hold no values of Secrets"
}

// missing are the Secrets that a rollback needs, and that are not there.
func missing(withheld []manifest.Object, live map[string]*unstructured.Unstructured) []error {
	var faults []error
	for _, object := range withheld {
		if live[manifest.Key(object.Unstructured)] == nil {
			faults = append(faults, &SecretError{Object: object.String()})
		}
	}
	return faults
}

// jobChanges are the jobs that a release runs. One that is taken up again may
// have run them already.
func (n *Namespace) jobChanges(ctx context.Context, r *release.Release, plan target.Plan) ([]skycap.ObjectChange, error) {
	if plan.Resumes {
		if ran, err := n.ran(ctx, r, plan.Recorded); ran || err != nil {
			return nil, err
		}
	}
	var changes []skycap.ObjectChange
	for _, object := range r.Objects() {
		if object.Phase() != "" && object.RunsIn(r.Kind == release.Rollback) {
			changes = append(changes, skycap.ObjectChange{
				Service: object.GetLabels()[manifest.LabelService], Action: "run", Kind: object.GetKind(), Name: object.GetName(),
			})
		}
	}
	return changes, nil
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

func (n *Namespace) checkOwners(objects []manifest.Object, live map[string]*unstructured.Unstructured, adopt bool) error {
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
		case !skycaps && !adopt:
			faults = append(faults, &OwnerError{Object: object.String()})
		}
	}
	return errors.Join(faults...)
}

func checkScope(object manifest.Object, tried *unstructured.Unstructured) error {
	if tried == nil || tried.GetNamespace() != "" || slices.Contains(object.Allow, manifest.AllowClusterScoped) {
		return nil
	}
	return &ScopeError{Object: object.String(), Source: object.Source, Service: object.GetLabels()[manifest.LabelService]}
}

func changesOf(object manifest.Object, live, wanted *unstructured.Unstructured, conflicts []ownership.Field) []skycap.ObjectChange {
	change := skycap.ObjectChange{
		Service: object.GetLabels()[manifest.LabelService], Kind: object.GetKind(), Name: object.GetName(),
	}
	if live == nil {
		change.Action = "create"
		return []skycap.ObjectChange{change}
	}
	change.Action = "update"
	change.Fields = withOwners(diff(live, wanted), live, conflicts)
	if len(change.Fields) == 0 {
		return nil
	}
	return []skycap.ObjectChange{change}
}
