package rollout

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// recording is what a cluster really showed, a step for each time that the
// judgement changes. Fields that nobody looks at are left out.
type recording struct {
	Steps []struct {
		Now   time.Time
		State skycap.State
		Grade skycap.Grade
		Cause string
		Hint  string
		Items []json.RawMessage
	}
}

func TestRecordings(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			var recorded recording
			require.NoError(t, json.Unmarshal(data, &recorded))
			for _, step := range recorded.Steps {
				got := Assess(objectsOf(t, step.Items), step.Now)
				assert.Equal(t, step.State, got.State, step.Now)
				assert.Equal(t, step.Grade, got.Grade, step.Now)
				assert.Equal(t, step.Cause, got.Cause, step.Now)
				assert.Equal(t, step.Hint, got.Hint, step.Now)
			}
		})
	}
}

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
