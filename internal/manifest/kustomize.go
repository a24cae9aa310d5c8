package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/skycap/skycap/internal/revision"
)

// AllowRemoteBases is what a service's allow list says to let kustomize fetch from elsewhere.
const AllowRemoteBases = "remote-bases"

// kustomization is the path of the kustomization in a folder, or empty.
func kustomization(files revision.Tree, folder string) string {
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		if _, ok := files[path.Join(folder, name)]; ok {
			return path.Join(folder, name)
		}
	}
	return ""
}

// kustomizations are the paths of all kustomizations in a tree.
func kustomizations(files revision.Tree) []string {
	return slices.DeleteFunc(files.Paths(), func(name string) bool {
		return !slices.Contains([]string{"kustomization.yaml", "kustomization.yml", "Kustomization"}, path.Base(name))
	})
}

// kustomize builds a kustomization in memory: it sees the revision and nothing
// of this machine.
func kustomize(files revision.Tree, folder string, remoteBases bool) ([]Object, error) {
	if !remoteBases {
		if err := refuseRemote(files); err != nil {
			return nil, err
		}
	}
	if err := checkResources(files); err != nil {
		return nil, err
	}
	disk := filesys.MakeFsInMemory()
	for name, file := range files {
		if err := disk.WriteFile("/"+name, file.Data); err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(disk, "/"+folder)
	if err != nil {
		return nil, &Fault{Source: folder, Message: err.Error()}
	}
	var objects []Object
	for _, resource := range built.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			return nil, &Fault{Source: folder, Message: err.Error()}
		}
		content, err := parseYAML(text)
		if err != nil {
			return nil, &Fault{Source: folder, Message: err.Error()}
		}
		objects = append(objects, Object{Unstructured: &unstructured.Unstructured{Object: content}, Source: folder})
	}
	return objects, nil
}

// remote is what kustomize fetches: URLs, and the forms that git takes.
var remote = regexp.MustCompile(`(?i)^([a-z][a-z0-9+.-]*::|[a-z][a-z0-9+.-]*://|git@|[^/\s]+@[^/\s]+:|(www\.)?github\.com[/:])|\?ref=|\.git(/|$)|_git/`)

// refuseRemote finds what kustomize would fetch. Each entry that names another
// kustomization must also be there, since kustomize tries git with one that isn't.
func refuseRemote(files revision.Tree) error {
	for _, name := range kustomizations(files) {
		content, err := parseYAML(files[name].Data)
		if err != nil {
			return &Fault{Source: name, Message: err.Error()}
		}
		for _, entry := range texts(content) {
			if remote.MatchString(entry) {
				return &RemoteError{Source: name, Base: entry}
			}
		}
		for _, field := range []string{"resources", "bases", "components", "generators", "transformers", "validators", "crds", "configurations"} {
			for _, entry := range texts(content[field]) {
				place := path.Join(path.Dir(name), entry)
				if !strings.Contains(entry, "\n") && len(files.Under(place)) == 0 {
					return &Fault{Source: name, Message: fmt.Sprintf("%s names %q, which the revision does not have", field, entry)}
				}
			}
		}
	}
	return nil
}

// checkResources refuses resources that are no Kubernetes objects, where kustomize would
// tell neither file nor line, and YAML whose aliases multiply, which it would write out.
func checkResources(files revision.Tree) error {
	var faults []error
	for _, name := range kustomizations(files) {
		content, err := parseYAML(files[name].Data)
		if err != nil {
			return &Fault{Source: name, Message: err.Error()}
		}
		for _, entry := range texts(content["resources"]) {
			place := path.Join(path.Dir(name), entry)
			objects, err := parse(place, files[place].Data)
			faults = append(faults, err)
			for _, object := range objects {
				faults = append(faults, object.checkKind())
			}
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	for _, name := range files.Paths() {
		data := files[name].Data
		if bytes.Contains(data, []byte("&")) && bytes.Contains(data, []byte("*")) {
			faults = append(faults, checkAliases(name, data))
		}
	}
	return errors.Join(faults...)
}

var endlessAlias = regexp.MustCompile("excessive aliasing|contains itself")

// checkAliases refuses what the reader of YAML calls excessive. What is no YAML is none.
func checkAliases(name string, data []byte) error {
	for reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data))); ; {
		document, err := reader.Read()
		if err != nil {
			return nil //nolint:nilerr // the end, or no YAML
		}
		if _, err := yaml.YAMLToJSON(document); err != nil && endlessAlias.MatchString(err.Error()) {
			return &Fault{Source: name, Message: err.Error()}
		}
	}
}

// RemoteError says that a kustomization would fetch something from elsewhere.
type RemoteError struct {
	Source, Base string
}

func (e *RemoteError) Error() string {
	return fmt.Sprintf("%s: remote base %q: what runs must come from the revision", e.Source, e.Base)
}

// Outside is the paths above a folder that its kustomizations name and the
// tree doesn't hold: what has to be read before Load can build them.
func Outside(files revision.Tree, folder string) []string {
	var missing []string
	for _, name := range files.Paths() {
		if name != kustomization(files, path.Dir(name)) {
			continue
		}
		var content map[string]any
		if yaml.Unmarshal(files[name].Data, &content) != nil {
			continue // Load says what is wrong with it
		}
		for _, entry := range texts(content) {
			place := path.Join(path.Dir(name), entry)
			above := strings.HasPrefix(entry, "../") && place != ".." && !strings.HasPrefix(place, "../")
			if above && place != folder && len(files.Under(place)) == 0 && !slices.Contains(missing, place) {
				missing = append(missing, place)
			}
		}
	}
	return missing
}

// texts is every text in a YAML value.
func texts(value any) []string {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		var found []string
		for _, item := range value {
			found = append(found, texts(item)...)
		}
		return found
	case map[string]any:
		var found []string
		for _, item := range value {
			found = append(found, texts(item)...)
		}
		slices.Sort(found)
		return found
	}
	return nil
}
