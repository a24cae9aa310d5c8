package release

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/pkg/skycap"
)

// Compare tells what a release changes of a service. Contents of configuration
// and values of Secrets are not shown.
func Compare(former, service Service) skycap.Differences {
	var differences skycap.Differences
	names := maps.Clone(former.Images)
	maps.Copy(names, service.Images)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if was, is := former.Images[name].Digest, service.Images[name].Digest; was != is {
			differences.Images = append(differences.Images, skycap.FieldChange{Path: name, Old: known(was), New: known(is)})
		}
	}
	if former.Config != service.Config {
		differences.Config = compareConfig(former, service)
	}
	if former.Secrets != service.Secrets {
		differences.Secrets = &skycap.FieldChange{Path: "secrets", Old: known(former.Secrets), New: known(service.Secrets)}
	}
	differences.Fields = append(compareObjects(former, service), compareFolders(former, service)...)
	return differences
}

// known is a digest or a hash; nil for none.
func known(hash string) any {
	if hash == "" {
		return nil
	}
	return hash
}

// compareObjects compares what manifests say: images and configuration are told of apart.
func compareObjects(former, service Service) []skycap.ObjectChange {
	was, is := byKey(former), byKey(service)
	all := maps.Clone(was)
	maps.Copy(all, is)
	var changes []skycap.ObjectChange
	for _, key := range slices.Sorted(maps.Keys(all)) {
		object := all[key]
		change := skycap.ObjectChange{Service: service.Name, Action: "update", Kind: object.GetKind(), Name: object.GetName()}
		switch {
		case was[key].Unstructured == nil:
			change.Action = "create"
		case is[key].Unstructured == nil:
			change.Action = "delete"
		default:
			change.Fields = compareFields(was[key], is[key])
			if len(change.Fields) == 0 {
				continue
			}
		}
		changes = append(changes, change)
	}
	return changes
}

func byKey(service Service) map[string]manifest.Object {
	found := map[string]manifest.Object{}
	for _, object := range service.Objects {
		if object.GetKind() != "Secret" && !isConfig(object, service) {
			found[manifest.Key(object.Unstructured)] = object
		}
	}
	return found
}

// isConfig reports whether an object is a ConfigMap of the service's configuration.
func isConfig(object manifest.Object, service Service) bool {
	return service.Config != "" && object.GetKind() == "ConfigMap" && strings.Contains(object.GetName(), "-config-"+service.Config)
}

// maskedValue matches the fields whose values may be secrets, or configuration.
var maskedValue = regexp.MustCompile(`\.env\[\d+\]\.value$|^(data|binaryData)(\.|$)|\.env$`)

func compareFields(was, is manifest.Object) []skycap.FieldChange {
	changes := slices.DeleteFunc(manifest.Compare(was.Object, is.Object), func(change skycap.FieldChange) bool {
		text := fmt.Sprint(change.Old, change.New)
		return strings.HasSuffix(change.Path, "].image") || strings.Contains(change.Path, manifest.AnnotationConfig) ||
			strings.Contains(change.Path, manifest.AnnotationSecrets) ||
			strings.Contains(text, "-config-") && strings.Contains(change.Path, "onfigMap") ||
			strings.Contains(text, "-secrets-") && strings.Contains(change.Path, ".secret.")
	})
	for i, change := range changes {
		if maskedValue.MatchString(change.Path) {
			changes[i].Old, changes[i].New = mask(change.Old), mask(change.New)
		}
	}
	return changes
}

// mask keeps the names of variables and keys, and no value.
func mask(value any) any {
	switch value := value.(type) {
	case nil:
		return nil
	case []any:
		names := make([]any, len(value))
		for i, variable := range value {
			names[i] = "[masked]"
			if variable, ok := variable.(map[string]any); ok {
				names[i] = variable["name"]
			}
		}
		return names
	case map[string]any:
		keys := map[string]any{}
		for key := range value {
			keys[key] = "[masked]"
		}
		return keys
	}
	return "[masked]"
}

// compareConfig compares the files of two configurations.
func compareConfig(former, service Service) []skycap.ConfigChange {
	was, is := files(former), files(service)
	all := maps.Clone(was)
	maps.Copy(all, is)
	var changes []skycap.ConfigChange
	for _, name := range slices.Sorted(maps.Keys(all)) {
		old, wasThere := was[name]
		updated, isThere := is[name]
		switch {
		case !wasThere:
			changes = append(changes, skycap.ConfigChange{Path: name, Change: "added"})
		case !isThere:
			changes = append(changes, skycap.ConfigChange{Path: name, Change: "removed"})
		case !bytes.Equal(old, updated):
			changes = append(changes, skycap.ConfigChange{Path: name, Change: "changed", Keys: changedKeys(name, old, updated)})
		}
	}
	return changes
}

// files are those of a service's configuration, by the path that its containers see.
func files(service Service) map[string][]byte {
	paths := map[string]string{}
	for _, object := range service.Objects {
		manifest.ConfigPaths(object, paths)
	}
	found := map[string][]byte{}
	for _, object := range service.Objects {
		if !isConfig(object, service) {
			continue
		}
		for _, field := range []string{"data", "binaryData"} {
			values, _ := object.Object[field].(map[string]any)
			for key, value := range values {
				text, _ := value.(string)
				content := []byte(text)
				if field == "binaryData" {
					content, _ = base64.StdEncoding.DecodeString(text) // we have written it
				}
				name := key
				if known := paths[key]; known != "" {
					name = known
				}
				found[name] = content
			}
		}
	}
	return found
}

// maxKeys is how many changed keys of one file are named.
const maxKeys = 10

// changedKeys names the keys that differ, of a file that has keys.
func changedKeys(name string, old, updated []byte) []string {
	was, is := config.Keys(name, old), config.Keys(name, updated)
	all := maps.Clone(was)
	maps.Copy(all, is)
	var changed []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if !reflect.DeepEqual(was[key], is[key]) {
			changed = append(changed, key)
		}
	}
	if len(changed) > maxKeys {
		changed = append(changed[:maxKeys], fmt.Sprintf("and %d more", len(changed)-maxKeys))
	}
	return changed
}
