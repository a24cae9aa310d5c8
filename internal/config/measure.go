package config

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"text/template"
)

// size is how much of a text comes of a value, before it is made.
type size struct {
	length int  // in bytes, about
	values int  // in it, itself included
	isNull bool // or some value in it is
}

// numberSize is about how many bytes a value takes that is no text, or what is around one
// that has others in it.
const numberSize = 8

// measure stops at what is too long.
func measure(values ...any) size {
	var all size
	for _, value := range values {
		if all.length <= MaxFileSize {
			all.add(reflect.ValueOf(value))
		}
	}
	return all
}

func (s *size) add(value reflect.Value) {
	for value.Kind() == reflect.Interface && !value.IsNil() {
		value = value.Elem()
	}
	s.values++
	switch value.Kind() {
	case reflect.Invalid, reflect.Interface:
		s.isNull = true
	case reflect.String:
		s.length += value.Len()
	case reflect.Map:
		s.length += numberSize
		for each := value.MapRange(); s.length <= MaxFileSize && each.Next(); {
			s.add(each.Key())
			s.add(each.Value())
		}
	case reflect.Slice, reflect.Array:
		s.length += numberSize
		for i := 0; s.length <= MaxFileSize && i < value.Len(); i++ {
			s.add(value.Index(i))
		}
	case reflect.Struct:
		s.length += numberSize
		for i := 0; s.length <= MaxFileSize && i < value.NumField(); i++ {
			s.add(value.Field(i))
		}
	default:
		s.length += numberSize
	}
}

// weightOf is the steps that it takes to compare a text, or to sort the keys of a map.
func weightOf(value any) int {
	switch value := reflect.ValueOf(value); value.Kind() {
	case reflect.String:
		return value.Len() / stepBytes
	case reflect.Map:
		return value.Len()
	}
	return 0
}

// maxWidth is the largest width, and precision, that fmt heeds.
const maxWidth = 1_000_000

// verb matches what a format has in place of a value, and a percent sign.
var verb = regexp.MustCompile(`%[-+# 0]*((?:\[\d*\])?(?:\*|\d+)?(?:\.(?:\[\d*\])?(?:\*|\d*))?(?:\[\d*\])?)`)

var width = regexp.MustCompile(`\[\d*\]|\d+|\*`)

// formatted is how long at most a text is of a format and values.
func formatted(format string, values []any) int {
	all := measure(values...)
	length, indexes := len(format)+all.length, 0
	for _, found := range verb.FindAllStringSubmatch(format, -1) {
		for _, said := range width.FindAllString(found[1], -1) {
			switch {
			case strings.HasPrefix(said, "["):
				indexes++
				continue
			case said == "*":
				said = largest(values)
			}
			if wide, err := strconv.Atoi(said); err == nil && wide <= maxWidth { // fmt ignores others
				length += wide * max(all.values, 1)
			}
		}
		if length += indexes * all.length; length > MaxFileSize {
			break
		}
		indexes = 0
	}
	return length
}

// largest is the largest whole number among values that fmt heeds as a width, which may
// be negative, without its sign.
func largest(values []any) string {
	most := int64(0)
	for _, value := range values {
		number, wide := reflect.ValueOf(value), int64(0)
		switch {
		case number.CanInt():
			wide = max(number.Int(), -number.Int())
		case number.CanUint():
			wide = int64(min(number.Uint(), maxWidth+1)) //nolint:gosec // which is small
		}
		if wide <= maxWidth {
			most = max(most, wide)
		}
	}
	return strconv.FormatInt(most, 10)
}

// functions are those of text/template whose result can be longer than what they are
// given, such that it can't be longer than a file.
func (s *steps) functions() template.FuncMap {
	funcs := template.FuncMap{}
	for name, make := range map[string]func(...any) string{
		"print": fmt.Sprint, "println": fmt.Sprintln,
		"html": template.HTMLEscaper, "js": template.JSEscaper, "urlquery": template.URLQueryEscaper,
	} {
		funcs[name] = func(values ...any) (string, error) {
			length := measure(values...).length
			if err := s.text(length, values); err != nil {
				return "", err
			}
			return s.made(make(values...), length)
		}
	}
	funcs["printf"] = func(format string, values ...any) (string, error) {
		length := formatted(format, values)
		if err := s.text(length, values); err != nil {
			return "", err
		}
		return s.made(fmt.Sprintf(format, values...), length)
	}
	return funcs
}

// text takes the steps of a text that a function is to make of values, and refuses null
// in them.
func (s *steps) text(length int, values []any) error {
	size := measure(values...)
	if size.isNull {
		return nullGiven(values)
	}
	return s.makes(length, size)
}
