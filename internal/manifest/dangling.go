package manifest

import (
	"errors"
	"fmt"
	"maps"
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

// checkReferences refuses names that stand for what skycap.yaml renders of another
// service, where nothing makes such an object: pods would wait for it without end.
func (s Service) checkReferences(p payload, objects []Object) error {
	var faults []error
	for _, object := range objects {
		places := p.places(object)
		for _, name := range slices.Sorted(maps.Keys(places)) {
			owner, isOwned := s.ownerOf(p, name)
			if !isOwned || owner == s.Name || p.isMade(name, objects) {
				continue
			}
			faults = append(faults, &Fault{Source: object.Source, Message: fmt.Sprintf(
				"%s names %s %q in %s, which nothing makes: it stands for what skycap.yaml renders of service %q, and only that may use it; "+
					"correct the name, add that %s to the manifests, or say optional: true",
				object, p.kind, name, strings.Join(places[name], " and "), owner, p.kind)})
		}
	}
	return errors.Join(faults...)
}

// places are where an object names others of the payload's kind, by their names. What is
// optional is left out.
func (p payload) places(object Object) map[string][]string {
	places := map[string][]string{}
	for _, found := range p.references(object) {
		name := nameOf(found.to)
		if found.to["optional"] != true && !slices.Contains(places[name], found.place) {
			places[name] = append(places[name], found.place)
		}
	}
	return places
}

// ownerOf is the service whose tree a name stands for. Others may have made what is
// called alike for a service of which skycap.yaml has none.
func (s Service) ownerOf(p payload, name string) (service string, ok bool) {
	for _, service := range p.services {
		if payloadName(s.App, service, p.kind) == name {
			return service, true
		}
	}
	return "", false
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
