package manifest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// user is a pod template that sees a payload, and what of it says so.
type user struct {
	object  Object
	pod     map[string]any
	volumes []map[string]any // those that show the payload by its name
	hasEnv  bool             // whether some container takes variables from it by its name
}

func (u user) names() bool { return u.hasEnv || len(u.volumes) > 0 }

// place makes the objects that hold a payload, and lets pods see it. Those that name it,
// as if it were one object of the payload's name, get it where they do; if none does,
// all get it at its mount.
func (p payload) place(objects []Object) ([]Object, error) {
	if len(p.tree.Files) == 0 {
		return nil, nil
	}
	users := p.users(objects)
	isNamed := slices.ContainsFunc(users, user.names)
	var faults []error
	if isNamed || len(p.pullers(objects)) > 0 {
		faults = append(faults, p.checkFree(objects))
	}
	if p.toAll || slices.ContainsFunc(users, func(u user) bool { return u.hasEnv }) {
		variables, err := p.tree.Variables()
		p.env = variables
		faults = append(faults, err)
	}
	packed := p.pack()
	faults = append(faults, p.checkVariables(packed))
	for _, user := range users {
		hash := Unused
		if !isNamed || user.names() {
			hash = p.tree.Hash
			faults = append(faults, p.show(user, packed))
		}
		child(child(user.pod, "metadata"), "annotations")[p.annotation] = hash
	}
	pull, err := p.pointPulls(objects)
	return objectsOf(append(packed, pull...)), errors.Join(append(faults, err)...)
}

// users are all pod templates of the service.
func (p payload) users(objects []Object) []user {
	var users []user
	for _, object := range objects {
		for _, pod := range podTemplates(object) {
			found := user{object: object, pod: pod}
			for _, volume := range mapsIn(child(pod, "spec")["volumes"]) {
				if slices.ContainsFunc(p.shown(volume), p.isNamed) {
					found.volumes = append(found.volumes, volume)
				}
			}
			for _, container := range containersOf(pod) {
				found.hasEnv = found.hasEnv || slices.ContainsFunc(p.variables(container), p.isNamed)
			}
			users = append(users, found)
		}
	}
	return users
}

// isNamed reports whether a reference is to the payload's name.
func (p payload) isNamed(reference map[string]any) bool {
	return nameOf(reference) == p.name
}

// nameOf is the name in a reference, which volumes of Secrets have under another key.
func nameOf(reference map[string]any) string {
	for _, field := range []string{"name", "secretName"} {
		if name, ok := reference[field].(string); ok {
			return name
		}
	}
	return ""
}

// shown are the references of a volume to objects of the payload's kind.
func (p payload) shown(volume map[string]any) []map[string]any {
	found := below(volume, p.field())
	for _, projected := range below(volume, "projected") {
		for _, source := range mapsIn(projected["sources"]) {
			found = append(found, below(source, p.field())...)
		}
	}
	return found
}

// variables are the references of a container's environment to objects of the payload's kind.
func (p payload) variables(container map[string]any) []map[string]any {
	return append(p.fromReferences(container), p.keyReferences(container)...)
}

func (p payload) fromReferences(container map[string]any) []map[string]any {
	var found []map[string]any
	for _, from := range mapsIn(container["envFrom"]) {
		found = append(found, below(from, p.field()+"Ref")...)
	}
	return found
}

func (p payload) keyReferences(container map[string]any) []map[string]any {
	var found []map[string]any
	for _, variable := range mapsIn(container["env"]) {
		for _, from := range below(variable, "valueFrom") {
			found = append(found, below(from, p.field()+"KeyRef")...)
		}
	}
	return found
}

// checkVariables refuses more variables than one object can hold: a container takes
// them from one, so that a name in two files means the later.
func (p payload) checkVariables(packed []*holder) error {
	if last := packed[len(packed)-1]; last.isEnv && last.size > mapSize {
		return &Fault{Source: "*.env", Message: fmt.Sprintf(
			"the variables of %s %q are %d bytes; one object holds at most %d (900 KiB)", p.kind, p.name, last.size, mapSize)}
	}
	return nil
}

// checkFree refuses an object of the payload's own name: a reference could mean either.
func (p payload) checkFree(objects []Object) error {
	var faults []error
	for _, object := range objects {
		if object.GetKind() == p.kind && object.GetName() == p.name {
			faults = append(faults, &Fault{Source: object.Source, Message: fmt.Sprintf(
				"%s has the name that stands for what skycap.yaml renders; rename or remove it", object)})
		}
	}
	return errors.Join(faults...)
}

// show lets a pod see a payload.
func (p payload) show(u user, packed []*holder) error {
	var faults []error
	for _, volume := range u.volumes {
		faults = append(faults, p.pointVolume(u.object, volume, packed))
	}
	if len(u.volumes) == 0 {
		faults = append(faults, p.mountInto(u.object, u.pod, packed))
	}
	for _, container := range containersOf(u.pod) {
		p.pointEnv(container, packed)
		for _, reference := range p.keyReferences(container) {
			if p.isNamed(reference) {
				faults = append(faults, p.pointKey(u.object, reference, packed))
			}
		}
	}
	return errors.Join(faults...)
}

// pointVolume has a volume show the objects that hold the payload.
func (p payload) pointVolume(object Object, volume map[string]any, packed []*holder) error {
	direct, _ := volume[p.field()].(map[string]any)
	if direct != nil {
		sources, err := p.sources(object, packed, direct, direct["defaultMode"])
		delete(volume, p.field())
		p.fill(volume, sources, direct["defaultMode"])
		return err
	}
	projected := child(volume, "projected")
	var sources []any
	var faults []error
	for _, source := range mapsIn(projected["sources"]) {
		said, _ := source[p.field()].(map[string]any)
		if said == nil || !p.isNamed(said) {
			sources = append(sources, source)
			continue
		}
		those, err := p.sources(object, packed, said, projected["defaultMode"])
		sources = append(sources, those...)
		faults = append(faults, err)
	}
	projected["sources"] = sources
	return errors.Join(faults...)
}

// pointEnv has a container take its variables from the objects that hold them: those of
// the *.env files, or where there are none, each file as a variable of its name.
func (p payload) pointEnv(container map[string]any, packed []*holder) {
	holders := slices.DeleteFunc(slices.Clone(packed), func(h *holder) bool { return h.isEnv != (len(p.env) > 0) })
	var all []any
	field, isNamed := p.field()+"Ref", false
	for _, from := range mapsIn(container["envFrom"]) {
		said, _ := from[field].(map[string]any)
		if said == nil || !p.isNamed(said) {
			all = append(all, from)
			continue
		}
		isNamed = true
		for _, held := range holders {
			all = append(all, with(from, field, with(said, "name", held.object.GetName())))
		}
	}
	if p.toAll && !isNamed && len(p.env) > 0 {
		for _, held := range holders {
			all = append(all, map[string]any{field: map[string]any{"name": held.object.GetName()}})
		}
	}
	if len(all) > 0 {
		container["envFrom"] = all
	}
}

// pointKey has a variable's value come from the object that holds it: a variable of the
// *.env files, or else a file.
func (p payload) pointKey(object Object, reference map[string]any, packed []*holder) error {
	name, _ := reference["key"].(string)
	held, key, ok := packed[len(packed)-1], name, false
	if held.isEnv {
		_, ok = p.env[name]
	}
	if !ok {
		held, _, ok = holding(packed, name)
		key = fileKey(name)
	}
	switch {
	case !ok && reference["optional"] != true:
		return p.missing(object, name)
	case !ok:
		return nil
	}
	if binary, _ := held.object.Object["binaryData"].(map[string]any); binary[key] != nil {
		return &Fault{Source: object.Source, Message: fmt.Sprintf("%s takes a variable from %q of %s %q, which is no text", object, name, p.kind, p.name)}
	}
	reference["name"], reference["key"] = held.object.GetName(), key
	return nil
}

// holding finds the object that holds a file, and the file's item there.
func holding(packed []*holder, name string) (held *holder, item map[string]any, ok bool) {
	for _, held := range packed {
		for _, item := range mapsIn(held.items) {
			if item["path"] == name {
				return held, item, true
			}
		}
	}
	return nil, nil, false
}

// with is a copy of a map that has another value for a key.
func with(original map[string]any, key string, value any) map[string]any {
	changed := maps.Clone(original)
	changed[key] = value
	return changed
}

// below is the map at a key, if there is one.
func below(parent map[string]any, key string) []map[string]any {
	if found, ok := parent[key].(map[string]any); ok {
		return []map[string]any{found}
	}
	return nil
}

// mapsIn are the maps of a list.
func mapsIn(list any) []map[string]any {
	items, _ := list.([]any)
	var found []map[string]any
	for _, item := range items {
		if item, ok := item.(map[string]any); ok {
			found = append(found, item)
		}
	}
	return found
}
