package kubernetes

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

func TestReferencesOfAnObject(t *testing.T) {
	t.Parallel()
	var object map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(`
metadata: {name: none}
imagePullSecrets: [{name: account}]
spec:
  template:
    spec:
      imagePullSecrets: [{name: pull}, {name: pull2}]
      volumes:
      - configMap: {name: folder}
      - secret: {secretName: file}
      - projected: {sources: [{configMap: {name: part}}, {secret: {name: part2}}]}
      containers:
      - envFrom: [{configMapRef: {name: all}}, {secretRef: {name: all2}}]
        env: [{valueFrom: {configMapKeyRef: {name: one, key: a}}}, {valueFrom: {secretKeyRef: {name: one2, key: a}}}]
`), &object))
	referred := map[string]bool{}
	collectReferences(object, referred)
	assert.Equal(t, map[string]bool{
		"Secret/account": true, "Secret/pull": true, "Secret/pull2": true, "ConfigMap/folder": true, "Secret/file": true,
		"ConfigMap/part": true, "Secret/part2": true, "ConfigMap/all": true, "Secret/all2": true, "ConfigMap/one": true, "Secret/one2": true,
	}, referred)
}
