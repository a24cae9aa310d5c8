package kubernetes

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/ownership"
	"github.com/skycap/skycap/internal/target"
)

// keep leaves as it is what a deploy has no reason to change: the spelling of an
// image that runs already, and replicas that people or an autoscaler have set.
// What it leaves is said in words.
func (n *Namespace) keep(object manifest.Object, live *unstructured.Unstructured, options target.Options) []string {
	keepTags(object, live)
	if live == nil {
		return nil
	}
	adopted := live.GetAnnotations()[manifest.AnnotationAdopted]
	if isAdoption(live) {
		adopted = "true"
	}
	if adopted != "" {
		annotations := object.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[manifest.AnnotationAdopted] = adopted
		object.SetAnnotations(annotations)
	}
	_, wasStopped := live.GetAnnotations()[AnnotationReplicas]
	if wasStopped && options.Conflicts != target.Take && keepStopped(object, live) {
		return []string{fmt.Sprintf("%s stays stopped; to start it: skycap start %s", object, n.Environment)}
	}
	owner, replicas, scaled := ownership.Scaled(live, kubectl.FieldManager)
	wants, has, _ := unstructured.NestedInt64(object.Object, "spec", "replicas")
	if !scaled || !has || isAdoption(live) || options.Conflicts == target.Take {
		return nil
	}
	_ = unstructured.SetNestedField(object.Object, replicas, "spec", "replicas") // spec is a map: replicas were found in it
	if wants == replicas {
		return nil
	}
	return []string{fmt.Sprintf("%s keeps %d replicas, as %q has set them; its manifest says %d", object, replicas, owner, wants)}
}

// keepStopped leaves a workload stopped that somebody has stopped by skycap, and
// reports whether it is. It adds nothing that the manifest doesn't set.
func keepStopped(object manifest.Object, live *unstructured.Unstructured) bool {
	var field string
	var stopped any
	replicas, hasReplicas, _ := unstructured.NestedInt64(live.Object, "spec", "replicas")
	suspended, _, _ := unstructured.NestedBool(live.Object, "spec", "suspend")
	switch {
	case hasReplicas && replicas == 0:
		field, stopped = "replicas", int64(0)
	case suspended:
		field, stopped = "suspend", true
	default:
		return false
	}
	if _, sets, _ := unstructured.NestedFieldNoCopy(object.Object, "spec", field); sets {
		_ = unstructured.SetNestedField(object.Object, stopped, "spec", field) // spec is a map: the field was found in it
	}
	return true
}

// isAdoption reports whether an object that is there is not skycap's yet.
func isAdoption(live *unstructured.Unstructured) bool {
	return live.GetLabels()[manifest.LabelManagedBy] != manifest.ManagedBy || live.GetLabels()[manifest.LabelApp] == ""
}

// settle finds what the server would refuse since somebody else has set it, and
// leaves it as it is where that was chosen. Taken tells whether there are fields that
// skycap itself has set by other means than a deploy, which are taken by force.
func settle(object manifest.Object, live *unstructured.Unstructured, choice target.Conflicts) (conflicts []ownership.Field, taken bool) {
	for _, field := range ownership.Conflicts(live, object.Unstructured, kubectl.FieldManager) {
		if field.Owner == kubectl.FieldManager {
			taken = true
		} else {
			conflicts = append(conflicts, field)
		}
	}
	if choice == target.Keep {
		ownership.Leave(object.Unstructured, conflicts)
		return nil, taken
	}
	return conflicts, taken
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
