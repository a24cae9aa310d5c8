package ownership

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Drift is the fields of an object of manager's that people, or programs that
// nobody knows, have changed since manager applied it. An item that they added
// to a list is one field. What was removed from an object has no owner, so that
// removals can't be told.
func Drift(live *unstructured.Unstructured, manager string) []Field {
	if live == nil {
		return nil
	}
	ours, others := apart(claimsOn(live), manager)
	own := union(ours)
	if own.Empty() {
		return nil
	}
	leaves := own.Union(union(others)).Leaves()
	var found []Field
	for _, claim := range others {
		if claim.byHand() {
			found = append(found, claim.drift(live, own, leaves)...)
		}
	}
	return inOrder(found)
}

// apart parts claims into those of a manager and those of others.
func apart(claims []claim, manager string) (its, others []claim) {
	for _, claim := range claims {
		if claim.manager == manager {
			its = append(its, claim)
		} else {
			others = append(others, claim)
		}
	}
	return its, others
}

// byHand tells whether people make such changes. By subresources they don't:
// status is not theirs, and to scale is to operate.
func (c claim) byHand() bool {
	switch {
	case c.subresource != "" || c.manager == Operator:
		return false
	case c.applied:
		return c.manager == "kubectl" // apply --server-side, without a name of its own
	default:
		return !deploys(c.manager) && !controls(c.manager)
	}
}

func (c claim) drift(live *unstructured.Unstructured, own, leaves *fieldpath.Set) []Field {
	var found []Field
	for _, leaf := range c.among(leaves) {
		has, _ := valueAt(live.Object, leaf)
		// Who owns a field with us has the value that we applied last.
		if empty(has) || own.Has(leaf) || routine(leaf) {
			continue
		}
		found = append(found, c.field(live, c.added(leaf, own)))
	}
	return found
}

// added is the item of a list around a path that came with the claim, or else the path.
func (c claim) added(path fieldpath.Path, own *fieldpath.Set) fieldpath.Path {
	for i, step := range path {
		around := path[:i+1]
		if step.Key != nil && c.fields.Has(around) && !own.Has(around) {
			return around
		}
	}
	return path
}

// routine tells whether a path is an annotation that operating leaves behind.
func routine(path fieldpath.Path) bool {
	return slices.ContainsFunc(path, func(step fieldpath.PathElement) bool {
		if step.FieldName == nil {
			return false
		}
		name := *step.FieldName
		return name == "kubectl.kubernetes.io/restartedAt" || name == "kubectl.kubernetes.io/last-applied-configuration" ||
			strings.HasPrefix(name, "deployment.kubernetes.io/")
	})
}
