package endtoend

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/require"
)

// animalImage builds the program that the zoo runs, and an image that holds nothing else.
func animalImage(t *testing.T, architecture string) v1.Image {
	t.Helper()
	program := filepath.Join(t.TempDir(), "animal")
	command(t, "", []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + architecture},
		"go", "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", program, "./animal")
	content, err := os.ReadFile(program)
	require.NoError(t, err)

	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	require.NoError(t, writer.WriteHeader(&tar.Header{Name: "animal", Mode: 0o755, Size: int64(len(content))}))
	_, err = writer.Write(content)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil })
	require.NoError(t, err)

	image, err := mutate.AppendLayers(empty.Image, layer)
	require.NoError(t, err)
	file, err := image.ConfigFile()
	require.NoError(t, err)
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config.Entrypoint = "linux", architecture, []string{"/animal"}
	image, err = mutate.ConfigFile(image, file)
	require.NoError(t, err)
	return image
}
