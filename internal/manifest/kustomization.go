package manifest

import (
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/skycap/skycap/internal/revision"
)

func kustomizationNames() []string {
	return []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}
}

// kustomization is the path of the kustomization in a folder, or empty.
func kustomization(files revision.Tree, folder string) string {
	for _, name := range kustomizationNames() {
		if _, ok := files[path.Join(folder, name)]; ok {
			return path.Join(folder, name)
		}
	}
	return ""
}

// folderOf is where manifests lie that a path names: a kustomization stands for its folder.
func folderOf(files revision.Tree, at string) string {
	at = path.Clean(at)
	if _, isFile := files[at]; isFile && slices.Contains(kustomizationNames(), path.Base(at)) {
		return path.Dir(at)
	}
	return at
}

// load is something that a kustomization has kustomize load.
type load struct {
	from  string // the kustomization, or what it loads
	field string
	entry string
}

// place is where the repository has what is loaded.
func (l load) place() string { return path.Join(path.Dir(l.from), l.entry) }

// isIn reports whether the field that says so is one of some.
func (l load) isIn(fields ...string) bool { return slices.Contains(fields, l.field) }

// isWhole reports whether what is loaded may be a folder with a kustomization, too.
func (l load) isWhole() bool {
	return l.isIn("resources", "bases", "components") || l.isPlugin()
}

// isPlugin reports whether what is loaded, or the text itself, configures a plugin, which
// may load more.
func (l load) isPlugin() bool { return l.isIn("generators", "transformers", "validators") }

// isText reports whether an entry stands for itself: YAML, and no path.
func (l load) isText() bool {
	var content map[string]any
	mayBe := l.isPlugin() || l.isIn("patchesstrategicmerge")
	return mayBe && strings.Contains(l.entry, ":") && yaml.Unmarshal([]byte(l.entry), &content) == nil && len(content) > 0
}

// loads are all that a kustomization loads by itself. As kustomize does, it takes keys in
// whatever case.
func loads(name string, content map[string]any) []load {
	var found []load
	for _, key := range slices.Sorted(maps.Keys(content)) {
		var entries []string
		field := strings.ToLower(key)
		switch field {
		case "resources", "bases", "components", "generators", "transformers", "validators", "crds", "configurations", "patchesstrategicmerge":
			entries = texts(content[key])
		case "openapi", "patches", "patchesjson6902", "replacements":
			entries = textsAt(content[key], "path")
		case "configmapgenerator", "secretgenerator":
			entries = textsAt(content[key], "files", "envs", "env")
			for i, entry := range entries { // key=path
				_, at, ok := strings.Cut(entry, "=")
				if ok && !remote.MatchString(entry) {
					entries[i] = at
				}
			}
		case "helmcharts", "helmchartinflationgenerator", "helmglobals":
			entries = textsAt(content[key], "repo", "chartrepourl", "charthome", "valuesfile", "additionalvaluesfiles", "values")
		}
		for _, entry := range entries {
			found = append(found, load{from: name, field: field, entry: entry})
		}
	}
	return found
}

// pluginLoads are what the configuration of a plugin may load.
func pluginLoads(name string, data []byte) []load {
	var found []load
	for _, each := range documents(data) {
		var content any
		if yaml.Unmarshal(each.text, &content) != nil {
			continue // kustomize says what is wrong with it
		}
		for _, entry := range textsBelow(content, "path", "files", "envs", "env", "targetfilepath", "repo", "chartrepourl", "valuesfile", "additionalvaluesfiles") {
			found = append(found, load{from: name, field: "path", entry: entry})
		}
	}
	return found
}

// reach is all that is loaded for the kustomization of a folder, and for those that it
// names, with their paths. Its error joins one for each that can't be read.
func reach(files revision.Tree, folder string) (names []string, found []load, err error) {
	folders := []string{folder}
	for len(folders) > 0 {
		name := kustomization(files, folders[0])
		folders = folders[1:]
		if name == "" || slices.Contains(names, name) {
			continue
		}
		names = append(names, name)
		content, wrong := parseYAML(files[name].Data)
		if wrong != nil {
			err = errors.Join(err, &Fault{Source: name, Message: wrong.Error()})
			continue
		}
		for _, each := range loads(name, content) {
			found = append(found, each)
			switch {
			case each.isText() && each.isPlugin():
				found = append(found, pluginLoads(name, []byte(each.entry))...)
			case each.isPlugin() && kustomization(files, each.place()) == "":
				found = append(found, pluginLoads(each.place(), files[each.place()].Data)...)
			}
			if each.isWhole() && !each.isText() {
				folders = append(folders, each.place())
			}
		}
	}
	return names, found, err
}

// Outside is the paths that a kustomization, or one that it names, loads from outside of
// what the manifests' own path holds, and the tree doesn't hold: what has to be read
// before Load can build it.
func Outside(files revision.Tree, at string) []string {
	_, found, _ := reach(files, folderOf(files, at)) // Load says what is wrong
	var missing []string
	for _, each := range found {
		place := each.place()
		_, isRead := revision.From(at, place)
		_, isThere := files[place]
		if isRead || isThere || each.isText() || remote.MatchString(each.entry) || kustomization(files, place) != "" ||
			place == ".." || strings.HasPrefix(place, "../") || strings.Contains(place, "\n") || path.IsAbs(each.entry) {
			continue
		}
		if !slices.Contains(missing, place) {
			missing = append(missing, place)
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

// textsAt is the texts at keys of a map, or of each map in a list; of a list of texts,
// which some fields once had, those.
func textsAt(value any, keys ...string) []string {
	var found []string
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		for _, item := range value {
			found = append(found, textsAt(item, keys...)...)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if slices.Contains(keys, strings.ToLower(key)) {
				found = append(found, texts(value[key])...)
			}
		}
	}
	return found
}

// textsBelow is the texts at keys, however deep they lie.
func textsBelow(value any, keys ...string) []string {
	var found []string
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			found = append(found, textsBelow(item, keys...)...)
		}
	case map[string]any:
		found = textsAt(value, keys...)
		for _, key := range slices.Sorted(maps.Keys(value)) {
			found = append(found, textsBelow(value[key], keys...)...)
		}
	}
	return found
}
