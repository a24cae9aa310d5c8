// Package manifest makes a service's Kubernetes objects: it loads them from the
// revision, pins their images, mounts their configuration and labels them. It
// is pure: what it reads comes in as values.
package manifest

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/revision"
)

// Object is one Kubernetes object and where it was written down.
type Object struct {
	*unstructured.Unstructured
	Source string   // file, or file:line; empty for an object of our own
	Allow  []string // what skycap.yaml allows its service by name

	Withheld bool // a Secret whose values no record has: it stays as it is
}

// String names the object as kubectl does, with its group left out.
func (o Object) String() string { return fmt.Sprintf("%s %q", o.GetKind(), o.GetName()) }

// Masked is the object as it may be shown: without the values of a Secret.
func (o Object) Masked() Object {
	if o.GetKind() != "Secret" {
		return o
	}
	shown := o.DeepCopy()
	for _, field := range []string{"data", "stringData"} {
		for key := range child(shown.Object, field) {
			child(shown.Object, field)[key] = "[masked]"
		}
		if len(child(shown.Object, field)) == 0 {
			delete(shown.Object, field)
		}
	}
	return Object{Unstructured: shown, Source: o.Source, Allow: o.Allow}
}

// Service is what a service's objects are made from.
type Service struct {
	App, Name, Environment string
	Namespace              string
	Files                  revision.Tree     // of the revision
	Manifests              string            // the path of a file, folder or kustomization
	Allow                  []string          // what skycap.yaml allows by name
	Repositories           map[string]string // of its images, by their names
	Config                 config.Tree
	Mount                  string // where containers see Config; empty for nowhere
	Env                    bool   // whether *.env files of Config become environment variables of all containers
	Secrets                config.Tree
	WithConfig             []string // the app's services that skycap.yaml has configuration of
	WithSecrets            []string // and secrets
	SecretsMount           string   // where containers see Secrets; empty for nowhere
}

// Build makes the service's objects in the order in which they are to be
// applied. Their images are left to Pin. Its error joins one for each thing that is wrong.
func (s Service) Build() ([]Object, error) {
	objects, err := Load(s.Files, s.Manifests, slices.Contains(s.Allow, AllowRemoteBases))
	if err != nil { // what else is wrong can be said of those that could be read
		return nil, errors.Join(err, s.check(objects))
	}
	faults := []error{s.check(objects), s.nameImages(objects)}
	var rendered []Object
	for _, p := range s.payloads() {
		holders, err := p.place(objects)
		rendered = append(rendered, holders...)
		faults = append(faults, err, s.checkReferences(p, objects))
	}
	for _, object := range objects {
		for _, pod := range podTemplates(object) {
			s.labelPod(pod)
			faults = append(faults, checkSize(object))
		}
	}
	objects = append(objects, rendered...)
	for i, object := range objects {
		s.label(object)
		objects[i].Allow = s.Allow
	}
	Sort(objects)
	return objects, errors.Join(faults...)
}

// Labels that every object of a release carries.
const (
	LabelManagedBy   = "app.kubernetes.io/managed-by"
	LabelApp         = "skycap.dev/app"
	LabelService     = "skycap.dev/service"
	LabelEnvironment = "skycap.dev/environment"

	// ManagedBy is the value of LabelManagedBy.
	ManagedBy = "skycap"
	// AnnotationConfig is the configuration's hash, on pods, or Unused.
	AnnotationConfig = "skycap.dev/config"
	// AnnotationSecrets is the secrets' hash, on pods, or Unused.
	AnnotationSecrets = "skycap.dev/secrets"
	// Unused stands in the place of a hash, on pods that see none of the service's
	// configuration, or of its secrets, since other pods name it and these don't.
	Unused = "unused"
)

func (s Service) labels() map[string]string {
	return map[string]string{LabelManagedBy: ManagedBy, LabelApp: s.App, LabelService: s.Name, LabelEnvironment: s.Environment}
}

func (s Service) label(object Object) {
	labels := object.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, s.labels())
	object.SetLabels(labels)
}

// labelPod marks a pod template with what its pods are found by. Neither revision nor
// release: those would roll pods that need not roll.
func (s Service) labelPod(pod map[string]any) {
	labels := child(child(pod, "metadata"), "labels")
	for name, value := range s.labels() { // of another type of map
		labels[name] = value
	}
}

// child is the map below a key, made when it isn't there.
func child(parent map[string]any, key string) map[string]any {
	found, ok := parent[key].(map[string]any)
	if !ok {
		found = map[string]any{}
		parent[key] = found
	}
	return found
}
