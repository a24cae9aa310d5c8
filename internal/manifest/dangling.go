package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// reference is where an object names another one.
type reference struct {
	to    map[string]any
	place string // in the object
}

// references are all that an object's pods need of objects of the payload's kind.
func (p payload) references(object Object) []reference {
	var found []reference
	add := func(place string, named []map[string]any) {
		for _, to := range named {
			found = append(found, reference{to, place})
		}
	}
	for _, pod := range podTemplates(object) {
		for _, volume := range mapsIn(child(pod, "spec")["volumes"]) {
			add(fmt.Sprintf("volume %q", volume["name"]), p.shown(volume))
		}
		for _, container := range containersOf(pod) {
			add(fmt.Sprintf("envFrom of container %q", container["name"]), p.fromReferences(container))
			add(fmt.Sprintf("env of container %q", container["name"]), p.keyReferences(container))
		}
	}
	add("imagePullSecrets", p.pulls(object))
	return found
}

// checkReferences refuses names of the form that skycap gives what it renders, where
// nothing makes such an object: pods would wait for it without end.
func (s Service) checkReferences(p payload, objects []Object) error {
	var faults []error
	for _, object := range objects {
		for _, found := range p.references(object) {
			name := nameOf(found.to)
			isRendered := name == p.name && len(p.tree.Files) > 0
			if isRendered || found.to["optional"] == true || !s.standsForPayload(name, p.kind) || p.isMade(name, objects) {
				continue
			}
			faults = append(faults, &Fault{Source: object.Source, Message: fmt.Sprintf(
				"%s names %s %q in %s, which nothing makes: %s; correct the name, add that %s to the manifests, or say optional: true",
				object, p.kind, name, found.place, s.whyUnmade(p, name), p.kind)})
		}
	}
	return errors.Join(faults...)
}

// standsForPayload reports whether a name is of the form that payloadName gives, for whatever service.
func (s Service) standsForPayload(name, kind string) bool {
	before, after, _ := strings.Cut(payloadName(s.App, "\x00", kind), "\x00")
	return len(name) > len(before)+len(after) && strings.HasPrefix(name, before) && strings.HasSuffix(name, after)
}

// isMade reports whether the manifests have the object that a name means, or one of a
// custom kind that names it: its controller may make it.
func (p payload) isMade(name string, objects []Object) bool {
	return slices.ContainsFunc(objects, func(object Object) bool {
		if IsCustom(object.GroupVersionKind()) && len(podTemplates(object)) == 0 {
			return slices.Contains(texts(object.Object), name)
		}
		return object.GetKind() == p.kind && object.GetName() == name
	})
}

func (s Service) whyUnmade(p payload, name string) string {
	if name != p.name {
		return fmt.Sprintf("of names of this form manifests of service %q may use %q, which stands for what skycap.yaml renders of it", s.Name, p.name)
	}
	return fmt.Sprintf("service %q has no %s in environment %q", s.Name, payloadWord(p.kind), s.Environment)
}
