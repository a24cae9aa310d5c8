package benchhosts

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/ssh/sshtest"
)

// oneWay is how long a byte takes to a host that is far, and back: 50 ms for both.
const oneWay = 25 * time.Millisecond

// site is hosts: real sshds whose sessions see a folder of their own in the same place.
type site struct {
	mount    string   // where each host has its own folder
	root     string   // what is deployed to, below mount
	folders  []string // of each host, as they are from outside
	networks []*sshtest.Network

	// Configurations of ssh: straight to the hosts, by a network that counts, by one that is far.
	direct, counted, far string
}

// newSite starts so many hosts, named h1, h2 and so on.
func newSite(t *testing.T, count int) *site {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("needs root: each host sees a folder of its own in a mount namespace")
	}
	base := t.TempDir()
	s := &site{mount: filepath.Join(base, "srv")}
	s.root = filepath.Join(s.mount, "app")
	require.NoError(t, os.Mkdir(s.mount, 0o755))
	var direct, counted, far []sshtest.Alias
	for i := range count {
		name := fmt.Sprintf("h%d", i+1)
		folder := filepath.Join(base, name)
		require.NoError(t, os.Mkdir(folder, 0o755))
		s.folders = append(s.folders, folder)
		server := sshtest.Start(t, "Subsystem sftp /usr/lib/openssh/sftp-server",
			fmt.Sprintf(`ForceCommand exec unshare -m -- sh -c 'mount --bind "$1" "$2" && exec sh -c "$SSH_ORIGINAL_COMMAND"' sh %s %s`, folder, s.mount))
		near := sshtest.Dial(t, server, 0, 0)
		s.networks = append(s.networks, near)
		direct = append(direct, sshtest.Alias{Name: name, Server: server})
		counted = append(counted, sshtest.Alias{Name: name, Server: server, Port: near.Port})
		far = append(far, sshtest.Alias{Name: name, Server: server, Port: sshtest.Dial(t, server, oneWay, 0).Port})
	}
	s.direct, s.counted, s.far = sshtest.Config(t, direct...), sshtest.Config(t, counted...), sshtest.Config(t, far...)
	return s
}

// clear takes away what was deployed. It is deleted in the end: for some seconds
// after that, ext4 looks long for inodes.
func (s *site) clear(t *testing.T) {
	t.Helper()
	for _, folder := range s.folders {
		former := filepath.Join(folder, "app")
		if _, err := os.Stat(former); err == nil {
			require.NoError(t, os.Rename(former, filepath.Join(t.TempDir(), "app")))
		}
	}
}

// current is the folder that runs on a host, as it is from outside.
func (s *site) current(t *testing.T, host int) string {
	t.Helper()
	link, err := os.Readlink(filepath.Join(s.folders[host], "app", "current"))
	require.NoError(t, err)
	inside, err := filepath.Rel(s.mount, link)
	require.NoError(t, err)
	return filepath.Join(s.folders[host], inside)
}
