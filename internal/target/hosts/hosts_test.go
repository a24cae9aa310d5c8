package hosts

import (
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

func TestDeploysAndGoesOnWithDifferences(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2)
	hosting := s.hosting()
	hosting.LinkedDirs, hosting.Build = []string{"log"}, `echo "built $SKYCAP_REVISION" > built; echo building`
	first := revision.Tree{"a": {Data: []byte("1")}, "dir/b c": {Data: []byte("2"), Executable: true}, "gone/x": {Data: []byte("3")}, "l": {Link: "a"}}
	one, from := commit("1", first, nil)

	result := s.deploy(t.Context(), s.open(hosting, 0), s.releaseOf(one, from, hosting))
	require.NoError(t, result.err, result.failedIn)
	assert.Equal(t, skycap.StateHealthy, result.assessment.State, result.assessment.Cause)
	assert.Equal(t, 1, result.number)
	assert.Contains(t, result.log.String(), "h1: building")
	for _, host := range s.names() {
		assert.Regexp(t, `^\d{14}$`, s.current(host))
		assert.Equal(t, "built "+one.ID+"\n", s.inCurrent(host, "built"))
		assert.Equal(t, "2", s.inCurrent(host, "dir/b c"))
		assert.Equal(t, "Branch default (at "+one.ID+") deployed as release "+s.current(host)+" by ann\n", s.read(host, "revisions.log"))
		link, err := os.Readlink(filepath.Join(s.folders[host], "releases", s.current(host), "log"))
		require.NoError(t, err)
		assert.Equal(t, s.root+"/shared/log", link)
	}
	assert.Equal(t, s.current("h1"), s.current("h2"))
	before := s.current("h1")

	two, to := commit("2", revision.Tree{"a": {Data: []byte("1")}, "dir/b c": {Data: []byte("22")}, "l": {Link: "dir/b c"}}, map[string]revision.Tree{one.ID: from.tree})
	result = s.deploy(t.Context(), s.open(hosting, 0), s.releaseOf(two, to, hosting))
	require.NoError(t, result.err, result.failedIn)
	assert.Equal(t, 1, to.asked, "once for both hosts")
	assert.Empty(t, s.warned.String(), "the differences were enough")
	assert.Equal(t, 2, result.number)
	assert.Greater(t, s.current("h1"), before)
	assert.Equal(t, "22", s.inCurrent("h2", "dir/b c"))
	assert.Empty(t, s.inCurrent("h2", "gone/x"))
	assert.Equal(t, "1", s.inCurrent("h2", "a"))

	result = s.deploy(t.Context(), s.open(hosting, 0), s.releaseOf(two, to, hosting))
	require.NoError(t, result.err, result.failedIn)
	assert.True(t, result.plan.Nothing())

	releases, err := s.open(hosting, 0).Releases(t.Context())
	require.NoError(t, err)
	require.Len(t, releases, 2)
	assert.Equal(t, skycap.ResultOK, releases[0].Result)
}

func TestHostThatIsNotAsItWasDeployedIsSentAll(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	one, from := commit("1", revision.Tree{"a": {Data: []byte("1")}, "b": {Data: []byte("2")}}, nil)
	require.NoError(t, s.deploy(t.Context(), s.open(s.hosting(), 0), s.releaseOf(one, from, s.hosting())).err)
	require.NoError(t, os.WriteFile(filepath.Join(s.folders["h1"], "releases", s.current("h1"), "b"), []byte("changed by hand"), 0o600))

	two, to := commit("2", revision.Tree{"a": {Data: []byte("11")}, "b": {Data: []byte("2")}}, map[string]revision.Tree{one.ID: from.tree})
	result := s.deploy(t.Context(), s.open(s.hosting(), 0), s.releaseOf(two, to, s.hosting()))
	require.NoError(t, result.err, result.failedIn)
	assert.Contains(t, s.warned.String(), "all files are sent")
	assert.Equal(t, "2", s.inCurrent("h1", "b"))
}

func TestUnknownHostKeysAreToldOfTogether(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2)
	require.NoError(t, os.WriteFile(sshtest.Known(s.config), nil, 0o600))
	one, from := commit("1", revision.Tree{}, nil)
	result := s.deploy(t.Context(), s.open(s.hosting(), 1), s.releaseOf(one, from, s.hosting()))
	var keys *ssh.HostKeysError
	require.ErrorAs(t, result.err, &keys, "however many hosts may fail")
	assert.Len(t, keys.Keys, 2)
}

func TestFailingCanaryLeavesTheOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3)
	hosting := s.hosting()
	hosting.CheckTimeout = time.Second
	one, from := commit("1", revision.Tree{"ok": {}}, nil)
	hosting.CheckCommand = `test -e "$SKYCAP_RELEASE_PATH/ok" || { echo "ok is not there"; exit 1; }`
	require.NoError(t, s.deploy(t.Context(), s.open(hosting, 0), s.releaseOf(one, from, hosting)).err)
	before := s.current("h2")

	two, to := commit("2", revision.Tree{"a": {}}, nil)
	result := s.deploy(t.Context(), s.open(hosting, 0), s.releaseOf(two, to, hosting))
	require.NoError(t, result.err, result.failedIn)
	assert.True(t, result.changed)
	assert.Equal(t, skycap.StateDegraded, result.assessment.State)
	assert.True(t, result.assessment.Partial)
	assert.Contains(t, result.assessment.Cause, `host "h1"`)
	assert.Contains(t, result.assessment.Cause, "ok is not there")
	assert.NotEqual(t, before, s.current("h1"))
	assert.Equal(t, before, s.current("h2"))

	result = s.deploy(t.Context(), s.open(hosting, 0), s.releaseOf(one, from, hosting))
	require.NoError(t, result.err, result.failedIn)
	assert.Equal(t, skycap.StateHealthy, result.assessment.State)
	assert.Equal(t, before, s.current("h1"), "the folder is there still")
}
