package ownership

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestTakeOver(t *testing.T) {
	t.Parallel()
	const marked = `{"f:data":{"f:old":{}},"f:metadata":{"f:annotations":{"f:kubectl.kubernetes.io/last-applied-configuration":{}}}}`
	for name, test := range map[string]struct {
		manager, fields string
		operation       metav1.ManagedFieldsOperationType
		isTaken         bool
	}{
		"kubectl apply":     {"kubectl-client-side-apply", marked, "Update", true},
		"its other name":    {"ci", marked, "Update", true},
		"edited":            {"kubectl-edit", `{"f:data":{"f:old":{}}}`, "Update", false},
		"server-side apply": {"helm", marked, "Apply", false},
	} {
		object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap"}}
		object.SetResourceVersion("7")
		object.SetManagedFields([]metav1.ManagedFieldsEntry{{
			Manager: test.manager, Operation: test.operation, APIVersion: "v1", FieldsType: "FieldsV1", FieldsV1: &metav1.FieldsV1{Raw: []byte(test.fields)},
		}})
		patch, err := TakeOver(object, "skycap")
		require.NoError(t, err, name)
		if !test.isTaken {
			assert.Empty(t, patch, name)
			continue
		}
		var steps []struct {
			Path  string
			Value json.RawMessage
		}
		require.NoError(t, json.Unmarshal(patch, &steps), name)
		require.Len(t, steps, 2, name)
		assert.Equal(t, "/metadata/managedFields", steps[0].Path, name)
		assert.Contains(t, string(steps[0].Value), `"manager":"skycap"`, name)
		assert.Contains(t, string(steps[0].Value), "f:old", name)
		assert.NotContains(t, string(steps[0].Value), test.manager, name)
		assert.Equal(t, `"7"`, string(steps[1].Value), name)
	}
}
