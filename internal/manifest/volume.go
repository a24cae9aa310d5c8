package manifest

import (
	"fmt"
	"path"
)

// mountInto lets all containers of a pod see a payload, at its mount.
func (p payload) mountInto(object Object, pod map[string]any, packed []*holder) error {
	spec := child(pod, "spec")
	for _, other := range mapsIn(spec["volumes"]) {
		if other["name"] == p.volume {
			return &Fault{Source: object.Source, Message: fmt.Sprintf("volume name %q is taken: it is that of %s %q", p.volume, p.kind, p.name)}
		}
	}
	sources, err := p.sources(object, packed, nil, nil)
	if err != nil {
		return err
	}
	volume := map[string]any{"name": p.volume}
	p.fill(volume, sources, nil)
	spec["volumes"] = appended(spec["volumes"], volume)
	for _, container := range containersOf(pod) {
		for _, other := range mapsIn(container["volumeMounts"]) {
			if place, _ := other["mountPath"].(string); path.Clean(place) == path.Clean(p.mount) {
				return &Fault{Source: object.Source, Message: fmt.Sprintf(
					"container %q already mounts something at %q, where %s %q goes", container["name"], p.mount, p.kind, p.name)}
			}
		}
		container["volumeMounts"] = appended(container["volumeMounts"], map[string]any{"name": p.volume, "mountPath": p.mount, "readOnly": true})
	}
	return nil
}

// appended is a list with one more item.
func appended(list any, item map[string]any) []any {
	items, _ := list.([]any)
	return append(items, item)
}

// field is what a volume has for a kind of object.
func (p payload) field() string {
	if p.kind == "Secret" {
		return "secret"
	}
	return "configMap"
}

// fill makes a plain volume where one object says it all, and a projected one otherwise.
func (p payload) fill(volume map[string]any, sources []any, defaultMode any) {
	of := map[string]any{"sources": sources}
	if len(sources) == 1 {
		of = child(sources[0].(map[string]any), p.field()) //nolint:forcetypeassert // made by sources
		volume[p.field()] = of
	} else {
		volume["projected"] = of
	}
	if name, ok := of["name"]; ok && p.kind == "Secret" { // where it is no projection, its name has another key
		of["secretName"] = name
		delete(of, "name")
	}
	if defaultMode != nil {
		of["defaultMode"] = defaultMode
	}
}

// sources are what a projected volume shows of a payload: all, or the items that its
// manifest said, with the mode that it said. Items only where they are needed: thousands
// of them make a pod slow to start.
func (p payload) sources(object Object, packed []*holder, said map[string]any, defaultMode any) ([]any, error) {
	items := map[*holder][]any{}
	for _, item := range mapsIn(said["items"]) {
		name, _ := item["key"].(string)
		held, known, ok := holding(packed, name)
		if !ok && said["optional"] == true {
			continue
		}
		if !ok {
			return nil, p.missing(object, name)
		}
		item["key"] = known["key"]
		if item["mode"] == nil && known["mode"] != nil {
			item["mode"] = executable(defaultMode)
		}
		items[held] = append(items[held], item)
	}
	var sources []any
	for _, held := range packed {
		chosen := items[held]
		if said["items"] == nil && held.exact {
			chosen = withMode(held.items, defaultMode)
		}
		if held.isEnv || said["items"] != nil && len(chosen) == 0 {
			continue
		}
		source := map[string]any{"name": held.object.GetName()}
		if len(chosen) > 0 {
			source["items"] = chosen
		}
		if said["optional"] != nil {
			source["optional"] = said["optional"]
		}
		sources = append(sources, map[string]any{p.field(): source})
	}
	return sources, nil
}

// withMode is all items of an object, executable ones as a volume's default mode has them.
func withMode(items []any, defaultMode any) []any {
	all := make([]any, len(items))
	for i, item := range mapsIn(items) {
		if all[i] = item; item["mode"] != nil {
			all[i] = with(item, "mode", executable(defaultMode))
		}
	}
	return all
}

// executable is the mode of an executable file in a volume: whoever may read it by the
// default that a manifest says may also execute it.
func executable(defaultMode any) int64 {
	if mode, ok := defaultMode.(int64); ok {
		return mode | mode&0o444>>2
	}
	return executableMode
}

// missing is the fault of a manifest that names a file which there isn't.
func (p payload) missing(object Object, name string) error {
	return &Fault{Source: object.Source, Message: fmt.Sprintf(
		"%s names %q of %s %q, which has no such file at this revision", object, name, p.kind, p.name)}
}

// ConfigPaths adds which path stands behind each encoded key that an object's pods mount.
func ConfigPaths(object Object, paths map[string]string) {
	for _, pod := range podTemplates(object) {
		addPaths(child(pod, "spec")["volumes"], paths)
	}
}

func addPaths(value any, paths map[string]string) {
	switch value := value.(type) {
	case map[string]any:
		key, _ := value["key"].(string)
		if name, hasPath := value["path"].(string); hasPath && encodedKey.MatchString(key) {
			paths[key] = name
		}
		for _, below := range value {
			addPaths(below, paths)
		}
	case []any:
		for _, below := range value {
			addPaths(below, paths)
		}
	}
}
