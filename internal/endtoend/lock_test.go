package endtoend

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// startDeploy starts a deploy that waits, with the locks, until it is interrupted.
func (c *checkout) startDeploy(revision string, services ...string) *running {
	c.t.Helper()
	r := c.start(append([]string{"deploy", revision, "staging", "--timeout=90s", "-o", "json"}, services...)...)
	r.until(func(event skycap.Event) bool { return event.Type == skycap.EventState })
	return r
}

func TestSecondDeployIsLockedOut(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	good, slow := c.node("."), c.slowWeb()
	first := c.startDeploy(slow)
	before := c.deployment()
	o := c.skycap("deploy", good, "staging", "-o", "json")
	assert.Equal(t, 5, o.code, o.stderr)
	result := c.result(o)
	assert.Equal(t, skycap.ResultLocked, result.Word)
	assert.Less(t, result.DurationSeconds, 15.0, "whether the holder lives shows within seconds")
	assert.False(t, result.Changed)
	assert.Regexp(t, `skycap: error: service "web" in environment "staging" is locked by ".+@.+" since 20.+ \(.*deploy `+slow, o.stderr)
	assert.Contains(t, o.stderr, "skycap: hint: to wait for it: skycap deploy "+good+" staging -o json --lock-wait 10m; to watch it: skycap attach staging")
	assert.NotRegexp(t, goish, o.stderr)
	assert.Equal(t, before.Generation, c.deployment().Generation)
	assert.True(t, c.history("staging")[0].UnderWay)
	assert.Equal(t, 5, c.skycap("restart", "staging").code)
	first.interrupt(os.Interrupt)
	c.assertUnlocked()
}

func TestSecondDeployWaitsItsTurn(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	good, slow := c.node("."), c.slowWeb()
	first := c.startDeploy(slow)
	second := c.start("deploy", good, "staging", "--lock-wait=60s", "--timeout=60s", "-o", "json")
	second.until(func(event skycap.Event) bool {
		return event.Phase == "lock" && strings.Contains(event.Message, "is locked by")
	})
	first.interrupt(os.Interrupt)
	o := second.end()
	require.Zero(t, o.code, o.stderr)
	assert.Equal(t, 2, c.result(o).Release)
	assert.Equal(t, good, c.status("staging").Revision)
	c.assertUnlocked()
}

func TestLocksAreForEachService(t *testing.T) {
	t.Parallel()
	c := newSmall(t, "worker")
	good, slow := c.node("."), c.slowWeb()
	first := c.startDeploy(slow, "web")
	assert.Len(t, c.deploy(good, "staging", "worker").Services, 1)
	o := c.skycap("deploy", good, "staging")
	assert.Equal(t, 5, o.code)
	assert.Contains(t, o.stderr, `service "web"`)
	c.deploy(good, "staging", "worker") // all or none: the lock of worker was given back
	first.interrupt(os.Interrupt)
	c.assertUnlocked()
}

func TestKilledDeployFreesItsLock(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	good, slow := c.node("."), c.slowWeb()
	first := c.startDeploy(slow)
	require.NoError(t, first.program.Process.Kill())
	first.end()
	assert.Eventually(t, func() bool { return len(c.processes()) == 0 }, patience, pause)
	c.deploy(good, "staging") // a dead holder is waited for, until it is certain that it is dead
	releases := c.history("staging")
	assert.Equal(t, skycap.ResultInterrupted, releases[1].Result)
	assert.Equal(t, skycap.ResultOK, releases[0].Result)
	c.assertUnlocked()
	c.clearTemporary()
}

func TestFreezeStopsDeploysOnly(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	first, second := c.node("."), c.reviseText("second")
	c.deploy(first, "staging")
	c.ok("lock", "staging", "-m", "database upgrade until 14:00")
	before := contents(t, c.staging)

	o := c.skycap("deploy", second, "staging", "-o", "json")
	assert.Equal(t, 5, o.code)
	assert.Equal(t, skycap.ResultLocked, c.result(o).Word)
	assert.Regexp(t, `skycap: error: environment "staging" is frozen by ".+@.+" since 20.+: database upgrade until 14:00`, o.stderr)
	assert.Contains(t, o.stderr, "skycap: hint: to end it: skycap unlock staging; to pass it, which is recorded: skycap deploy "+second+" staging -o json --override why")
	twice := c.skycap("lock", "staging", "-m", "me too")
	assert.Equal(t, 5, twice.code)
	assert.Contains(t, twice.stderr, "database upgrade until 14:00")
	assert.Contains(t, twice.stderr, "skycap: hint: to end it: skycap unlock staging")
	assert.Equal(t, before, contents(t, c.staging))

	c.deploy(second, "staging", "--override=the shop is down")
	assert.Equal(t, "the shop is down", c.history("staging")[0].Override)
	c.ok("restart", "staging", "--timeout=60s")
	o = c.skycap("rollback", "staging", "--timeout=60s")
	require.Zero(t, o.code, o.stderr)
	assert.Equal(t, first, c.status("staging").Revision)

	assert.Contains(t, c.ok("unlock", "staging"), "database upgrade until 14:00")
	c.assertUnlocked()
	assert.Contains(t, c.ok("unlock", "staging"), "staging was not frozen")
	c.deploy(second, "staging", "--yes")
	assert.Empty(t, c.history("staging")[0].Override)
	c.fails(2, []string{"lock", "staging"}, []string{"-m"}, nil)
}
