package secret

import (
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/revision"
)

// What stands for a value, and for one that is another than it was.
const (
	masked  = "[masked]"
	changed = "[masked, another than before]"
)

// Mask is a file as it may be shown: its keys, with no value, a line each, or one line
// for a file that has no keys. What differs from the file that it is compared with is
// marked; a file is compared with itself where there is no other.
func Mask(name string, data, former []byte) string {
	is, was := keysOf(name, data), keysOf(name, former)
	if len(is) == 0 || len(was) == 0 {
		return mask(string(data) == string(former)) + "\n"
	}
	var text strings.Builder
	differs := len(is) != len(was)
	for _, key := range slices.Sorted(maps.Keys(is)) {
		old, wasThere := was[key]
		isSame := reflect.DeepEqual(old, is[key])
		differs = differs || !isSame
		text.WriteString(key + ": " + mask(!wasThere || isSame) + "\n")
	}
	if !differs && string(data) != string(former) {
		text.WriteString("(what is no value): " + changed + "\n")
	}
	return text.String()
}

func mask(isSame bool) string {
	if isSame {
		return masked
	}
	return changed
}

// keysOf are the keys of a file that is surely made of keys and values: what is taken
// for a key is shown, and a line of a private key may have an equals sign, too.
func keysOf(name string, data []byte) map[string]any {
	found := map[string]any{}
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		return config.Keys(name, data)
	case ".env":
		variables, err := config.Tree{Files: revision.Tree{name: {Data: data}}}.Variables()
		if err != nil {
			return nil
		}
		for key, value := range variables {
			found[key] = value
		}
	}
	return found
}
