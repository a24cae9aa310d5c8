package hosts

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/ssh"
	"github.com/skycap/skycap/internal/ssh/sshtest"
	"github.com/skycap/skycap/pkg/skycap"
)

// digit deploys a revision that has only its digit in it.
func (s *site) digit(digit string, maxFailures int) (*Hosts, *deployed) {
	s.t.Helper()
	r, from := commit(digit, revision.Tree{"digit": {Data: []byte(digit)}}, nil)
	on := s.open(s.hosting(), maxFailures)
	return on, s.deploy(s.t.Context(), on, s.releaseOf(r, from, s.hosting()))
}

// assertUntouched makes sure that a deploy failed in a phase and changed nothing.
func (s *site) assertUntouched(result *deployed, phase, digit string) {
	s.t.Helper()
	require.Error(s.t, result.err)
	assert.Equal(s.t, phase, result.failedIn)
	assert.False(s.t, result.changed)
	for _, host := range s.names() {
		assert.Equal(s.t, digit, s.inCurrent(host, "digit"), host)
	}
}

func TestAHostThatIsDown(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3)
	s.assertConverges("1")
	well, down := s.config, []sshtest.Alias{s.aliases[0], s.aliases[1], s.aliases[2]}
	server := sshtest.Start(t)
	server.Stop()
	down[2].Port = server.Port
	s.config = sshtest.Config(t, down...)

	on, result := s.digit("2", 0)
	s.assertUntouched(result, "lock", "1")
	var unreachable *ssh.UnreachableError
	require.ErrorAs(t, result.err, &unreachable)
	assert.Contains(t, result.err.Error(), `host "h3" can't be reached: ssh: connect to host 127.0.0.1 port`)
	require.NoError(t, on.Close())
	assert.Equal(t, 1, len(s.records("h1")))

	on, result = s.digit("3", 1)
	require.NoError(t, result.err, result.failedIn)
	assert.True(t, result.assessment.Tolerated)
	assert.Contains(t, result.assessment.Cause, `host "h3"`)
	assert.Contains(t, s.warned.String(), `host "h3" can't be reached`)
	assert.Equal(t, []string{"3", "3", "1"}, []string{s.inCurrent("h1", "digit"), s.inCurrent("h2", "digit"), s.inCurrent("h3", "digit")})
	require.NoError(t, on.Close())

	s.config = well
	s.assertConverges("3")
}

// records are the names of the releases that a host has recorded.
func (s *site) records(host string) []string {
	paths, err := filepath.Glob(filepath.Join(s.folders[host], ".skycap", "releases", "*.json"))
	require.NoError(s.t, err)
	return paths
}

func TestAHostKeyThatHasChanged(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3)
	s.assertConverges("1")
	well := s.config
	changed := append([]sshtest.Alias{}, s.aliases...)
	changed[1].Key = sshtest.Key(t)
	s.config = sshtest.Config(t, changed...)

	on, result := s.digit("2", 2)
	s.assertUntouched(result, "lock", "1")
	var keys *ssh.HostKeysError
	require.ErrorAs(t, result.err, &keys, "however many may fail")
	require.Len(t, keys.Keys, 1)
	assert.True(t, keys.Keys[0].Changed)
	assert.Contains(t, result.err.Error(), s.aliases[1].Server.Fingerprint(t))
	require.NoError(t, on.Close())
	s.config = well
	s.assertConverges("2")
}

func TestAHostThatRefusesUs(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2)
	s.assertConverges("1")
	well := s.config
	refusing := append([]sshtest.Alias{}, s.aliases...)
	refusing[1].Port = sshtest.Start(t, "AuthorizedKeysFile none").Port
	refusing[1].Lines = []string{"StrictHostKeyChecking accept-new"}
	refusing[1].Key = "-"
	s.config = sshtest.Config(t, refusing...)
	client := s.open(s.hosting(), 0)
	client.Client.AcceptNewHostKeys = true
	r, from := commit("2", revision.Tree{"digit": {Data: []byte("2")}}, nil)
	result := s.deploy(t.Context(), client, s.releaseOf(r, from, s.hosting()))
	s.assertUntouched(result, "lock", "1")
	var refused *ssh.AuthError
	require.ErrorAs(t, result.err, &refused)
	assert.Contains(t, result.err.Error(), `host "h2" refused to let us in: it accepts publickey, tried was`)
	require.NoError(t, client.Close())
	s.config = well
	s.assertConverges("2")
}

func TestABuildThatFailsOnOneOfEight(t *testing.T) {
	t.Parallel()
	s := newSite(t, 8)
	s.assertConverges("1")
	hosting := s.hosting()
	hosting.Build = `test "$SKYCAP_HOST" != h5 || { echo "no compiler here" >&2; exit 3; }`
	r, from := commit("2", revision.Tree{"digit": {Data: []byte("2")}}, nil)
	on := s.open(hosting, 0)
	result := s.deploy(t.Context(), on, s.releaseOf(r, from, hosting))
	s.assertUntouched(result, "stage", "1")
	require.EqualError(t, result.err, `host "h5": stage: the build ended with exit status 3: no compiler here`)
	assert.Contains(t, result.log.String(), "h5: no compiler here")
	for _, host := range s.names() {
		assert.Empty(t, s.left(host), host)
	}
	assert.Equal(t, skycap.ResultFailed, s.newest().Result)
	s.assertLeft(on)

	on = s.open(hosting, 1)
	result = s.deploy(t.Context(), on, s.releaseOf(r, from, hosting))
	require.NoError(t, result.err, result.failedIn)
	assert.True(t, result.assessment.Tolerated)
	assert.Equal(t, "1", s.inCurrent("h5", "digit"))
	assert.Equal(t, "2", s.inCurrent("h6", "digit"))
	s.assertLeft(on)
	s.assertConverges("2")
}

func TestACheckThatFailsAfterPublishing(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3)
	s.assertConverges("1")
	hosting := s.hosting()
	hosting.CheckTimeout = time.Second
	hosting.CheckCommand = `test "$SKYCAP_HOST" != h2 || { echo "no database"; exit 1; }`
	r, from := commit("2", revision.Tree{"digit": {Data: []byte("2")}}, nil)
	on := s.open(hosting, 0)
	result := s.deploy(t.Context(), on, s.releaseOf(r, from, hosting))
	require.NoError(t, result.err, result.failedIn)
	assert.True(t, result.changed)
	assert.Equal(t, skycap.StateDegraded, result.assessment.State)
	assert.Equal(t, `host "h2": publish: not healthy after 1 s: no database`, result.assessment.Cause)
	assert.Equal(t, "2", s.inCurrent("h2", "digit"))
	assert.Equal(t, skycap.ResultUnhealthy, s.newest().Result)
	s.assertLeft(on)
	s.assertConverges("3")
}

func TestCurrentIsAFolder(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2)
	s.assertConverges("1")
	current := filepath.Join(s.folders["h2"], "current")
	link, err := os.Readlink(current)
	require.NoError(t, err)
	require.NoError(t, os.Remove(current))
	require.NoError(t, os.Mkdir(current, 0o755)) //nolint:gosec // a folder of a site
	require.NoError(t, os.WriteFile(filepath.Join(current, "precious"), nil, 0o600))

	on, result := s.digit("2", 0)
	require.Error(t, result.err)
	assert.Equal(t, "plan", result.failedIn)
	require.EqualError(t, result.err, fmt.Sprintf(`host "h2": service "worker": %q is a directory, and must be a link`, s.root+"/current"))
	assert.Equal(t, "1", s.inCurrent("h1", "digit"))
	assert.FileExists(t, filepath.Join(current, "precious"))
	s.assertLeft(on)

	require.NoError(t, os.RemoveAll(current))
	require.NoError(t, os.Symlink(link, current))
	s.assertConverges("2")
}

func TestALoginShellThatPrints(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for _, name := range []string{".bashrc", ".profile", ".bash_profile", ".zshenv"} {
		require.NoError(t, os.WriteFile(filepath.Join(home, name), []byte("echo welcome; printf 'no end'; echo careful >&2\n"), 0o600))
	}
	s := newSite(t, 1, "SetEnv HOME="+home)
	s.assertConverges("1")
	s.assertConverges("2")
}

// What is from the future on one host comes before what is new on all.
func TestAClockThatIsAhead(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2)
	s.assertConverges("1")
	ahead := time.Now().UTC().AddDate(2, 0, 0).Format(stamp)
	require.NoError(t, os.Mkdir(filepath.Join(s.folders["h2"], "releases", ahead), 0o755)) //nolint:gosec // a folder of a site
	s.assertConverges("2")
	assert.Greater(t, s.current("h2"), ahead)
	assert.Equal(t, s.current("h1"), s.current("h2"))
	s.assertConverges("3")
	assert.Equal(t, s.current("h1"), s.current("h2"))
}

func TestAWholeFolderOutlivesTheMarkOfItsStaging(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	s.assertConverges("1")
	first := s.current("h1")
	s.assertConverges("2")
	require.NoError(t, os.WriteFile(filepath.Join(s.folders["h1"], ".skycap", "tmp", "staging."+first), nil, 0o600))
	s.assertConverges("1")
	assert.Equal(t, first, s.current("h1"), "it is there still")
}
