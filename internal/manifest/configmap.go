package manifest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/revision"
)

// mapSize is how many bytes of keys and values one ConfigMap may hold: what
// etcd takes in one request, less the rest of the object.
const mapSize = config.MaxFileSize + maxKey

const maxKey = 253

// volume is the name of the volume that holds the configuration.
const volume = "skycap-config"

// configMap is an immutable ConfigMap and how its keys become files.
type configMap struct {
	object Object
	size   int
	items  []any // key, path and mode of each key
	exact  bool  // whether some key needs its item: its path or mode differs
	isEnv  bool  // whether it holds environment variables, not files
}

// configMaps packs the configuration into as few ConfigMaps as hold it, in the
// order of the files' paths. Environment variables get the last one.
func (s Service) configMaps() []*configMap {
	var packed []*configMap
	for _, name := range s.Config.Files.Paths() {
		file := s.Config.Files[name]
		key := fileKey(name)
		size := len(key) + len(file.Data)
		if len(packed) == 0 || packed[len(packed)-1].size+size > mapSize {
			packed = append(packed, s.newConfigMap(len(packed)))
		}
		packed[len(packed)-1].add(key, name, file)
	}
	if s.Env && len(s.Config.Env) > 0 {
		variables := s.newConfigMap(len(packed))
		variables.isEnv = true
		for _, name := range slices.Sorted(maps.Keys(s.Config.Env)) {
			variables.put(name, []byte(s.Config.Env[name]))
		}
		packed = append(packed, variables)
	}
	return packed
}

// newConfigMap makes the map of an index: its name is a contract.
func (s Service) newConfigMap(index int) *configMap {
	name := fmt.Sprintf("%s-%s-config-%s", s.App, s.Name, s.Config.Hash)
	if index > 0 {
		name = fmt.Sprintf("%s-%d", name, index+1)
	}
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata":  map[string]any{"name": name},
		"immutable": true,
	}}
	return &configMap{object: Object{Unstructured: object}}
}

// configName matches the names that newConfigMap gives.
func configName(app, service string) *regexp.Regexp {
	return regexp.MustCompile("^" + regexp.QuoteMeta(app+"-"+service) + "-config-([0-9a-f]{10})(-[0-9]+)?$")
}

// ConfigHash is the hash of the configuration that a ConfigMap of a service is of.
func ConfigHash(name, app, service string) (hash string, ok bool) {
	found := configName(app, service).FindStringSubmatch(name)
	if found == nil {
		return "", false
	}
	return found[1], true
}

func (m *configMap) add(key, name string, file revision.File) {
	item := map[string]any{"key": key, "path": name}
	if file.Executable {
		item["mode"] = int64(0o755)
	}
	m.exact = m.exact || key != name || file.Executable
	m.items = append(m.items, item)
	m.size += len(key) + len(file.Data)
	m.put(key, file.Data)
}

// put stores text as data, and as binaryData what JSON would not carry as it is.
func (m *configMap) put(key string, data []byte) {
	if isText(data) {
		child(m.object.Object, "data")[key] = string(data)
	} else {
		child(m.object.Object, "binaryData")[key] = base64.StdEncoding.EncodeToString(data)
	}
}

func isText(data []byte) bool {
	return utf8.Valid(data) && !slices.ContainsFunc([]rune(string(data)), func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0x7f
	})
}

// plainKey is what a ConfigMap's key may be, less what mounts refuse: a leading
// "..", and what could be taken for an encoded key.
var plainKey = regexp.MustCompile(`^[-._a-zA-Z0-9]{1,253}$`)

var encodedKey = regexp.MustCompile(`^x-[0-9a-f]{16}$`)

// fileKey is a path itself where a key can hold it, or else its encoding.
func fileKey(name string) string {
	if plainKey.MatchString(name) && name != "." && !strings.HasPrefix(name, "..") && !encodedKey.MatchString(name) {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return "x-" + hex.EncodeToString(sum[:])[:16]
}

func objectsOf(maps []*configMap) []Object {
	objects := make([]Object, len(maps))
	for i, m := range maps {
		objects[i] = m.object
	}
	return objects
}

// mountConfig lets every container of a pod see the configuration.
func (s Service) mountConfig(object Object, pod map[string]any, maps []*configMap) error {
	if len(maps) == 0 {
		return nil
	}
	spec := child(pod, "spec")
	volumes, _ := spec["volumes"].([]any)
	for _, other := range volumes {
		if other, ok := other.(map[string]any); ok && other["name"] == volume {
			return &Fault{Source: object.Source, Message: fmt.Sprintf("volume name %q is taken: it is the configuration's", volume)}
		}
	}
	spec["volumes"] = append(volumes, volumeOf(maps))
	for _, container := range containersOf(pod) {
		if err := s.mountInto(object, container); err != nil {
			return err
		}
		setEnv(container, maps)
	}
	return nil
}

func (s Service) mountInto(object Object, container map[string]any) error {
	mounts, _ := container["volumeMounts"].([]any)
	for _, other := range mounts {
		other, _ := other.(map[string]any)
		if place, _ := other["mountPath"].(string); path.Clean(place) == path.Clean(s.Mount) {
			return &Fault{Source: object.Source, Message: fmt.Sprintf(
				"container %q already mounts something at %q, where the configuration goes", container["name"], s.Mount)}
		}
	}
	container["volumeMounts"] = append(mounts, map[string]any{"name": volume, "mountPath": s.Mount, "readOnly": true})
	return nil
}

// volumeOf is a plain ConfigMap volume where one map says it all, and a
// projected one otherwise. Items only where they are needed: thousands of them
// make a pod slow to start.
func volumeOf(maps []*configMap) map[string]any {
	var sources []any
	for _, m := range maps {
		if m.isEnv {
			continue
		}
		source := map[string]any{"name": m.object.GetName()}
		if m.exact {
			source["items"] = m.items
		}
		sources = append(sources, map[string]any{"configMap": source})
	}
	if len(sources) == 1 {
		source, _ := sources[0].(map[string]any)
		return map[string]any{"name": volume, "configMap": source["configMap"]}
	}
	return map[string]any{"name": volume, "projected": map[string]any{"sources": sources}}
}

// ConfigPaths adds which path stands behind each key of the configuration that an
// object's pods mount.
func ConfigPaths(object Object, paths map[string]string) {
	for _, pod := range podTemplates(object) {
		volumes, _ := child(pod, "spec")["volumes"].([]any)
		for _, mounted := range volumes {
			if mounted, ok := mounted.(map[string]any); ok && mounted["name"] == volume {
				addPaths(mounted, paths)
			}
		}
	}
}

func addPaths(value any, paths map[string]string) {
	switch value := value.(type) {
	case map[string]any:
		key, hasKey := value["key"].(string)
		name, hasPath := value["path"].(string)
		if hasKey && hasPath {
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

func setEnv(container map[string]any, maps []*configMap) {
	for _, m := range maps {
		if m.isEnv {
			from, _ := container["envFrom"].([]any)
			container["envFrom"] = append(from, map[string]any{"configMapRef": map[string]any{"name": m.object.GetName()}})
		}
	}
}
