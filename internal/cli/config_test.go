package cli

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// The YAML library's own order of such keys contradicts itself.
func TestObjectsArePrintedAlikeEachTime(t *testing.T) {
	t.Parallel()
	data := map[string]any{}
	for i := range 200 {
		data[fmt.Sprintf("x-%.8x", sha256.Sum256([]byte{byte(i)}))] = "a\nb"
	}
	object := map[string]any{"kind": "ConfigMap", "data": data, "list": []any{map[string]any{"n": int64(1 << 60)}, 0.5, nil, "yes", true}}
	var first bytes.Buffer
	require.NoError(t, printYAML(&first, []any{object, object}))
	for range 10 {
		var again bytes.Buffer
		require.NoError(t, printYAML(&again, []any{object, object}))
		require.Equal(t, first.String(), again.String())
	}
	documents := bytes.SplitAfter(first.Bytes(), []byte("---\n"))
	require.Len(t, documents, 3)
	want, err := yaml.Marshal(object)
	require.NoError(t, err)
	assert.YAMLEq(t, string(want), string(documents[2]))
}
