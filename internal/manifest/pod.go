package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/skycap/skycap/internal/image"
)

// podTemplates finds the pod template of an object by its shape, so that custom
// workloads have one as well. A bare Pod is its own.
func podTemplates(object Object) []map[string]any {
	var found []map[string]any
	for _, fields := range [][]string{{"spec", "template"}, {"spec", "jobTemplate", "spec", "template"}} {
		template, ok, _ := unstructured.NestedFieldNoCopy(object.Object, fields...)
		if pod, isMap := template.(map[string]any); ok && isMap && hasContainers(pod) {
			found = append(found, pod)
		}
	}
	if object.GetKind() == "Pod" && hasContainers(object.Object) {
		found = append(found, object.Object)
	}
	return found
}

func hasContainers(pod map[string]any) bool {
	containers, ok, _ := unstructured.NestedFieldNoCopy(pod, "spec", "containers")
	_, isList := containers.([]any)
	return ok && isList
}

// Containers returns the containers of an object's pod template, init containers first.
func Containers(object Object) []map[string]any {
	var found []map[string]any
	for _, pod := range podTemplates(object) {
		found = append(found, containersOf(pod)...)
	}
	return found
}

// Pods are the specs of an object's pods. What the API's types don't take is left out:
// the dry run tells of it.
func Pods(object Object) []corev1.PodSpec {
	var found []corev1.PodSpec
	for _, pod := range podTemplates(object) {
		var spec corev1.PodSpec
		content, _, _ := unstructured.NestedMap(pod, "spec")
		if runtime.DefaultUnstructuredConverter.FromUnstructured(content, &spec) == nil {
			found = append(found, spec)
		}
	}
	return found
}

func containersOf(pod map[string]any) []map[string]any {
	var found []map[string]any
	for _, field := range []string{"initContainers", "containers"} {
		list, _, _ := unstructured.NestedFieldNoCopy(pod, "spec", field)
		items, _ := list.([]any)
		for _, item := range items {
			if container, ok := item.(map[string]any); ok {
				found = append(found, container)
			}
		}
	}
	return found
}

// nameImages gives each container whose image is one of the service's the repository of
// it. An image that no container runs is a fault, and a service that runs nothing.
func (s Service) nameImages(objects []Object) error {
	if !slices.ContainsFunc(objects, mayRun) {
		return &Fault{Source: s.Manifests, Message: fmt.Sprintf("no workload: service %q has no object here that runs pods", s.Name)}
	}
	used := map[string]bool{}
	var seen []string
	for _, object := range objects {
		for _, container := range Containers(object) {
			reference, _ := container["image"].(string)
			seen = append(seen, fmt.Sprintf("%q", reference))
			for key, repository := range s.Repositories {
				if reference == key || image.Repository(reference) == repository {
					container["image"] = repository
					used[key] = true
				}
			}
		}
	}
	var faults []error
	for key, repository := range s.Repositories {
		if !used[key] {
			faults = append(faults, &UnusedImageError{Service: s.Name, Manifests: s.Manifests,
				Key: key, Repository: repository, Seen: slices.Compact(seen)})
		}
	}
	return errors.Join(faults...)
}

// Pin has the containers that Build gave the repository of an image run just that image.
func Pin(objects []Object, images map[string]image.Image) {
	for _, object := range objects {
		for _, container := range Containers(object) {
			for _, pinned := range images {
				if container["image"] == pinned.Repository {
					container["image"] = pinned.String()
				}
			}
		}
	}
}

// mayRun reports whether an object has pods, or could have: of what others define that
// is not known.
func mayRun(object Object) bool {
	return len(podTemplates(object)) > 0 || IsCustom(object.GroupVersionKind())
}

// UnusedImageError says that no container runs an image of a service.
type UnusedImageError struct {
	Service, Manifests, Key, Repository string
	Seen                                []string // the images that containers do run, quoted
}

func (e *UnusedImageError) Error() string {
	return fmt.Sprintf("%s: no container of service %q runs image %q or %q; there are %s",
		e.Manifests, e.Service, e.Key, e.Repository, strings.Join(e.Seen, ", "))
}
