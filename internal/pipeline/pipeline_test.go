package pipeline

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// What CI systems read is YAML, whatever the registries and the version.
func TestFilesOfCISystemsAreYAML(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"github", "gitlab"} {
		for _, registries := range [][]string{nil, {"ghcr.io"}, {"docker.io", "localhost:5000"}} {
			file, err := Make(kind, Facts{Version: "v1.2.3", Registries: registries})
			require.NoError(t, err)
			var read map[string]any
			require.NoError(t, yaml.UnmarshalStrict([]byte(file.Content), &read), file.Content)
			assert.NotEmpty(t, read)
			assert.Contains(t, file.Content, "cmd/skycap@v1.2.3\n")
		}
	}
}

func TestOnlyReleasesAreInstalledByTheirVersion(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{"v1.2.3": "v1.2.3", "v1.2.3-rc1": "latest", "dev": "latest", "": "latest", "v1.2.3; rm": "latest"} {
		assert.Equal(t, want, installable(version), version)
	}
}

func TestWriteKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	hook, err := Make("hook", Facts{Mercurial: true})
	require.NoError(t, err)
	for before, want := range map[string]string{
		"":                           hook.Content[1:],
		"[ui]\nusername = ada\n":     "[ui]\nusername = ada\n" + hook.Content,
		"[ui]\nusername = ada":       "[ui]\nusername = ada\n" + hook.Content,
		"a\n" + hook.Content + "b\n": "a\n" + hook.Content + "b\n",
	} {
		root := t.TempDir()
		place := filepath.Join(root, ".hg", "hgrc")
		require.NoError(t, os.Mkdir(filepath.Dir(place), 0o700))
		if before != "" {
			require.NoError(t, os.WriteFile(place, []byte(before), 0o600))
		}
		isNew, err := hook.Write(root)
		require.NoError(t, err)
		assert.Equal(t, before != want, isNew)
		after, err := os.ReadFile(place)
		require.NoError(t, err)
		assert.Equal(t, want, string(after))
		isNew, err = hook.Write(root)
		require.NoError(t, err)
		assert.False(t, isNew)
	}
}

func TestWriteReplacesNothing(t *testing.T) {
	t.Parallel()
	file, err := Make("gitlab", Facts{})
	require.NoError(t, err)
	root := t.TempDir()
	place := filepath.Join(root, ".gitlab-ci.yml")
	require.NoError(t, os.WriteFile(place, []byte("stages: [test]\n"), 0o600))
	_, err = file.Write(root)
	var exists *ExistsError
	require.ErrorAs(t, err, &exists)
	assert.Equal(t, place, exists.Path)
	after, err := os.ReadFile(place)
	require.NoError(t, err)
	assert.Equal(t, "stages: [test]\n", string(after))
}
