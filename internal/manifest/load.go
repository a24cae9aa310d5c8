package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/skycap/skycap/internal/revision"
)

// Fault is one thing that is wrong with a manifest.
type Fault struct {
	Source  string // file or file:line
	Message string
}

func (f *Fault) Error() string { return f.Source + ": " + f.Message }

// Load reads the objects at a path of the tree: a YAML or JSON file, a folder
// of them (its sub-folders too), or a kustomization, or the folder of one. Its error
// joins a *Fault for each thing that is wrong.
func Load(files revision.Tree, at string, remoteBases bool) ([]Object, error) {
	at = folderOf(files, at)
	below := files.Under(at)
	if len(below) == 0 {
		return nil, &Fault{Source: at, Message: "no manifests there at this revision"}
	}
	if name := kustomization(files, at); name != "" {
		return kustomize(files, at, remoteBases)
	}
	var objects []Object
	var faults []error
	_, isFile := files[at]
	for _, name := range below.Paths() {
		source := at
		if !isFile {
			source = path.Join(at, name)
		}
		if !isFile && !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name)) {
			continue
		}
		found, err := parse(source, below[name].Data)
		objects = append(objects, found...)
		faults = append(faults, err)
	}
	if len(objects) == 0 && errors.Join(faults...) == nil {
		faults = append(faults, &Fault{Source: at, Message: "its files (*.yaml, *.yml, *.json) hold no object"})
	}
	return objects, errors.Join(faults...)
}

// parse reads the documents of one file.
func parse(source string, data []byte) ([]Object, error) {
	var objects []Object
	var faults []error
	for _, each := range documents(data) {
		found, err := each.parse(source)
		objects = append(objects, found...)
		faults = append(faults, err)
	}
	return objects, errors.Join(faults...)
}

// parse reads the objects of a document.
func (d document) parse(file string) ([]Object, error) {
	source := d.place(file)
	content, err := parseYAML(d.text)
	if err != nil {
		return nil, d.fault(file, err)
	}
	if len(content) == 0 { // nothing but comments
		return nil, nil
	}
	object := &unstructured.Unstructured{Object: content}
	if !object.IsList() {
		return []Object{{Unstructured: object, Source: source}}, nil
	}
	var objects []Object
	err = object.EachListItem(func(item runtime.Object) error {
		objects = append(objects, Object{Unstructured: item.(*unstructured.Unstructured), Source: source})
		return nil
	})
	if err != nil {
		return nil, &Fault{Source: source, Message: err.Error()}
	}
	return objects, nil
}

// The reader of YAML begins its errors with a line of what it was given, if it knows one.
var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors:)?\s*(?:line (\d+): )?`)

// fault says what is wrong with a document of a file.
func (d document) fault(file string, err error) error {
	place := yamlLine.FindStringSubmatch(err.Error())
	source := d.place(file)
	if within, isKnown := strconv.Atoi(place[1]); isKnown == nil {
		source = fmt.Sprintf("%s:%d", file, d.line+within-1)
	}
	message := strings.Join(strings.Fields(err.Error()[len(place[0]):]), " ")
	if bytes.Contains(d.text, []byte("{{")) {
		message += "; manifests are not rendered as templates"
	}
	return &Fault{Source: source, Message: message}
}

// parseYAML reads one mapping as Kubernetes does: whole numbers stay whole.
func parseYAML(document []byte) (map[string]any, error) {
	encoded, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return nil, err
	}
	var content any
	if err := utiljson.Unmarshal(encoded, &content); err != nil {
		return nil, err
	}
	object, isMap := content.(map[string]any)
	if !isMap && content != nil {
		return nil, errors.New("is no Kubernetes object: it has no keys")
	}
	return object, nil
}
