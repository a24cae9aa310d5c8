package endtoend

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

func TestNothingDeployedIsAbsent(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	status := c.status("staging")
	assert.Equal(t, skycap.StateAbsent, status.State)
	assert.Zero(t, status.Release)
	assert.Empty(t, status.Instances)
	assert.Empty(t, c.history("staging"))
}

// A release that was given up too early is healthy once a later deploy of the same
// has seen it so: a way back must be able to find it.
func TestLaterDeployCorrectsTheRecord(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	o := c.skycap("deploy", "v1.0", "staging", "--timeout=1ms", "-o", "json")
	assert.Equal(t, 3, o.code, o.stderr)
	assert.Equal(t, skycap.ResultUnhealthy, c.result(o).Word)

	c.deploy("v1.0", "staging")
	releases := c.history("staging")
	require.NotEmpty(t, releases)
	assert.Equal(t, c.node("v1.0"), releases[0].Revision)
	assert.Equal(t, skycap.ResultOK, releases[0].Result)
}

func TestDeployWithoutWaitingDoesNotClaimHealth(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	o := c.skycap("deploy", c.neverReady(), "staging", "--no-wait", "-o", "json")
	require.Zero(t, o.code, o.stderr)
	result := c.result(o)
	assert.True(t, result.Changed)
	assert.False(t, result.Healthy)
	assert.Equal(t, 1, result.Release)
	assert.NotEqual(t, skycap.StateHealthy, c.status("staging").State)
}

func TestWhatAKilledDeployLeavesIsSwept(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	r := c.start("deploy", c.neverReady(), "staging", "--timeout=90s", "-o", "json")
	r.until(func(event skycap.Event) bool { return event.Type == skycap.EventState })
	require.NoError(t, r.program.Process.Signal(syscall.SIGKILL))
	r.end()
	assert.Eventually(t, func() bool { return len(c.processes()) == 0 }, patience, pause, "%q", c.processes())
	assert.Empty(t, c.history("staging")[0].Result, "nobody was there to say how it ended")
	left, err := filepath.Glob(filepath.Join(c.temporary, "skycap-*"))
	require.NoError(t, err)
	for _, folder := range left { // a young one could be that of a start under way
		require.NoError(t, os.Chtimes(folder, time.Time{}, time.Now().Add(-time.Hour)))
	}
	c.ok("status", "staging")
	c.assertNothingLeft()
}

// The path of a unix socket may have a hundred bytes or so; that of TMPDIR may have more.
func TestLongTemporaryFolderWorks(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	write(t, c.temporary, strings.Repeat("long", 25)+"/file", "")
	c.env = append(c.env, "TMPDIR="+c.temporary+"/"+strings.Repeat("long", 25))
	assert.Equal(t, skycap.StateAbsent, c.status("staging").State)
}
