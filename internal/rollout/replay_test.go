package rollout

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// objectsOf sorts recorded objects by their kind.
func objectsOf(t *testing.T, items []json.RawMessage) Objects {
	t.Helper()
	var objects Objects
	for _, item := range items {
		var kind struct{ Kind string }
		require.NoError(t, json.Unmarshal(item, &kind))
		switch kind.Kind {
		case "Deployment":
			collect(t, &objects.Deployments, item)
		case "ReplicaSet":
			collect(t, &objects.ReplicaSets, item)
		case "StatefulSet":
			collect(t, &objects.StatefulSets, item)
		case "DaemonSet":
			collect(t, &objects.DaemonSets, item)
		case "Job":
			collect(t, &objects.Jobs, item)
		case "Pod":
			collect(t, &objects.Pods, item)
		case "PersistentVolumeClaim":
			collect(t, &objects.Claims, item)
		case "Event":
			collect(t, &objects.Events, item)
		}
	}
	return objects
}

func collect[T any](t *testing.T, list *[]T, item json.RawMessage) {
	t.Helper()
	var object T
	require.NoError(t, json.Unmarshal(item, &object))
	*list = append(*list, object)
}
