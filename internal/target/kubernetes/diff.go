package kubernetes

import (
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/ownership"
	"github.com/skycap/skycap/pkg/skycap"
)

// masked stands for a value of a Secret.
const masked = "[masked]"

// serverFields are those that the server keeps for itself.
func serverFields() [][]string {
	return [][]string{
		{"status"}, {"metadata", "managedFields"}, {"metadata", "resourceVersion"}, {"metadata", "generation"},
		{"metadata", "uid"}, {"metadata", "creationTimestamp"}, {"metadata", "selfLink"},
	}
}

// diff is the fields that differ between two states of an object, by path.
func diff(live, wanted *unstructured.Unstructured) []skycap.FieldChange {
	if wanted == nil {
		return nil
	}
	old, updated := live.DeepCopy().Object, wanted.DeepCopy().Object
	for _, field := range serverFields() {
		unstructured.RemoveNestedField(old, field...)
		unstructured.RemoveNestedField(updated, field...)
	}
	changes := manifest.Compare(old, updated)
	if live.GetKind() == "Secret" {
		for i := range changes {
			changes[i].Old, changes[i].New = mask(changes[i].Old), mask(changes[i].New)
		}
	}
	return changes
}

// withOwners tells of each field that changes whether somebody else than skycap
// has set it since it was deployed, and whether the server would refuse to change it.
func withOwners(changes []skycap.FieldChange, live *unstructured.Unstructured, conflicts []ownership.Field) []skycap.FieldChange {
	mark := func(field ownership.Field, conflict bool) bool {
		for i, change := range changes {
			if change.Owner == "" && lastName(change.Path) == lastName(field.Path) && reflect.DeepEqual(change.Old, field.Live) {
				changes[i].Owner, changes[i].Conflict = field.Owner, conflict
				return true
			}
		}
		return false
	}
	for _, field := range conflicts {
		if !mark(field, true) {
			changes = append(changes, skycap.FieldChange{Path: field.Path, Old: field.Live, New: field.Wanted, Owner: field.Owner, Conflict: true})
		}
	}
	for _, field := range ownership.Drift(live, kubectl.FieldManager) {
		mark(field, false)
	}
	return changes
}

// lastName is the last name of a path.
func lastName(path string) string { return path[strings.LastIndex(path, ".")+1:] }

func mask(value any) any {
	if value == nil {
		return nil
	}
	return masked
}
