package settings

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// A decoder is a type that reads its own node: one that may be written in several ways.
type decoder interface {
	decode(d *document, n *node, path string)
}

// A defaulter is a type that sets what is left out.
type defaulter interface {
	setDefaults()
}

// decode sets v from a node. What does not fit is a fault, and leaves v as it is.
func (d *document) decode(n *node, v reflect.Value, path string) {
	if !d.spend(n.at, path) {
		return
	}
	if own, ok := v.Addr().Interface().(decoder); ok {
		own.decode(d, n, path)
		return
	}
	if v.Type() == reflect.TypeFor[time.Duration]() {
		d.duration(n, v, path)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, v.Elem(), path)
	case reflect.Struct:
		d.fields(n, v, path)
	case reflect.Map:
		d.mapping(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	default:
		d.scalar(n, v, path)
	}
}

// fields sets the fields of a struct from a mapping that has no other keys.
func (d *document) fields(n *node, v reflect.Value, path string) {
	if own, ok := v.Addr().Interface().(defaulter); ok {
		own.setDefaults()
	}
	fields := map[string]reflect.Value{}
	collect(v, fields)
	for _, e := range d.entries(n, path) {
		at := join(path, e.key)
		d.places[at] = e.at
		field, known := fields[e.key]
		if !known {
			if meant := d.unknown(at, "key", e.key, slices.Sorted(maps.Keys(fields))); meant != "" {
				d.unread[join(path, meant)] = true
			}
			continue
		}
		d.decode(e.value, field, at)
	}
}

// collect finds the fields of a struct by their key, those of an inlined struct among them.
func collect(v reflect.Value, fields map[string]reflect.Value) {
	for i := range v.NumField() {
		switch tag := v.Type().Field(i).Tag.Get("yaml"); tag {
		case "-":
		case ",inline":
			collect(reflect.Indirect(v.Field(i)), fields)
		default:
			fields[tag] = v.Field(i)
		}
	}
}

func (d *document) mapping(n *node, v reflect.Value, path string) {
	if v.Type() == reflect.TypeFor[map[string]any]() {
		if d.entries(n, path) != nil {
			v.Set(reflect.ValueOf(d.plain(n, path)))
		}
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, e := range d.entries(n, path) {
		at := join(path, e.key)
		d.places[at] = e.at
		value := reflect.New(v.Type().Elem()).Elem()
		d.decode(e.value, value, at)
		v.SetMapIndex(reflect.ValueOf(e.key), value)
	}
}

// entries returns the entries of a mapping; a key without a value holds none.
func (d *document) entries(n *node, path string) []entry {
	if n.kind != kindMapping && n.kind != kindNull {
		d.misread(path, "is %s, want a mapping", n)
	}
	return n.entries
}

func (d *document) list(n *node, v reflect.Value, path string) {
	if n.kind != kindList && n.kind != kindNull {
		d.misread(path, "is %s, want a list", n)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	for i, element := range n.items {
		at := item(path, i)
		d.places[at] = element.at
		d.decode(element, v.Index(i), at)
	}
}

func (d *document) scalar(n *node, v reflect.Value, path string) {
	switch value := n.value.(type) {
	case string:
		if v.Kind() == reflect.String {
			v.SetString(value)
			return
		}
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(value)
			return
		}
	case int:
		if v.Kind() == reflect.Int {
			v.SetInt(int64(value))
			return
		}
	}
	wants := map[reflect.Kind]string{
		reflect.String: "a string",
		reflect.Bool:   "true or false",
		reflect.Int:    "a whole number",
	}
	want := wants[v.Kind()]
	if v.Kind() == reflect.String && (n.kind == kindNumber || n.kind == kindBool) {
		want += ": put it in quotes"
	}
	d.misread(path, "is %s, want %s", n, want)
}

func (d *document) duration(n *node, v reflect.Value, path string) {
	duration, err := time.ParseDuration(n.text)
	if n.kind != kindText || err != nil {
		d.misread(path, "is %s, want a duration such as 30s or 10m", n)
		return
	}
	v.SetInt(int64(duration))
}

// plain returns a node as maps, slices and scalars.
func (d *document) plain(n *node, path string) any {
	if !d.spend(n.at, path) {
		return nil
	}
	switch n.kind {
	case kindMapping:
		values := make(map[string]any, len(n.entries))
		for _, e := range n.entries {
			values[e.key] = d.plain(e.value, path)
		}
		return values
	case kindList:
		values := make([]any, len(n.items))
		for i, element := range n.items {
			values[i] = d.plain(element, path)
		}
		return values
	}
	return n.value
}

// spend counts one value, and reports once that there are too many.
func (d *document) spend(at place, path string) bool {
	d.values--
	if d.values == -1 {
		d.misreadAt(at, path, "holds more than %d values once its aliases are expanded", maxValues)
	}
	return d.values >= 0
}

// last returns the last key of a path.
func last(path string) string {
	return path[strings.LastIndexByte(path, '.')+1:]
}
