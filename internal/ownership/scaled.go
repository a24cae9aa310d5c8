package ownership

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// unknown is an owner whom the server has not noted.
const unknown = "somebody"

// Scaled tells whether somebody scales an object beside those who deploy it: an
// autoscaler or a person. The owner is the one that did so last.
func Scaled(live *unstructured.Unstructured, manager string) (owner string, replicas int64, ok bool) {
	if live == nil {
		return "", 0, false
	}
	path := fieldpath.MakePathOrDie("spec", "replicas")
	var last claim
	claimed := false
	for _, claim := range claimsOn(live) {
		claimed = claimed || claim.fields.Has(path)
		if claim.scales(path, manager) && !claim.since.Before(last.since) {
			last = claim
		}
	}
	value, _ := valueAt(live.Object, path)
	replicas, isNumber := whole(value)
	// The server notes no owner of a zero that came by the scale subresource, and
	// by default there would be one replica: somebody has stopped it.
	if isNumber && replicas == 0 && !claimed {
		return unknown, 0, true
	}
	if last.fields == nil || !isNumber {
		return "", 0, false
	}
	return last.manager, replicas, true
}

func (c claim) scales(path fieldpath.Path, manager string) bool {
	return !c.applied && c.manager != manager && !deploys(c.manager) && c.fields.Has(path)
}

func whole(value any) (int64, bool) {
	switch number := value.(type) {
	case int64:
		return number, true
	case float64:
		return int64(number), true
	default:
		return 0, false
	}
}
