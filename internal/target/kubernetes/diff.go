package kubernetes

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

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
	changes := compare("", old, updated)
	if live.GetKind() == "Secret" {
		for i := range changes {
			changes[i].Old, changes[i].New = mask(changes[i].Old), mask(changes[i].New)
		}
	}
	return changes
}

func mask(value any) any {
	if value == nil {
		return nil
	}
	return masked
}

func compare(path string, old, updated any) []skycap.FieldChange {
	oldMap, isMap := old.(map[string]any)
	newMap, stillMap := updated.(map[string]any)
	if isMap && stillMap {
		return compareMaps(path, oldMap, newMap)
	}
	oldList, isList := old.([]any)
	newList, stillList := updated.([]any)
	if isList && stillList && len(oldList) == len(newList) {
		var changes []skycap.FieldChange
		for i := range oldList {
			changes = append(changes, compare(fmt.Sprintf("%s[%d]", path, i), oldList[i], newList[i])...)
		}
		return changes
	}
	if reflect.DeepEqual(old, updated) {
		return nil
	}
	return []skycap.FieldChange{{Path: path, Old: old, New: updated}}
}

func compareMaps(path string, old, updated map[string]any) []skycap.FieldChange {
	keys := map[string]bool{}
	for key := range old {
		keys[key] = true
	}
	for key := range updated {
		keys[key] = true
	}
	var changes []skycap.FieldChange
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		below := key
		if path != "" {
			below = path + "." + key
		}
		changes = append(changes, compare(below, old[key], updated[key])...)
	}
	return changes
}
