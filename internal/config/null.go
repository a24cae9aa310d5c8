package config

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// plainPath matches an expression that the path of what is in its value can follow.
var plainPath = regexp.MustCompile(`^[.$][\w.]*$`)

// plainName matches a key that a template can have in a path.
var plainName = regexp.MustCompile(`^[A-Za-z_]\w*$`)

// nullShown is the fault of an expression whose value is null, or holds it. A key is
// what a loop has it under, if that is known.
func nullShown(expression string, key []any, value any) error {
	at := nullIn(value)
	name, isPlain := expression, plainPath.MatchString(expression)
	if len(key) > 0 {
		name = fmt.Sprintf("%s of key %q", expression, fmt.Sprint(key[0]))
	}
	switch {
	case at == "" && isPlain:
		return &haltError{fmt.Sprintf(`%s is null; give it a value, or write {{ or %s "" }} or {{ with %s }}`, name, expression, expression)}
	case at == "":
		return &haltError{fmt.Sprintf(`%s is null; give it a value, or write {{ or (%s) "" }} or {{ with }}`, name, expression)}
	case isPlain && len(key) == 0:
		at = strings.TrimSuffix(expression, ".") + at
	}
	return &haltError{fmt.Sprintf(`%s holds null, in %s; give that a value, or write {{ or X "" }} or {{ with X }} for each value that is shown`, name, at)}
}

// nullGiven is the fault of a function that is to make a text of null. The template
// names the function and its arguments.
func nullGiven(values []any) error {
	for _, value := range values {
		if value == nil {
			break
		}
		if at := nullIn(value); at != "" {
			return fmt.Errorf(`what is given holds null, in %s; give that a value, or write {{ or X "" }} or {{ with X }}`, at)
		}
	}
	return errors.New(`null is given; give it a value, or write {{ or X "" }} or {{ with X }}`)
}

// nullIn is the path in a value to the first null, in the order of keys, or empty if
// that is the value itself.
func nullIn(value any) string {
	left := maxSteps
	at, _ := findNull(reflect.ValueOf(value), &left)
	return at
}

// findNull looks at no more values than are left.
func findNull(value reflect.Value, left *int) (at string, ok bool) {
	for value.Kind() == reflect.Interface && !value.IsNil() {
		value = value.Elem()
	}
	if !value.IsValid() || value.Kind() == reflect.Interface {
		return "", true
	}
	for segment, inner := range inside(value) {
		if *left--; *left < 0 {
			break
		}
		if at, ok := findNull(inner, left); ok {
			return segment + at, true
		}
	}
	return "", false
}

// inside are the values in another one, by how a path goes on to them.
func inside(value reflect.Value) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		switch value.Kind() {
		case reflect.Map:
			for _, key := range sortedKeys(value) {
				if !yield(segmentOf(key), value.MapIndex(key)) {
					return
				}
			}
		case reflect.Slice, reflect.Array:
			for i := range value.Len() {
				if !yield(fmt.Sprintf("[%d]", i), value.Index(i)) {
					return
				}
			}
		case reflect.Struct:
			for i := range value.NumField() {
				if !yield("."+value.Type().Field(i).Name, value.Field(i)) {
					return
				}
			}
		}
	}
}

func sortedKeys(of reflect.Value) []reflect.Value {
	return slices.SortedFunc(slices.Values(of.MapKeys()), func(a, b reflect.Value) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

// segmentOf is how a path goes on into a map.
func segmentOf(key reflect.Value) string {
	name := fmt.Sprint(key)
	if plainName.MatchString(name) {
		return "." + name
	}
	return fmt.Sprintf("[%q]", name)
}
