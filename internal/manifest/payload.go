package manifest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/revision"
)

// mapSize is how many bytes one ConfigMap or Secret may hold, as etcd takes them: one
// file of any size is less. etcd takes 1.5 MiB in one request.
const mapSize = config.MaxFileSize + 2*maxKey + entrySize

const maxKey = 253

const executableMode = 0o755

// entrySize is how many bytes an entry takes beside its value and twice its key, of
// which managedFields have one.
const entrySize = 32

// sizeOf is how much of mapSize an entry takes.
func sizeOf(key string, data []byte) int { return 2*len(key) + entrySize + len(data) }

// payload is a tree that all containers of a service see as a volume.
type payload struct {
	service    string // whose it is
	volume     string // its name in pods
	kind       string // of the objects that hold it: ConfigMap or Secret
	name       string // what manifests call it: the objects' names begin with it
	annotation string // of pods: its hash
	tree       config.Tree
	services   []string          // of the app that have such a tree
	mount      string            // where containers see it
	toAll      bool              // whether all containers get the variables of its *.env files
	env        map[string]string // those variables, where some container gets them
}

// payloads are the service's configuration and its secrets.
func (s Service) payloads() []payload {
	return []payload{
		{
			service: s.Name, volume: "skycap-config", kind: "ConfigMap", name: payloadName(s.App, s.Name, "ConfigMap"),
			annotation: AnnotationConfig, tree: s.Config, services: s.WithConfig, mount: s.Mount, toAll: s.Env,
		},
		{
			service: s.Name, volume: "skycap-secrets", kind: "Secret", name: payloadName(s.App, s.Name, "Secret"),
			annotation: AnnotationSecrets, tree: s.Secrets, services: s.WithSecrets, mount: s.SecretsMount,
		},
	}
}

// payloadName is what the name of each object of a kind begins with that holds a
// service's configuration, or its secrets.
func payloadName(app, service, kind string) string {
	return app + "-" + service + "-" + map[string]string{"ConfigMap": "config", "Secret": "secrets"}[kind]
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
func (p payload) pack() []*holder {
	var packed []*holder
	for _, name := range p.tree.Files.Paths() {
		file := p.tree.Files[name]
		key := fileKey(name)
		if len(packed) == 0 || packed[len(packed)-1].size+sizeOf(key, file.Data) > mapSize {
			packed = append(packed, p.newHolder(len(packed)))
		}
		packed[len(packed)-1].add(key, name, file)
	}
	if len(p.env) > 0 {
		variables := p.newHolder(len(packed))
		variables.isEnv = true
		for _, name := range slices.Sorted(maps.Keys(p.env)) {
			variables.put(name, []byte(p.env[name]))
		}
		packed = append(packed, variables)
	}
	return packed
}

// newHolder makes the object of an index: its name is a contract.
func (p payload) newHolder(index int) *holder {
	if index == 0 {
		return p.holderOf("")
	}
	return p.holderOf(fmt.Sprintf("-%d", index+1))
}

// holderOf makes the object whose name ends so, after the payload's hash.
func (p payload) holderOf(end string) *holder {
	name := p.name + "-" + p.tree.Hash + end
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": p.kind,
		"metadata":  map[string]any{"name": name},
		"immutable": true,
	}}
	return &holder{object: Object{Unstructured: object}}
}

// holderName matches the names that holderOf gives.
func holderName(kind, app, service string) *regexp.Regexp {
	return regexp.MustCompile("^" + regexp.QuoteMeta(payloadName(app, service, kind)) + "-([0-9a-f]{10})(-[0-9]+|" + pullEnd + ")?$")
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
		item["mode"] = int64(executableMode)
	}
	m.exact = m.exact || key != name || file.Executable
	m.items = append(m.items, item)
	m.put(key, file.Data)
}

// put stores text as data, and as binaryData what JSON would not carry as it is. A
// Secret's data is in base64 always.
func (m *holder) put(key string, data []byte) {
	m.size += sizeOf(key, data)
	switch {
	case m.object.GetKind() == "Secret":
		child(m.object.Object, "data")[key] = base64.StdEncoding.EncodeToString(data)
	case m.isEnv, isText(data): // variables come from data alone
		child(m.object.Object, "data")[key] = string(data)
	default:
		child(m.object.Object, "binaryData")[key] = base64.StdEncoding.EncodeToString(data)
	}
}

// isText reports whether JSON carries data as it is, at no more than thrice the length:
// Go spells out what means something in HTML, in six bytes each, and the API server
// takes 3 MiB in one request.
func isText(data []byte) bool {
	spelledOut := 0
	for _, char := range data {
		switch {
		case char < ' ' && char != '\n' && char != '\t' && char != '\r', char == 0x7f:
			return false
		case char == '<', char == '>', char == '&':
			spelledOut++
		}
	}
	return spelledOut*10 <= len(data)*3 && utf8.Valid(data)
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
	for i, held := range packed {
		objects[i] = held.object
	}
	return objects
}
