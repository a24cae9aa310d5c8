package manifest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/skycap/skycap/pkg/skycap"
)

// Compare lists the fields by which two objects differ, by path.
func Compare(old, updated map[string]any) []skycap.FieldChange { return compare("", old, updated) }

// compare lists the fields below a path that are different.
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
