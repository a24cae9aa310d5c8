package manifest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOnlyWhatKustomizeLoadsMustBeHere(t *testing.T) {
	t.Parallel()
	objects, err := web(files(
		"deploy/web/kustomization.yaml", `
resources: [web.yaml]
commonAnnotations: {docs: "https://wiki.example.com/web", repository: "git@example.com:shop.git"}
configMapGenerator: [{name: links, literals: ["url=https://example.com/a.git?ref=b"], files: ["motd=motd.txt"]}]
patchesStrategicMerge: ["{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, annotations: {from: https://h/a.git}}}"]
`,
		"deploy/web/web.yaml", deployment, "deploy/web/motd.txt", bomb(),
		"config/web/kustomization.yaml", "resources: ['https://example.com/a']", // a file of its configuration
		"deploy/old/kustomization.yaml", "a: [", // that nothing names
	)).Build()
	require.NoError(t, err)
	assert.Len(t, objects, 2)
	assert.Equal(t, "https://h/a.git", objects[1].GetAnnotations()["from"])
}

func TestWhateverKustomizeFetchesIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Resources: ['https://h/a']", "bases: ['https://h/a']", "components: ['https://h/a']", "crds: ['https://h/a']", "configurations: ['https://h/a']",
		"openapi: {path: 'https://h/a'}", "patches: [{path: 'https://h/a'}]", "patches: [{Path: 'https://h/a'}]", "patchesJson6902: [{path: 'https://h/a'}]",
		"patchesStrategicMerge: ['https://h/a']", "replacements: [{path: 'https://h/a'}]", "configMapGenerator: [{files: ['https://h/a']}]",
		"configMapGenerator: [{files: ['key=https://h/a']}]", "secretGenerator: [{envs: ['https://h/a']}]", "secretGenerator: [{env: 'https://h/a'}]",
		"helmCharts: [{repo: 'https://h/a'}]", "generators: ['https://h/a']", "transformers: [\"https://h/a\\n\"]", "transformers: [patch.yaml]",
		"validators: [plugins]", "transformers: ['{apiVersion: builtin, kind: PatchTransformer, metadata: {name: a}, path: https://h/a}']",
	} {
		_, err := Load(files("deploy/web/kustomization.yaml", text,
			"deploy/web/patch.yaml", "apiVersion: builtin\nkind: A\n---\napiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\npath: https://h/a\n",
			"deploy/web/plugins/kustomization.yaml", "resources: ['https://h/a']"), "deploy/web", false)
		var refused *RemoteError
		assert.ErrorAs(t, err, &refused, text)
	}
}

func TestWhatIsReadFromOutside(t *testing.T) {
	t.Parallel()
	tree := files(
		"deploy/web/kustomization.yaml", `
resources: [./../base, web.yaml, "https://h/a", ../partly, ../there, ../../../../etc, /etc]
components: [sub/../../component]
configMapGenerator: [{name: a, files: ["key=../file.txt"]}]
`,
		"deploy/there/kustomization.yaml", "resources: [../further]", "deploy/partly/sub/x.yaml", service, "other/kustomization.yaml", "resources: [../never]",
	)
	assert.Equal(t, []string{"deploy/component", "deploy/file.txt", "deploy/base", "deploy/partly", "deploy/further"}, Outside(tree, "deploy/web/"))
	assert.Equal(t, []string{"deploy/component", "deploy/file.txt", "deploy/base", "deploy/web/web.yaml", "deploy/partly", "deploy/further"},
		Outside(tree, "./deploy/web/kustomization.yaml"), "of whose folder nothing else was read")
}

func TestKustomizationsStandForTheirFolder(t *testing.T) {
	t.Parallel()
	for _, name := range kustomizationNames() {
		s := web(files("deploy/web/"+name, "resources: [web.yaml]\nnamePrefix: my-\n", "deploy/web/web.yaml", deployment))
		s.Manifests = "deploy/web/" + name
		objects, err := s.Build()
		require.NoError(t, err, name)
		assert.Equal(t, "my-web", objects[0].GetName())
	}
	_, err := Load(files("deploy/web/web.yaml", deployment), "deploy/web/kustomization.yaml", false)
	assert.ErrorContains(t, err, "deploy/web/kustomization.yaml: no manifests there at this revision")
}
