package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

func TestSchemasAreUpToDate(t *testing.T) {
	t.Chdir("../..")
	want, err := generate()
	require.NoError(t, err)
	there, err := filepath.Glob("schema/*")
	require.NoError(t, err)
	assert.ElementsMatch(t, slices.Collect(maps.Keys(want)), there, "run: go generate ./pkg/skycap")
	for path, content := range want {
		have, err := os.ReadFile(path)
		require.NoError(t, err, "run: go generate ./pkg/skycap")
		have = []byte(strings.ReplaceAll(string(have), "\r\n", "\n"))
		assert.Equal(t, string(content), string(have), "run: go generate ./pkg/skycap")
	}
}

// schema is what the tests ask of a schema.
type schema struct {
	Const       string
	Description string
	Properties  map[string]schema
	Required    []string
	Then        *schema
	Defs        map[string]schema `json:"$defs"`
}

func read(t *testing.T, name string) schema {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "schema", name+".json"))
	require.NoError(t, err)
	var read schema
	require.NoError(t, json.Unmarshal(data, &read))
	return read
}

func TestEachFieldIsDescribed(t *testing.T) {
	for _, document := range documents() {
		root := read(t, kind(document.schema))
		assert.Equal(t, document.schema, root.Properties["schema"].Const)
		objects := map[string]schema{"": root}
		maps.Copy(objects, root.Defs)
		for name, object := range objects {
			assert.NotEmpty(t, object.Description, "%s: %s", document.schema, name)
			for field, property := range object.Properties {
				assert.NotEmpty(t, property.Description, "%s: %s.%s", document.schema, name, field)
			}
		}
	}
}

// printed are the fields of a value as encoding/json prints them.
func printed(t *testing.T, value any) []string {
	t.Helper()
	data, err := json.Marshal(value)
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(data, &fields))
	return slices.Sorted(maps.Keys(fields))
}

func TestEventsArePrintedAsTheirSchemaSays(t *testing.T) {
	event := read(t, "event")
	state := skycap.Event{Type: skycap.EventState, Service: "web", State: skycap.StateHealthy}
	assert.Equal(t, []string{"schema", "seq", "service", "state", "time", "type"}, printed(t, state))
	assert.ElementsMatch(t, []string{"schema", "time", "seq", "type"}, event.Required)

	result := skycap.Event{Type: skycap.EventResult, Result: &skycap.Result{}}
	assert.ElementsMatch(t, slices.Concat(event.Required, event.Then.Required), printed(t, result))

	all := skycap.Event{
		Phase: "wait", Service: "web", Target: skycap.TargetHosts, Instance: "worker1", State: skycap.StateAbsent, Message: "m",
		Result: &skycap.Result{Error: "e", Hints: []string{"h"}, EvidenceFolder: "f", RevertedBy: 8, NoiseHidden: 14, Failures: []skycap.Failure{{Reason: "invalid"}},
			Images: []skycap.BuiltImage{{Service: "web"}}},
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(event.Properties)), printed(t, all))
}

func TestAResultEventReadsBack(t *testing.T) {
	event := skycap.Event{Type: skycap.EventResult, Result: &skycap.Result{Word: skycap.ResultLocked, ExitCode: 5}}
	data, err := json.Marshal(event)
	require.NoError(t, err)
	var back skycap.Event
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Equal(t, event, back)
}
