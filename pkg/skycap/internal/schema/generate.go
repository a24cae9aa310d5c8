package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/skycap/skycap/pkg/skycap"
)

// packagePath is that of the documents.
const packagePath = "github.com/skycap/skycap/pkg/skycap"

// document is a type that is printed, and the name of its schema.
type document struct {
	schema string
	value  any
}

func documents() []document {
	return []document{
		{skycap.EventSchema, skycap.Event{}},
		{skycap.StatusSchema, skycap.Status{}},
		{skycap.PlanSchema, skycap.Plan{}},
		{skycap.HistorySchema, skycap.History{}},
		{skycap.ResolutionSchema, skycap.Resolution{}},
		{skycap.ConfigSchema, skycap.Config{}},
		{skycap.ConfigDiffSchema, skycap.ConfigDiff{}},
		{skycap.VersionSchema, skycap.Version{}},
		{skycap.DiagnosisSchema, skycap.Diagnosis{}},
	}
}

// generate makes the files of all schemas, by path, for the package in the
// working folder. Its comments become descriptions.
func generate() (map[string][]byte, error) {
	source, err := readSource()
	if err != nil {
		return nil, err
	}
	reflector := &jsonschema.Reflector{
		Anonymous:                 true,
		AllowAdditionalProperties: true, // fields are added
		ExpandedStruct:            true,
		Mapper:                    source.enum,
		LookupComment:             source.comment,
	}
	files := map[string][]byte{}
	for _, document := range documents() {
		content, err := encode(schemaOf(reflector, document))
		if err != nil {
			return nil, err
		}
		files[filepath.Join("schema", kind(document.schema)+".json")] = content
	}
	return files, nil
}

// schemaOf makes the schema of one document.
func schemaOf(reflector *jsonschema.Reflector, document document) *jsonschema.Schema {
	schema := reflector.Reflect(document.value)
	schema.ID = jsonschema.ID("https://" + document.schema)
	schema.Title = document.schema
	property(schema, "schema").Const = document.schema
	switch document.value.(type) {
	case skycap.Event:
		requireResult(schema)
	case skycap.History:
		result := property(schema.Definitions["Release"], "result")
		result.Enum = append(result.Enum, skycap.Word(""))
	}
	return schema
}

// requireResult says that the fields of a result are those of result events only.
func requireResult(event *jsonschema.Schema) {
	result := (&jsonschema.Reflector{Anonymous: true, ExpandedStruct: true}).Reflect(skycap.Result{})
	event.Required = slices.DeleteFunc(event.Required, func(name string) bool {
		return slices.Contains(result.Required, name)
	})
	isResult := jsonschema.NewProperties()
	isResult.Set("type", &jsonschema.Schema{Const: skycap.EventResult})
	event.If = &jsonschema.Schema{Properties: isResult}
	event.Then = &jsonschema.Schema{Required: result.Required}
}

func property(schema *jsonschema.Schema, name string) *jsonschema.Schema {
	found, _ := schema.Properties.Get(name)
	return found
}

// kind is the status of skycap.dev/status/v1.
func kind(schema string) string {
	return strings.Split(schema, "/")[1]
}

func encode(schema *jsonschema.Schema) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(schema)
	return buffer.Bytes(), err
}

// ours reports whether a type is one of the package.
func ours(t reflect.Type) bool { return t.PkgPath() == packagePath }
