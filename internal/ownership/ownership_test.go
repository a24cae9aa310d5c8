package ownership

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const us = "skycap"

// recorded is an object as a cluster has shown it with --show-managed-fields.
func recorded(t *testing.T, name string) *unstructured.Unstructured {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	require.NoError(t, err)
	object := &unstructured.Unstructured{}
	require.NoError(t, object.UnmarshalJSON(content))
	return object
}

// written is an object as a manifest has it.
func written(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	require.NoError(t, yaml.Unmarshal([]byte(text), &object.Object))
	return object
}

// claimed is a live object on which one manager has one entry.
func claimed(t *testing.T, fields, spec string) *unstructured.Unstructured {
	t.Helper()
	return written(t, `{kind: Thing, spec: `+spec+`, metadata: {managedFields: [
		{manager: other, operation: Update, fieldsType: FieldsV1, fieldsV1: `+fields+`}]}}`)
}

// brief is fields as "owner path".
func brief(fields []Field) []string {
	var lines []string
	for _, field := range fields {
		lines = append(lines, field.Owner+" "+field.Path)
	}
	return lines
}

// manifest is what the recorded deployments were first applied from.
const manifest = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web, app.kubernetes.io/managed-by: skycap}
  annotations: {skycap.dev/revision: abc}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeSelector: {owner-lab: none}
      containers:
      - name: web
        image: localhost/web:1
        args: [serve, --port=8080]
        ports: [{containerPort: 8080, name: http}]
        env: [{name: LOG_LEVEL, value: info}, {name: REGION, value: eu}]
        resources: {requests: {cpu: 100m, memory: 64Mi}}
      - {name: proxy, image: localhost/proxy:1}
`

func TestConflictsOfRecordedObjects(t *testing.T) {
	const web = "spec.template.spec.containers[name=web]"
	for object, want := range map[string][]string{
		"deployed":  nil,
		"scaled":    {"kubectl spec.replicas"},
		"restarted": nil,
		"edited": {
			"kubectl-edit " + web + ".args",
			"kubectl-edit " + web + ".env[name=LOG_LEVEL].value",
			"kubectl-set " + web + ".image",
			"kubectl-patch " + web + ".resources.requests.cpu",
		},
	} {
		t.Run(object, func(t *testing.T) {
			live, wanted := recorded(t, object), written(t, manifest)
			conflicts := Conflicts(live, wanted, us)
			assert.Equal(t, want, brief(conflicts))

			Leave(wanted, conflicts)
			assert.Empty(t, Conflicts(live, wanted, us), "what is left conflicts with nobody")
		})
	}
}

func TestConflictHasBothValues(t *testing.T) {
	conflicts := Conflicts(recorded(t, "scaled"), written(t, manifest), us)
	require.Len(t, conflicts, 1)
	assert.EqualValues(t, 4, conflicts[0].Live)
	assert.EqualValues(t, 2, conflicts[0].Wanted)
	assert.True(t, conflicts[0].Since.IsZero(), "a cluster doesn't say when it scaled")

	conflicts = Conflicts(recorded(t, "edited"), written(t, manifest), us)
	require.NotEmpty(t, conflicts)
	assert.Equal(t, 2026, conflicts[0].Since.Year())
}

func TestConflictsFindItemsWhoseKeyHasADefault(t *testing.T) {
	wanted := written(t, `{kind: Service, spec: {ports: [{port: 80, protocol: UDP, targetPort: dns}, {port: 80, targetPort: http}]}}`)
	conflicts := Conflicts(recorded(t, "service"), wanted, us)
	assert.Equal(t, []string{"kubectl-patch spec.ports[port=80,protocol=TCP].targetPort"}, brief(conflicts))

	Leave(wanted, conflicts)
	ports, _, err := unstructured.NestedSlice(wanted.Object, "spec", "ports")
	require.NoError(t, err)
	assert.Equal(t, "dns", ports[0].(map[string]any)["targetPort"])
	assert.Equal(t, int64(9090), ports[1].(map[string]any)["targetPort"])
}

func TestConflictsOfSecretsHideValues(t *testing.T) {
	wanted := written(t, `{kind: Secret, data: {password: dGhpcmQ=}}`)
	conflicts := Conflicts(recorded(t, "secret"), wanted, us)
	require.Equal(t, []string{"kubectl-patch data.password"}, brief(conflicts))
	assert.Equal(t, masked, conflicts[0].Live)
	assert.Equal(t, masked, conflicts[0].Wanted)
	encoded, err := json.Marshal(conflicts)
	require.NoError(t, err)
	assert.NotContains(t, string(encoded), "c2Vjb25k")

	Leave(wanted, conflicts)
	assert.Equal(t, map[string]any{"password": "c2Vjb25k"}, wanted.Object["data"])
}

func TestConflicts(t *testing.T) {
	for name, c := range map[string]struct {
		fields, live, wanted string
		want                 []string
	}{
		"same value":                 {`{f:spec: {f:a: {}}}`, `{a: 5}`, `{a: 5}`, nil},
		"same number, other type":    {`{f:spec: {f:a: {}}}`, `{a: 5}`, `{a: 5.0}`, nil},
		"other number":               {`{f:spec: {f:a: {}}}`, `{a: 5}`, `{a: 5.5}`, []string{"other spec.a"}},
		"number and text":            {`{f:spec: {f:a: {}}}`, `{a: 5}`, `{a: "5"}`, []string{"other spec.a"}},
		"null is a value too":        {`{f:spec: {f:a: {}}}`, `{a: 5}`, `{a: null}`, []string{"other spec.a"}},
		"not wanted":                 {`{f:spec: {f:a: {}}}`, `{a: 5}`, `{b: 5}`, nil},
		"not there":                  {`{f:spec: {f:a: {}}}`, `{b: 5}`, `{a: 5}`, nil},
		"not owned":                  {`{f:spec: {f:a: {}}}`, `{a: 5, b: 5}`, `{a: 5, b: 6}`, nil},
		"atomic list":                {`{f:spec: {f:a: {}}}`, `{a: [x]}`, `{a: [x, y]}`, []string{"other spec.a"}},
		"atomic map":                 {`{f:spec: {f:a: {}}}`, `{a: {x: y}}`, `{a: {x: z}}`, []string{"other spec.a"}},
		"map with owned fields":      {`{f:spec: {f:a: {.: {}, f:x: {}}}}`, `{a: {x: 1}}`, `{a: {x: 1, y: 2}}`, nil},
		"empty map":                  {`{f:spec: {f:a: {}}}`, `{a: {}}`, `{a: {x: 1}}`, nil},
		"empty selector":             {`{f:spec: {f:podSelector: {}}}`, `{podSelector: {}}`, `{podSelector: {x: y}}`, []string{"other spec.podSelector"}},
		"item of a list":             {`{f:spec: {f:a: {'k:{"name":"x"}': {.: {}, f:name: {}, f:b: {}}}}}`, `{a: [{name: y, b: 0}, {name: x, b: 1}]}`, `{a: [{name: x, b: 2}]}`, []string{"other spec.a[name=x].b"}},
		"item that live lacks":       {`{f:spec: {f:a: {'k:{"name":"x"}': {.: {}, f:b: {}}}}}`, `{a: [{name: y}]}`, `{a: [{name: x, b: 2}]}`, nil},
		"item of another shape":      {`{f:spec: {f:a: {'k:{"name":"x"}': {.: {}, f:b: {}}}}}`, `{a: [x, 1]}`, `{a: {name: x}}`, nil},
		"set":                        {`{f:spec: {f:a: {'v:"x"': {}}}}`, `{a: [x]}`, `{a: [y]}`, nil},
		"name with dots":             {`{f:spec: {'f:example.com/x': {}}}`, `{example.com/x: 1}`, `{example.com/x: 2}`, []string{`other spec.example\.com/x`}},
		"entry that can't be read":   {`{f:spec: {'k:nonsense': {}}}`, `{a: 5}`, `{a: 6}`, nil},
		"entry of no known form":     {`[1]`, `{a: 5}`, `{a: 6}`, nil},
		"element of an unknown kind": {`{f:spec: {f:a: {}, 'z:b': {}}}`, `{a: 5}`, `{a: 6}`, []string{"other spec.a"}},
	} {
		t.Run(name, func(t *testing.T) {
			live, wanted := claimed(t, c.fields, c.live), written(t, `{kind: Thing, spec: `+c.wanted+`}`)
			conflicts := Conflicts(live, wanted, us)
			assert.Equal(t, c.want, brief(conflicts))
			Leave(wanted, conflicts)
			assert.Empty(t, Conflicts(live, wanted, us))
		})
	}
}

func TestConflictsByOwner(t *testing.T) {
	live := written(t, `{kind: Thing, spec: {a: 1}, status: {b: 1}, metadata: {managedFields: [
		{manager: skycap, operation: Apply, fieldsV1: {f:spec: {f:a: {}}}},
		{manager: skycap, operation: Update, fieldsV1: {f:spec: {f:a: {}}}},
		{manager: one, operation: Apply, time: "2026-01-01T00:00:00Z", fieldsV1: {f:spec: {f:a: {}}}},
		{manager: one, operation: Update, time: "2026-01-02T00:00:00Z", fieldsV1: {f:spec: {f:a: {}}}},
		{manager: two, operation: Update, subresource: scale, fieldsV1: {f:spec: {f:a: {}}}},
		{manager: three, operation: Update, subresource: status, fieldsV1: {f:spec: {f:a: {}}}},
		{manager: four, operation: Update}]}}`)
	conflicts := Conflicts(live, written(t, `{kind: Thing, spec: {a: 2}}`), us)
	// What our name has updated is not what it has applied: the server refuses that too.
	assert.Equal(t, []string{"one spec.a", "skycap spec.a", "two spec.a"}, brief(conflicts))
	assert.Equal(t, 2, conflicts[0].Since.Day(), "of two entries of a manager, the latest")
}

func TestNothingToCompare(t *testing.T) {
	none := &unstructured.Unstructured{}
	assert.Empty(t, Conflicts(nil, none, us))
	assert.Empty(t, Conflicts(none, nil, us))
	assert.Empty(t, Conflicts(none, written(t, manifest), us))
	assert.Empty(t, Drift(nil, us))
	assert.Empty(t, Drift(none, us))
	_, _, ok := Scaled(nil, us)
	assert.False(t, ok)
	Leave(nil, []Field{{}})
	Leave(none, []Field{{Path: "spec.a"}})
}

func TestLeaveAddsNothing(t *testing.T) {
	wanted := written(t, manifest)
	Leave(wanted, Drift(recorded(t, "edited"), us))
	assert.NotContains(t, wanted.GetLabels(), "team")
	assert.Empty(t, Conflicts(recorded(t, "edited"), wanted, us))
}

func TestLeaveCopies(t *testing.T) {
	live, wanted := claimed(t, `{f:spec: {f:a: {}}}`, `{a: {x: 1}}`), written(t, `{kind: Thing, spec: {a: {x: 2}}}`)
	Leave(wanted, Conflicts(live, wanted, us))
	require.NoError(t, unstructured.SetNestedField(wanted.Object, int64(3), "spec", "a", "x"))
	has, _, _ := unstructured.NestedFieldNoCopy(live.Object, "spec", "a", "x")
	assert.EqualValues(t, 1, has)
}
