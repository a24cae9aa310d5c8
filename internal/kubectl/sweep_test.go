package kubectl

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Not parallel: it sets TMPDIR.
func TestSweepTakesWhatNobodyListensOn(t *testing.T) {
	temporary, err := os.MkdirTemp("", "sweep") // short, for sockets' sake
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(temporary)) })
	t.Setenv("TMPDIR", temporary)
	folder := func(name string) string {
		path := filepath.Join(temporary, name)
		require.NoError(t, os.Mkdir(path, 0o700))
		return path
	}
	listen := func(folder string) net.Listener {
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(folder, "proxy"))
		require.NoError(t, err)
		return listener
	}
	live := listen(folder("skycap-proxy-live"))
	defer func() { assert.NoError(t, live.Close()) }()
	dead := listen(folder("skycap-proxy-dead")).(*net.UnixListener)
	dead.SetUnlinkOnClose(false)
	require.NoError(t, dead.Close())
	folder("skycap-proxy-empty")
	folder("another")

	sweep(t.Context(), time.Now())
	assert.Len(t, names(t, temporary), 4, "all are young")
	sweep(t.Context(), time.Now().Add(2*sweepAge))
	assert.Equal(t, []string{"another", "skycap-proxy-live"}, names(t, temporary))
}

func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	found := make([]string, len(entries))
	for i, entry := range entries {
		found[i] = entry.Name()
	}
	return found
}
