package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// What manifests say to skycap by annotations.
const (
	AnnotationRun        = "skycap.dev/run"         // on a Job: pre-deploy or post-deploy
	AnnotationOnRollback = "skycap.dev/on-rollback" // on such a Job: "run" runs it on rollbacks too
	AnnotationPrune      = "skycap.dev/prune"       // "true" or "false": whether it goes with the release that drops it
	AnnotationAdopted    = "skycap.dev/adopted"     // skycap writes it on what others created
	LabelRun             = AnnotationRun            // on the Jobs that were made of them, and their pods
)

// phases are the values of AnnotationRun.
func phases() []string { return []string{"pre-deploy", "post-deploy"} }

// Phase is when the deploy itself runs the object, a Job; empty for all that is applied.
func (o Object) Phase() string { return o.GetAnnotations()[AnnotationRun] }

// RunsIn reports whether a Job of a phase runs: in a rollback only where it says so.
func (o Object) RunsIn(rollback bool) bool {
	return !rollback || o.GetAnnotations()[AnnotationOnRollback] == "run"
}

// checkRun refuses a phase that there isn't, and one on another kind.
func (o Object) checkRun() []string {
	phase, marked := o.GetAnnotations()[AnnotationRun]
	switch {
	case !marked:
		return nil
	case o.GetKind() != "Job":
		return []string{fmt.Sprintf("%s has the annotation %s, which is for Jobs", o, AnnotationRun)}
	case !slices.Contains(phases(), phase):
		return []string{fmt.Sprintf("%s has the annotation %s: %q; it must be %s", o, AnnotationRun, phase, strings.Join(phases(), " or "))}
	}
	return nil
}

// Applied are those of the objects that are applied: they are not run, and known whole.
func Applied(objects []Object) []Object {
	return slices.DeleteFunc(slices.Clone(objects), func(o Object) bool { return o.Phase() != "" || o.Withheld })
}

// Withheld are those of the objects whose values are not known.
func Withheld(objects []Object) []Object {
	return slices.DeleteFunc(slices.Clone(objects), func(o Object) bool { return !o.Withheld })
}

// ForRelease is a Job of a phase as a release runs it: under a name of its own, so
// that it runs once for each release.
func (o Object) ForRelease(number int) Object {
	job := Object{Unstructured: o.DeepCopy(), Source: o.Source, Allow: o.Allow}
	suffix := fmt.Sprintf("-r%d", number)
	job.SetName(short(o.GetName(), maxJobName-len(suffix)) + suffix)
	unstructured.RemoveNestedField(job.Object, "spec", "ttlSecondsAfterFinished") // that it is there tells that it ran
	labels := job.GetLabels()
	labels[LabelRun] = o.Phase()
	job.SetLabels(labels)
	for _, pod := range podTemplates(job) {
		child(child(pod, "metadata"), "labels")[LabelRun] = o.Phase()
	}
	return job
}

// short is a name that is cut where it is too long, and still is another than others.
func short(name string, most int) string {
	if len(name) <= most {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return name[:most-9] + "-" + hex.EncodeToString(sum[:4])
}

// maxJobName is how long a Job's name may be, since its pods carry it as a label.
const maxJobName = 63

// keptByKind reports whether an object is never pruned unless its manifest says
// so: data would go with it, or the only copy of a secret that a rollback needs.
func (o Object) keptByKind() bool {
	return slices.Contains([]string{"PersistentVolumeClaim", "PersistentVolume", "CustomResourceDefinition", "Namespace", "Secret"}, o.GetKind())
}

// Prunable reports whether an object, as the cluster has it, goes with the release that drops it.
func (o Object) Prunable() bool {
	switch o.GetAnnotations()[AnnotationPrune] {
	case "true":
		return true
	case "false":
		return false
	}
	return !o.keptByKind()
}

// IsRendered reports whether an object holds a service's rendered configuration, or
// its secrets.
func IsRendered(object Object, app, service string) bool {
	kind := object.GetKind()
	return (kind == "ConfigMap" || kind == "Secret") && holderName(kind, app, service).MatchString(object.GetName())
}

// IsCustom reports whether a kind is none of Kubernetes' own: their groups have
// no dot, or end in .k8s.io.
func IsCustom(kind schema.GroupVersionKind) bool {
	return strings.Contains(kind.Group, ".") && !strings.HasSuffix(kind.Group, ".k8s.io")
}
