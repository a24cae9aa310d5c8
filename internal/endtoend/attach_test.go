package endtoend

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// clearTemporary removes what a killed skycap has left, as the next start would after a while.
func (c *checkout) clearTemporary() {
	c.t.Helper()
	left, err := filepath.Glob(filepath.Join(c.temporary, "skycap-*"))
	require.NoError(c.t, err)
	for _, folder := range left {
		require.NoError(c.t, os.RemoveAll(folder))
	}
}

func TestAttachFollowsARolloutToItsEnd(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	c.edit(webDeployment, "periodSeconds: 1}", "periodSeconds: 1, initialDelaySeconds: 4}")
	node := c.revise()
	o := c.skycap("deploy", node, "staging", "--no-wait", "-o", "json")
	require.Zero(t, o.code, o.stderr)
	assert.False(t, c.result(o).Healthy)
	assert.Empty(t, c.history("staging")[0].Result)

	ops := c.bare()
	o = ops.skycap("attach", "staging", "--timeout=60s", "-o", "json")
	require.Zero(t, o.code, o.stderr)
	result := c.result(o)
	assert.Equal(t, skycap.ResultOK, result.Word)
	assert.True(t, result.Healthy)
	assert.False(t, result.Changed)
	assert.Equal(t, 1, result.Release)
	assert.Equal(t, node, result.Revision)
	var states []skycap.State
	for _, event := range c.events(o) {
		if event.Type == skycap.EventState {
			states = append(states, event.State)
		}
	}
	require.NotEmpty(t, states)
	assert.Equal(t, skycap.StateProgressing, states[0])
	assert.Equal(t, skycap.StateHealthy, states[len(states)-1])
	releases := c.history("staging")
	require.Len(t, releases, 1)
	assert.Equal(t, skycap.ResultOK, releases[0].Result)
	c.assertUnlocked()
}

func TestAttachLeavesTheRecordToTheDeployThatIsAtWork(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	first := c.startDeploy(c.slowWeb())
	o := c.skycap("attach", "staging", "--timeout=2s", "-o", "json")
	assert.Equal(t, 3, o.code, o.stderr)
	assert.Contains(t, o.stderr, `skycap: error: service "web" is not healthy after 2s`)
	assert.Contains(t, o.stderr, "skycap: hint: ")
	assert.Empty(t, c.history("staging")[0].Result)
	first.interrupt(os.Interrupt)
	assert.Equal(t, skycap.ResultInterrupted, c.history("staging")[0].Result)
}

func TestAttachWhereNothingWasDeployed(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	o := c.fails(1, []string{"attach", "staging", "-o", "json"}, []string{`environment "staging" has no release yet`}, []string{"skycap deploy <rev> staging"})
	assert.Equal(t, skycap.ResultFailed, c.result(o).Word)
}
