package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// pullFiles are the files that the kubelet pulls images with, the one that it would rather
// have first. The type of a Secret with one is named after it.
func pullFiles() []string { return []string{".dockerconfigjson", ".dockercfg"} }

// pullEnd is what the name ends in of the Secret that images are pulled with. It has a
// name and the type of its own: nobody can change the type of one that there is.
const pullEnd = "-pull"

// pulls are the references of an object, or of its pods, to Secrets that images are
// pulled with.
func (p payload) pulls(object Object) []map[string]any {
	if p.kind != "Secret" {
		return nil
	}
	var found []map[string]any
	if object.GetKind() == "ServiceAccount" {
		found = mapsIn(object.Object["imagePullSecrets"])
	}
	for _, pod := range podTemplates(object) {
		found = append(found, mapsIn(child(pod, "spec")["imagePullSecrets"])...)
	}
	return found
}

// pullers are the objects that have images be pulled with the payload, by its name.
func (p payload) pullers(objects []Object) []Object {
	return slices.DeleteFunc(slices.Clone(objects), func(o Object) bool { return !slices.ContainsFunc(p.pulls(o), p.isNamed) })
}

// pointPulls has images be pulled with an object that holds the file for it alone, which
// it returns if there are any. The payload is mounted as if there were none.
func (p payload) pointPulls(objects []Object) ([]*holder, error) {
	pullers := p.pullers(objects)
	if len(pullers) == 0 {
		return nil, nil
	}
	held, err := p.pullHolder()
	if err != nil {
		return nil, p.pullFaults(pullers, err)
	}
	for _, object := range pullers {
		for _, reference := range p.pulls(object) {
			if p.isNamed(reference) {
				reference["name"] = held.object.GetName()
			}
		}
	}
	return []*holder{held}, nil
}

// pullHolder makes the Secret that images are pulled with. The API server takes no
// other file than a JSON object.
func (p payload) pullHolder() (*holder, error) {
	for _, name := range pullFiles() {
		file, ok := p.tree.Files[name]
		if !ok {
			continue
		}
		if json.Unmarshal(file.Data, &map[string]any{}) != nil { // whose error could show some of it
			return nil, fmt.Errorf("the file %q among the secrets of service %q has to be a JSON object", name, p.service)
		}
		held := p.holderOf(pullEnd)
		held.object.Object["type"] = "kubernetes.io/" + strings.TrimPrefix(name, ".")
		held.put(name, file.Data)
		return held, nil
	}
	return nil, fmt.Errorf("a file %q is needed among the secrets of service %q", pullFiles()[0], p.service)
}

// pullFaults are those of objects that have images be pulled with what can't be.
func (p payload) pullFaults(pullers []Object, why error) error {
	var faults []error
	for _, object := range pullers {
		faults = append(faults, &Fault{Source: object.Source, Message: fmt.Sprintf(
			"%s names %s %q in imagePullSecrets: to pull images, %v", object, p.kind, p.name, why)})
	}
	return errors.Join(faults...)
}
