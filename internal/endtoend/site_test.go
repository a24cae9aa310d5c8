package endtoend

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/ssh/sshtest"
	"github.com/skycap/skycap/pkg/skycap"
)

// site is a checkout whose one service runs on hosts of the test's own: real sshds,
// no systemd. Its command lines stop at marks where a test wants them to.
type site struct {
	*checkout
	*sshtest.Site
	hosts []string
}

// siteProject is its skycap.yaml. Each command line passes a mark of its name.
const siteProject = `
app: shop
services:
  worker:
    config: {from: [config], path: etc}
    hosts:
      deploy_to: %[1]s/app
      build: sh pass %[1]s build
      restart: sh pass %[1]s restart; cp REVISION %[1]s/running
      check: {command: "sh pass %[1]s check; cmp REVISION %[1]s/running", timeout: 10s}
      linked_dirs: [log]
      keep_releases: 3
    hooks: {before_publish: "sh pass %[1]s before_publish", after_publish: "sh pass %[1]s after_publish"}
environments:
  staging:
    hosts: {worker: {addresses: [h1, h2, h3]}}
`

// pass is the program in the repository that waits at a mark, if it is held.
const pass = `[ -e "$1/hold-$2" ] || exit 0
: >"$1/at-$2"
while [ -e "$1/hold-$2" ]; do sleep 0.02; done
`

func newSite(t *testing.T) *site {
	t.Helper()
	needLab(t) // for the binary
	s := &site{hosts: []string{"h1", "h2", "h3"}, checkout: checkoutFor(t, "no-namespace")}
	s.Site = sshtest.StartSite(t, s.hosts)
	s.env = append(s.env, "SKYCAP_SSH_CONFIG="+sshtest.Config(t, s.Aliases...))
	s.hg("init", ".")
	s.write("skycap.yaml", fmt.Sprintf(siteProject, s.Place))
	s.write("pass", pass)
	s.write("config/greeting", "hello\n")
	s.hg("commit", "--quiet", "--addremove", "--message=begin")
	return s
}

// edition commits another edition of the program.
func (s *site) edition(text string) string {
	s.t.Helper()
	s.write("program", text+"\n")
	s.hg("commit", "--quiet", "--addremove", "--message=edition "+text)
	return s.node(".")
}

// hold makes the command lines wait at a mark, on every host.
func (s *site) hold(mark string) {
	s.t.Helper()
	for _, host := range s.hosts {
		require.NoError(s.t, os.WriteFile(filepath.Join(s.Folders[host], "hold-"+mark), nil, 0o600))
	}
}

// pass lets them go on.
func (s *site) pass(mark string) {
	s.t.Helper()
	for _, host := range s.hosts {
		for _, file := range []string{"hold-", "at-"} {
			if err := os.Remove(filepath.Join(s.Folders[host], file+mark)); err != nil {
				assert.ErrorIs(s.t, err, os.ErrNotExist)
			}
		}
	}
}

// waitAt waits until some host is at a mark.
func (s *site) waitAt(mark string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		for _, host := range s.hosts {
			if _, err := os.Stat(filepath.Join(s.Folders[host], "at-"+mark)); err == nil {
				return true
			}
		}
		return false
	}, 2*patience, pause/10, "no host came to %q", mark)
}

// running is the revision of the program that runs on a host.
func (s *site) running(host string) string {
	data, err := os.ReadFile(filepath.Join(s.Folders[host], "running"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// assertWhole proves that what is current on each host is a whole release of one of
// the revisions, or that nothing is yet.
func (s *site) assertWhole(what string, editions map[string]string) {
	s.t.Helper()
	for _, host := range s.hosts {
		app := filepath.Join(s.Folders[host], "app")
		link, err := os.Readlink(filepath.Join(app, "current"))
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(s.t, err, "%s: current on %s is no link", what, host)
		folder := filepath.Join(app, "releases", filepath.Base(link))
		require.Equal(s.t, s.Place+"/app/releases/"+filepath.Base(link), link, what)
		revision := strings.TrimSpace(readFile(s.t, filepath.Join(folder, "REVISION")))
		edition, known := editions[revision]
		require.True(s.t, known, "%s: revision %q on %s", what, revision, host)
		assert.Equal(s.t, edition+"\n", readFile(s.t, filepath.Join(folder, "program")), what)
		assert.Equal(s.t, "hello\n", readFile(s.t, filepath.Join(folder, "etc", "greeting")), what)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

// releases are the history's, oldest first.
func (s *site) releases() []skycap.Release {
	s.t.Helper()
	found := s.history("staging")
	for i, j := 0, len(found)-1; i < j; i, j = i+1, j-1 {
		found[i], found[j] = found[j], found[i]
	}
	return found
}
