package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/skycap/skycap/internal/revision"
)

// AllowRemoteBases is what a service's allow list says to let kustomize fetch from elsewhere.
const AllowRemoteBases = "remote-bases"

// kustomize builds a kustomization in memory: it sees the revision and nothing
// of this machine.
func kustomize(files revision.Tree, folder string, remoteBases bool) ([]Object, error) {
	names, loads, err := reach(files, folder)
	if err != nil {
		return nil, err
	}
	if !remoteBases {
		if err := refuseRemote(files, loads); err != nil {
			return nil, err
		}
	}
	if err := checkResources(files, names, loads); err != nil {
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
func refuseRemote(files revision.Tree, loads []load) error {
	var faults []error
	for _, each := range loads {
		switch {
		case each.isText():
		case remote.MatchString(each.entry):
			faults = append(faults, &RemoteError{Source: each.from, Base: each.entry})
		case (each.isWhole() || each.isIn("crds", "configurations")) && len(files.Under(each.place())) == 0:
			faults = append(faults, &Fault{Source: each.from, Message: fmt.Sprintf(
				"%s names %q, which the revision does not have", each.field, each.entry)})
		}
	}
	return errors.Join(faults...)
}

// checkResources refuses resources that are no Kubernetes objects, where kustomize would
// tell neither file nor line, and YAML whose aliases multiply, which it would write out.
func checkResources(files revision.Tree, names []string, loads []load) error {
	var faults []error
	read := slices.Clone(names)
	for _, each := range loads {
		if !each.isIn("configmapgenerator", "secretgenerator") { // of these the files are no YAML to it
			read = append(read, each.place())
		}
		if !each.isIn("resources") {
			continue
		}
		objects, err := parse(each.place(), files[each.place()].Data)
		faults = append(faults, err)
		for _, object := range objects {
			faults = append(faults, object.checkKind())
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	slices.Sort(read)
	for _, name := range slices.Compact(read) {
		faults = append(faults, checkDocuments(name, files[name].Data), checkAliases(name, files[name].Data))
	}
	for _, name := range names { // patches and plugins may stand in it as texts
		content, _ := parseYAML(files[name].Data)
		for _, text := range texts(content) {
			faults = append(faults, checkAliases(name, []byte(text)))
		}
	}
	return errors.Join(faults...)
}

var endlessAlias = regexp.MustCompile("excessive aliasing|contains itself")

// checkDocuments refuses documents that kustomize would leave out.
func checkDocuments(name string, data []byte) error {
	for _, each := range documents(data) {
		if _, isEmpty := each.leadingBlank(); each.unmarked && !isEmpty {
			return &Fault{Source: each.place(name), Message: `a document without "---" before it, which kustomize leaves out: put that there`}
		}
	}
	return nil
}

// checkAliases refuses what the reader of YAML calls excessive. What is no YAML is none.
func checkAliases(name string, data []byte) error {
	if !bytes.Contains(data, []byte("&")) || !bytes.Contains(data, []byte("*")) {
		return nil
	}
	for _, each := range documents(data) {
		if _, err := yaml.YAMLToJSON(each.text); err != nil && endlessAlias.MatchString(err.Error()) {
			return &Fault{Source: name, Message: err.Error()}
		}
	}
	return nil
}

// RemoteError says that a kustomization would fetch something from elsewhere.
type RemoteError struct {
	Source, Base string
}

func (e *RemoteError) Error() string {
	return fmt.Sprintf("%s: remote base %q: what runs must come from the revision", e.Source, e.Base)
}
