package config

import (
	"path"
	"strings"

	"sigs.k8s.io/yaml"
)

// Keys are the values of a file by their keys: of YAML, JSON, and lines of key=value.
// Any other file has none.
func Keys(name string, content []byte) map[string]any {
	found := map[string]any{}
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		var tree any
		if yaml.Unmarshal(content, &tree) == nil {
			flatten("", tree, found)
		}
	case ".env", ".properties", ".ini", ".conf", ".cfg":
		for line := range strings.Lines(string(content)) {
			if key, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(strings.TrimSpace(key), "#") {
				found[strings.TrimSpace(key)] = strings.TrimSpace(value)
			}
		}
	}
	return found
}

func flatten(prefix string, value any, into map[string]any) {
	below, ok := value.(map[string]any)
	if !ok {
		if prefix != "" {
			into[prefix] = value
		}
		return
	}
	for key, inner := range below {
		flatten(strings.TrimPrefix(prefix+"."+key, "."), inner, into)
	}
}
