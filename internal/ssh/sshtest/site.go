package sshtest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Site is hosts that see a folder of their own at the same place: each is a real
// sshd, whose sessions have a mount namespace.
type Site struct {
	Place   string            // the folder, as each of the hosts has it
	Folders map[string]string // by host: where that folder is on this machine
	Aliases []Alias
}

// StartSite starts hosts of these names. Lines are of sshd_config. In its folder a host
// may have a script "mounts" that each session begins with. The test is skipped
// without root, but fails if CI is set.
func StartSite(t testing.TB, names []string, lines ...string) *Site {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("CI runs this test: it needs root, for mount namespaces")
		}
		t.Skip("needs root: each host sees a folder of its own in a mount namespace")
	}
	base := t.TempDir()
	s := &Site{Place: filepath.Join(base, "srv"), Folders: map[string]string{}}
	for _, folder := range append([]string{"srv"}, names...) {
		require.NoError(t, os.Mkdir(filepath.Join(base, folder), 0o755)) //nolint:gosec // others than root log in as well
	}
	require.NoError(t, os.Chmod(base, 0o755)) //nolint:gosec // as above
	for _, name := range names {
		s.Folders[name] = filepath.Join(base, name)
		force := fmt.Sprintf(`ForceCommand exec unshare -m -- sh -c 'mount --bind "$1" "$2" && { [ ! -e "$1/mounts" ] || . "$1/mounts"; } && exec sh -c "$SSH_ORIGINAL_COMMAND"' sh %s %s`,
			s.Folders[name], s.Place)
		s.Aliases = append(s.Aliases, Alias{Name: name, Server: Start(t, append(lines, force)...)})
	}
	return s
}
