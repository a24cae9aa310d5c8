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

// mapSize is how many bytes of keys and values one ConfigMap or Secret may hold: what
// etcd takes in one request, less the rest of the object.
const mapSize = config.MaxFileSize + maxKey

const maxKey = 253

// configVolume is the name of the volume that holds the configuration.
const configVolume = "skycap-config"

// payload is a tree that all containers of a service see as a volume.
type payload struct {
	volume string // its name in pods
	kind   string // of the objects that hold it: ConfigMap or Secret
	word   string // in the names of the objects
	tree   config.Tree
	mount  string            // where containers see it
	env    map[string]string // what becomes environment variables
}

// payloads are the service's configuration and its secrets.
func (s Service) payloads() []payload {
	configuration := payload{volume: configVolume, kind: "ConfigMap", word: "config", tree: s.Config, mount: s.Mount}
	if s.Env {
		configuration.env = s.Config.Env
	}
	return []payload{
		configuration,
		{volume: "skycap-secrets", kind: "Secret", word: "secrets", tree: s.Secrets, mount: s.SecretsMount},
	}
}

// holder is an immutable ConfigMap or Secret and how its keys become files.
type holder struct {
	object Object
	size   int
	items  []any // key, path and mode of each key
	exact  bool  // whether some key needs its item: its path or mode differs
	isEnv  bool  // whether it holds environment variables, not files
}

// pack makes as few objects as hold a payload, in the order of the files' paths.
// Environment variables get the last one.
func (s Service) pack(p payload) []*holder {
	var packed []*holder
	for _, name := range p.tree.Files.Paths() {
		file := p.tree.Files[name]
		key := fileKey(name)
		size := len(key) + len(file.Data)
		if len(packed) == 0 || packed[len(packed)-1].size+size > mapSize {
			packed = append(packed, s.newHolder(p, len(packed)))
		}
		packed[len(packed)-1].add(key, name, file)
	}
	if len(p.env) > 0 {
		variables := s.newHolder(p, len(packed))
		variables.isEnv = true
		for _, name := range slices.Sorted(maps.Keys(p.env)) {
			variables.put(name, []byte(p.env[name]))
		}
		packed = append(packed, variables)
	}
	return packed
}

// newHolder makes the object of an index: its name is a contract.
func (s Service) newHolder(p payload, index int) *holder {
	name := fmt.Sprintf("%s-%s-%s-%s", s.App, s.Name, p.word, p.tree.Hash)
	if index > 0 {
		name = fmt.Sprintf("%s-%d", name, index+1)
	}
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": p.kind,
		"metadata":  map[string]any{"name": name},
		"immutable": true,
	}}
	return &holder{object: Object{Unstructured: object}}
}

// holderName matches the names that newHolder gives.
func holderName(kind, app, service string) *regexp.Regexp {
	word := map[string]string{"ConfigMap": "config", "Secret": "secrets"}[kind]
	return regexp.MustCompile("^" + regexp.QuoteMeta(app+"-"+service+"-"+word) + "-([0-9a-f]{10})(-[0-9]+)?$")
}

// RenderedHash is the hash of the configuration, or of the secrets, that an object
// of a kind, ConfigMap or Secret, is of.
func RenderedHash(kind, name, app, service string) (hash string, ok bool) {
	found := holderName(kind, app, service).FindStringSubmatch(name)
	if found == nil {
		return "", false
	}
	return found[1], true
}

func (m *holder) add(key, name string, file revision.File) {
	item := map[string]any{"key": key, "path": name}
	if file.Executable {
		item["mode"] = int64(0o755)
	}
	m.exact = m.exact || key != name || file.Executable
	m.items = append(m.items, item)
	m.size += len(key) + len(file.Data)
	m.put(key, file.Data)
}

// put stores text as data, and as binaryData what JSON would not carry as it is. A
// Secret's data is in base64 always.
func (m *holder) put(key string, data []byte) {
	switch {
	case m.object.GetKind() == "Secret":
		child(m.object.Object, "data")[key] = base64.StdEncoding.EncodeToString(data)
	case isText(data):
		child(m.object.Object, "data")[key] = string(data)
	default:
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

func objectsOf(packed []*holder) []Object {
	objects := make([]Object, len(packed))
	for i, m := range packed {
		objects[i] = m.object
	}
	return objects
}

// mountPayload lets every container of a pod see a payload.
func mountPayload(object Object, pod map[string]any, p payload, packed []*holder) error {
	if len(packed) == 0 {
		return nil
	}
	spec := child(pod, "spec")
	volumes, _ := spec["volumes"].([]any)
	for _, other := range volumes {
		if other, ok := other.(map[string]any); ok && other["name"] == p.volume {
			return &Fault{Source: object.Source, Message: fmt.Sprintf("volume name %q is taken: it is that of the service's %s", p.volume, p.word)}
		}
	}
	spec["volumes"] = append(volumes, p.volumeOf(packed))
	for _, container := range containersOf(pod) {
		if err := p.mountInto(object, container); err != nil {
			return err
		}
		setEnv(container, packed)
	}
	return nil
}

func (p payload) mountInto(object Object, container map[string]any) error {
	mounts, _ := container["volumeMounts"].([]any)
	for _, other := range mounts {
		other, _ := other.(map[string]any)
		if place, _ := other["mountPath"].(string); path.Clean(place) == path.Clean(p.mount) {
			return &Fault{Source: object.Source, Message: fmt.Sprintf(
				"container %q already mounts something at %q, where the %s goes", container["name"], p.mount, p.word)}
		}
	}
	container["volumeMounts"] = append(mounts, map[string]any{"name": p.volume, "mountPath": p.mount, "readOnly": true})
	return nil
}

// volumeOf is a plain volume where one object says it all, and a projected one
// otherwise. Items only where they are needed: thousands of them make a pod slow to
// start.
func (p payload) volumeOf(packed []*holder) map[string]any {
	field := "configMap"
	if p.kind == "Secret" {
		field = "secret"
	}
	var sources []any
	for _, m := range packed {
		if m.isEnv {
			continue
		}
		source := map[string]any{"name": m.object.GetName()}
		if m.exact {
			source["items"] = m.items
		}
		sources = append(sources, map[string]any{field: source})
	}
	if len(sources) != 1 {
		return map[string]any{"name": p.volume, "projected": map[string]any{"sources": sources}}
	}
	source := child(sources[0].(map[string]any), field) //nolint:forcetypeassert // made above
	if p.kind == "Secret" {                             // where it is no projection, its name has another key
		source["secretName"] = source["name"]
		delete(source, "name")
	}
	return map[string]any{"name": p.volume, field: source}
}

// ConfigPaths adds which path stands behind each key of the configuration that an
// object's pods mount.
func ConfigPaths(object Object, paths map[string]string) {
	for _, pod := range podTemplates(object) {
		volumes, _ := child(pod, "spec")["volumes"].([]any)
		for _, mounted := range volumes {
			if mounted, ok := mounted.(map[string]any); ok && mounted["name"] == configVolume {
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

func setEnv(container map[string]any, packed []*holder) {
	for _, m := range packed {
		if m.isEnv {
			from, _ := container["envFrom"].([]any)
			container["envFrom"] = append(from, map[string]any{"configMapRef": map[string]any{"name": m.object.GetName()}})
		}
	}
}
