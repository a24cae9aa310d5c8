package ownership

import (
	"fmt"
	"strings"

	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// text is a path for people, with dots of names escaped as kubectl has it.
func text(path fieldpath.Path) string {
	var written strings.Builder
	for _, step := range path {
		switch {
		case step.FieldName != nil && written.Len() > 0:
			written.WriteString("." + strings.ReplaceAll(*step.FieldName, ".", `\.`))
		case step.FieldName != nil:
			written.WriteString(*step.FieldName)
		case step.Key != nil:
			written.WriteString("[" + keyText(*step.Key) + "]")
		case step.Value != nil:
			written.WriteString("[" + value.ToString(*step.Value) + "]")
		default:
			written.WriteString(step.String())
		}
	}
	return written.String()
}

func keyText(key value.FieldList) string {
	parts := make([]string, len(key))
	for i, part := range key {
		parts[i] = fmt.Sprintf("%s=%v", part.Name, part.Value.Unstructured())
	}
	return strings.Join(parts, ",")
}

// valueAt is the value at a path, and whether there is one: it may be nil.
func valueAt(from any, path fieldpath.Path) (any, bool) {
	for _, step := range path {
		var isThere bool
		if from, isThere = child(from, step); !isThere {
			return nil, false
		}
	}
	return from, true
}

func child(of any, step fieldpath.PathElement) (any, bool) {
	if step.FieldName != nil {
		fields, _ := of.(map[string]any)
		field, isThere := fields[*step.FieldName]
		return field, isThere
	}
	items, _ := of.([]any)
	for i, item := range items {
		if selects(step, i, item) {
			return item, true
		}
	}
	return nil, false
}

// selects tells whether a step leads to an item of a list.
func selects(step fieldpath.PathElement, index int, item any) bool {
	switch {
	case step.Key != nil:
		return hasKey(item, *step.Key)
	case step.Value != nil:
		return equal(item, (*step.Value).Unstructured())
	default:
		return step.Index != nil && *step.Index == index
	}
}

func hasKey(item any, key value.FieldList) bool {
	fields, isMap := item.(map[string]any)
	for _, part := range key {
		has, isThere := fields[part.Name]
		if !isThere && part.Name == "protocol" {
			has = "TCP" // of all keys it alone has a default, which manifests leave out
		}
		if !equal(has, part.Value.Unstructured()) {
			return false
		}
	}
	return isMap
}

// replace sets the field at a path, if the object has it.
func replace(object map[string]any, path fieldpath.Path, with any) {
	last := len(path) - 1
	name := path[last].FieldName
	around, _ := valueAt(object, path[:last])
	fields, isMap := around.(map[string]any)
	if !isMap || name == nil {
		return
	}
	if _, isThere := fields[*name]; isThere {
		fields[*name] = with
	}
}

// equal compares as the server does: 5 is 5.0, but 500m is not 0.5.
func equal(a, b any) bool {
	return value.Equals(value.NewValueInterface(a), value.NewValueInterface(b))
}

func empty(a any) bool {
	switch a := a.(type) {
	case map[string]any:
		return len(a) == 0
	case []any:
		return len(a) == 0
	default:
		return a == nil
	}
}
