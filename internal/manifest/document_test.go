package manifest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEachDocumentIsRead(t *testing.T) {
	t.Parallel()
	const a, b = "apiVersion: v1\nkind: A\nmetadata: {name: a}\n", "apiVersion: v1\nkind: B\nmetadata: {name: b}\n"
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"plain":                    {a + "---\n" + b, []string{"f:1", "f:5"}},
		"an end":                   {a + "...\n" + b, []string{"f:1", "f:5"}},
		"an end and a beginning":   {a + "...\n---\n" + b, []string{"f:1", "f:6"}},
		"a comment at the marker":  {a + "--- # the other\n" + b + "... # the end\n", []string{"f:1", "f:5"}},
		"content at the marker":    {"--- {apiVersion: v1, kind: A, metadata: {name: a}}\n--- {apiVersion: v1, kind: B, metadata: {name: b}}", []string{"f:1", "f:2"}},
		"empty ones":               {"---\n---\n# a\n" + a + "---\n---\n\n" + b + "---\n", []string{"f:4", "f:10"}},
		"directives":               {"%YAML 1.1\n---\n" + a + "...\n%YAML 1.1\n---\n" + b, []string{"f:3", "f:9"}},
		"ends of lines of Windows": {"---\r\n" + a + "...\r\n" + b, []string{"f:2", "f:6"}},
		"what only looks so":       {"apiVersion: v1\nkind: A\nmetadata: {name: a}\nx: |\n  ---\n  ...\n...x: y\n---z: 1\n--- \n" + b, []string{"f:1", "f:10"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects, err := parse("f", []byte(test.text))
			require.NoError(t, err)
			var sources []string
			for i, object := range objects {
				sources = append(sources, object.Source)
				assert.Equal(t, []string{"A", "B"}[i], object.GetKind())
			}
			assert.Equal(t, test.want, sources)
		})
	}
}

func TestDocumentsThatKustomizeLeavesOutAreRefused(t *testing.T) {
	t.Parallel()
	_, err := Load(files("deploy/web/kustomization.yaml", "resources: [a.yaml]", "deploy/web/a.yaml", service+"...\n\n"+deployment), "deploy/web", false)
	assert.ErrorContains(t, err, `deploy/web/a.yaml:7: a document without "---" before it, which kustomize leaves out`)
	_, err = Load(files("deploy/web/kustomization.yaml", "resources: [a.yaml]", "deploy/web/a.yaml", service+"...\n# the end\n"), "deploy/web", false)
	assert.NoError(t, err)
}
