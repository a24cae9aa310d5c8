package hosts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// capistrano3 makes a tree as Capistrano 3 leaves it, with two releases, and returns its folder.
func (s *site) capistrano3() string {
	s.t.Helper()
	root := s.folders["h1"]
	for _, name := range []string{"20140101000000", "20150101000000"} {
		folder := filepath.Join(root, "releases", name)
		require.NoError(s.t, os.MkdirAll(folder, 0o755)) //nolint:gosec // other users read it as well
		require.NoError(s.t, os.WriteFile(filepath.Join(folder, "REVISION"), []byte(strings.Repeat("a", 40)+"\n"), 0o600))
	}
	require.NoError(s.t, os.MkdirAll(filepath.Join(root, "shared"), 0o755)) //nolint:gosec // as above
	s.link("current", s.root+"/releases/20150101000000")
	return root
}

// link makes a link anew, below the folder of the first host.
func (s *site) link(name, to string) {
	s.t.Helper()
	path := filepath.Join(s.folders["h1"], name)
	require.NoError(s.t, os.RemoveAll(path))
	require.NoError(s.t, os.Symlink(to, path))
}

// keep writes a file below the folder of the first host.
func (s *site) keep(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.folders["h1"], name)
	require.NoError(s.t, os.MkdirAll(filepath.Dir(path), 0o755)) //nolint:gosec // as above
	require.NoError(s.t, os.WriteFile(path, []byte(text), 0o600))
}

// nobody is a user that is on every system.
const nobody = 65534

func TestExamineNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	current := `"ROOT/current"`
	tests := map[string]struct {
		broken  func(s *site, root string)
		hosting func(*release.Hosting)
		check   string // its name; empty: all is well
		warning bool
		message string // a part of it
		fix     string
	}{
		"a tree of Capistrano's": {broken: func(*site, string) {}},
		"nothing yet":            {broken: func(s *site, root string) { require.NoError(s.t, os.RemoveAll(root)) }},
		"an interrupted Capistrano": {
			broken: func(s *site, _ string) { s.link("releases/current", s.root+"/releases/20140101000000") },
			check:  "releases/current", message: `"ROOT/releases/20140101000000" was left over`, fix: "ssh h1 rm ROOT/releases/current",
		},
		"an interrupted Capistrano's folder": {
			broken: func(s *site, root string) {
				require.NoError(s.t, os.Mkdir(filepath.Join(root, "releases/20160101000000"), 0o750))
			},
			check: "releases", warning: true, message: `"ROOT/releases/20160101000000" has no REVISION`, fix: "ssh h1 rm -r ROOT/releases/20160101000000",
		},
		"an interrupted Capistrano's release": {
			broken: func(s *site, _ string) { s.keep("releases/20160101000000/REVISION", "b\n") },
			check:  "releases", warning: true, message: `"ROOT/releases/20160101000000" is newer than what runs`, fix: "ssh h1 rm -r ROOT/releases/20160101000000",
		},
		"current is a folder": {
			broken: func(s *site, root string) {
				require.NoError(s.t, os.Remove(filepath.Join(root, "current")))
				require.NoError(s.t, os.Mkdir(filepath.Join(root, "current"), 0o750))
			},
			check: "deploy_to", message: current + " is a directory, and must be a link", fix: "ssh h1 mv ROOT/current ROOT/current.old",
		},
		"current dangles": {
			broken: func(s *site, _ string) { s.link("current", s.root+"/releases/20130101000000") },
			check:  "current", message: `points to "ROOT/releases/20130101000000"`, fix: "skycap deploy REVISION test",
		},
		"current leads elsewhere": {
			broken: func(s *site, _ string) {
				s.keep("old/releases/20150101000000/REVISION", "b")
				s.link("current", s.root+"/old/releases/20150101000000")
			},
			check: "current", message: `points to "ROOT/old/releases/20150101000000"`, fix: "skycap deploy REVISION test",
		},
		"current with a slash": {
			broken: func(s *site, _ string) { s.link("current", s.root+"/releases/20150101000000/") },
			check:  "current", warning: true, message: `points to "ROOT/releases/20150101000000/"`, fix: "ssh h1 ln -sfn ROOT/releases/20150101000000 ROOT/current",
		},
		"current is relative": {
			broken: func(s *site, _ string) { s.link("current", "releases/20150101000000") },
			check:  "current", warning: true, message: `points to "releases/20150101000000"`, fix: "ssh h1 ln -sfn ROOT/releases/20150101000000 ROOT/current",
		},
		"somebody else's deploy_to": {
			broken: func(s *site, root string) {
				for _, path := range []string{"shared", "releases", "releases/20140101000000", "releases/20150101000000"} {
					require.NoError(s.t, os.Chown(filepath.Join(root, path), nobody, -1))
				}
			},
			hosting: func(h *release.Hosting) { h.Owner = "nobody" },
			check:   "deploy_to", message: `user "nobody" can't write to "ROOT", which is of user "root"`, fix: "ssh -t h1 sudo chown -R nobody ROOT",
		},
		"somebody else's releases": {
			broken: func(s *site, root string) {
				for _, path := range []string{"", "shared"} {
					require.NoError(s.t, os.Chown(filepath.Join(root, path), nobody, -1))
				}
			},
			hosting: func(h *release.Hosting) { h.Owner = "nobody" },
			check:   "deploy_to", message: `user "nobody" can't write to "ROOT/releases", which is of user "root"`, fix: "ssh -t h1 sudo chown -R nobody ROOT/releases",
		},
		"a release of somebody else's": {
			broken: func(s *site, root string) {
				require.NoError(s.t, os.Chown(filepath.Join(root, "releases/20140101000000"), nobody, -1))
			},
			check: "owner", warning: true, message: `"ROOT/releases/20140101000000" is of user "nobody", not of "root"`, fix: "ssh -t h1 sudo chown -R root ROOT/releases/20140101000000",
		},
		"not writable to its owner": {
			broken: func(s *site, root string) {
				for _, path := range []string{"", "shared", "releases", "releases/20140101000000", "releases/20150101000000"} {
					require.NoError(s.t, os.Chown(filepath.Join(root, path), nobody, -1))
				}
				require.NoError(s.t, os.Chmod(filepath.Join(root, "shared"), 0o555)) //nolint:gosec // that is the test
			},
			hosting: func(h *release.Hosting) { h.Owner = "nobody" },
			check:   "deploy_to", message: `can't write to "ROOT/shared", which is of user "nobody"`, fix: "ssh h1 chmod u+w ROOT/shared",
		},
		"an owner that isn't there": {
			broken:  func(*site, string) {},
			hosting: func(h *release.Hosting) { h.Owner = "no-such-user" },
			check:   "deploy_to", message: `no user "no-such-user"`, fix: "ssh -t h1 sudo useradd no-such-user",
		},
		"a linked file is missing": {
			broken:  func(s *site, _ string) { s.keep("shared/there.yml", "") },
			hosting: func(h *release.Hosting) { h.LinkedFiles = []string{"there.yml", "config/db.yml"} },
			check:   "deploy_to", message: `linked file "ROOT/shared/config/db.yml" is not there`, fix: "scp config/db.yml h1:ROOT/shared/config/db.yml",
		},
		"a linked file where Capistrano 2 has it": {
			broken: func(s *site, _ string) {
				s.keep("shared/db.yml", "")
				s.keep("releases/20150101000000/config/x", "")
				s.link("releases/20150101000000/config/db.yml", s.root+"/shared/db.yml")
			},
			hosting: func(h *release.Hosting) { h.LinkedFiles = []string{"config/db.yml"} },
		},
		"a read-only file system": {
			broken: func(s *site, _ string) { s.keep("../mounts", `mount -o remount,bind,ro "$2"`) },
			check:  "deploy_to", message: `"ROOT" is on a file system that is mounted read-only, at "MOUNT"`, fix: "ssh -t h1 sudo mount -o remount,rw MOUNT",
		},
		"a full disk": {
			broken: func(s *site, _ string) { s.keep("../mounts", `mount -t tmpfs -o size=8m tmpfs "$2/app"`) },
			check:  "deploy_to", message: `8 MiB are free at "ROOT"; a release needs 16`, fix: "ssh h1 du -sh ROOT/*",
		},
		"a restart that is due": {
			broken: func(s *site, _ string) { s.keep(".skycap/restart-due", "") },
			check:  "restart", message: "cut off before it restarted", fix: "skycap restart test worker",
		},
		"frozen": {
			broken: func(s *site, _ string) { s.keep(".skycap/freeze", `{"who":"ann@desk","why":"an incident"}`+"\n") },
			check:  "freeze", warning: true, message: `frozen by "ann@desk"`, fix: "skycap unlock test",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, 1)
			test.broken(s, s.capistrano3())
			hosting := s.hosting()
			if test.hosting != nil {
				test.hosting(&hosting)
			}
			wrong := s.examine(s.open(hosting, 0))
			if test.check == "" {
				assert.Empty(t, wrong)
				return
			}
			require.Len(t, wrong, 1)
			named := strings.NewReplacer("ROOT", s.root, "MOUNT", filepath.Dir(s.root))
			assert.Equal(t, test.check, wrong[0].Name)
			assert.Equal(t, test.warning, wrong[0].Warning, wrong[0].Message)
			assert.Contains(t, wrong[0].Message, named.Replace(test.message))
			assert.Equal(t, named.Replace(test.fix), wrong[0].Fix)
			assert.Equal(t, "h1", wrong[0].Instance)
		})
	}
}

// examine is what is not as it should be on the hosts.
func (s *site) examine(on *Hosts) []skycap.Check {
	s.t.Helper()
	var wrong []skycap.Check
	for _, check := range on.Examine(s.t.Context(), []string{"worker"}) {
		if !check.OK {
			wrong = append(wrong, check)
		}
	}
	return wrong
}

func TestExamineNamesWhoIsAtWorkAndAClockThatIsOff(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	s.capistrano3()
	lock, err := s.open(s.hosting(), 0).Lock(t.Context(), []string{"worker"}, target.Claim{Holder: target.Holder{Who: "eve@desk", Command: "skycap deploy"}})
	require.NoError(t, err)
	on := s.open(s.hosting(), 0)
	on.Now = func() time.Time { return time.Now().Add(time.Hour) }
	wrong := s.examine(on)
	require.Len(t, wrong, 2)
	assert.Equal(t, "clock", wrong[0].Name)
	assert.Regexp(t, "off by -(1h0m|59m)", wrong[0].Message)
	assert.Equal(t, "ssh -t h1 sudo timedatectl set-ntp true", wrong[0].Fix)
	assert.Equal(t, "lock", wrong[1].Name)
	assert.Contains(t, wrong[1].Message, `locked by "eve@desk"`)
	assert.True(t, wrong[0].Warning && wrong[1].Warning)

	require.NoError(t, lock.Unlock())
	assert.Eventually(t, func() bool { return len(s.examine(s.open(s.hosting(), 0))) == 0 }, 10*time.Second, 50*time.Millisecond, "who was at work is forgotten")
}

func TestInterruptedCapistranoDoesNotFoolADeploy(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	root := s.capistrano3()
	s.link("releases/current", s.root+"/releases/20140101000000")
	ours := s.ours("1", s.hosting())
	assert.Equal(t, strings.Repeat("1", 40)+"\n", s.inCurrent("h1", "REVISION"))
	entries, err := os.ReadDir(filepath.Join(root, "releases/20140101000000"))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing was linked into the old release")
	assert.Equal(t, []string{"20140101000000", "20150101000000", ours, "current"}, s.folderNames(), "it is the operator's to remove")
	wrong := s.examine(s.open(s.hosting(), 0))
	require.Len(t, wrong, 1)
	assert.Equal(t, "releases/current", wrong[0].Name)
}

func TestLockSaysWhatKeepsItFromBeingTaken(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	s.capistrano3()
	s.keep("../mounts", `mount -o remount,bind,ro "$2"`)
	_, err := s.open(s.hosting(), 0).Lock(t.Context(), []string{"worker"}, target.Claim{})
	var fault *Fault
	require.ErrorAs(t, err, &fault)
	assert.Contains(t, fault.What, "mounted read-only")
}
