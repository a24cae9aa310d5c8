package endtoend

import (
	"net"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/require"
)

// pull reads an image from the lab's registry.
func pull(t *testing.T, text string) v1.Image {
	t.Helper()
	reference, err := name.ParseReference(text)
	require.NoError(t, err)
	found, err := remote.Image(reference, remote.WithContext(t.Context()))
	require.NoError(t, err)
	return found
}

// push puts an image under a reference of the lab's registry.
func push(t *testing.T, pushed v1.Image, text string) {
	t.Helper()
	reference, err := name.ParseReference(text)
	require.NoError(t, err)
	require.NoError(t, remote.Write(reference, pushed, remote.WithContext(t.Context())))
}

// digest is the digest that the registry has for a reference.
func digest(t *testing.T, text string) string {
	t.Helper()
	found, err := pull(t, text).Digest()
	require.NoError(t, err)
	return found.String()
}

// labelled is an image with one more label.
func labelled(t *testing.T, from v1.Image, label, value string) v1.Image {
	t.Helper()
	file, err := from.ConfigFile()
	require.NoError(t, err)
	config := *file.Config.DeepCopy()
	if config.Labels == nil {
		config.Labels = map[string]string{}
	}
	config.Labels[label] = value
	made, err := mutate.Config(from, config)
	require.NoError(t, err)
	return made
}

// closedAddress is one of this machine where nobody listens.
func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close() //nolint:errcheck // it is closed, whatever it says
	return listener.Addr().String()
}
