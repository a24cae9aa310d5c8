package endtoend

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// revertsItself proves that a deploy that fails puts the former release back.
func (c *checkout) revertsItself(more ...string) {
	t := c.t
	c.env = append(c.env, "XDG_CACHE_HOME="+t.TempDir())
	first := c.node(".")
	c.deploy(first, "staging")
	pods := c.uids(c.staging)
	broken := c.breakWeb()

	o := c.deployFails(6, broken, []string{`service "web" is not healthy`}, []string{"release 1 runs again, as release 3"}, more...)
	result := c.result(o)
	assert.Equal(t, skycap.ResultReverted, result.Word)
	assert.True(t, result.Changed)
	assert.False(t, result.Healthy)
	assert.Equal(t, 2, result.Release)
	assert.Equal(t, 3, result.RevertedBy)
	require.Len(t, result.Services, 1)
	assert.NotEmpty(t, result.Services[0].Cause)
	saved, err := os.ReadDir(result.EvidenceFolder)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(saved), 2)
	assert.FileExists(t, filepath.Join(result.EvidenceFolder, "causes.json"))

	assert.Subset(t, c.uids(c.staging), pods, "the pod that served was never touched")
	status := c.status("staging")
	assert.Equal(t, skycap.StateHealthy, status.State, status.Message)
	assert.Equal(t, first, status.Revision)
	releases := c.history("staging")
	require.Len(t, releases, 3)
	assert.Equal(t, "rollback", releases[0].Kind)
	assert.Equal(t, 1, releases[0].Of)
	assert.Equal(t, skycap.ResultOK, releases[0].Result)
	assert.Equal(t, broken, releases[1].Revision)
	assert.Equal(t, skycap.ResultUnhealthy, releases[1].Result)
	assert.Equal(t, 3, releases[1].LeftBy)
	c.deployFails(2, broken, []string{"rolled back from"}, []string{"--yes"})
}

func TestFailedReleaseIsRevertedWhereTheFlagSaysSo(t *testing.T) {
	t.Parallel()
	newSmall(t).revertsItself("--on-failure=rollback")
}

func TestFailedReleaseIsRevertedWhereTheSettingsSaySo(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	c.edit("skycap.yaml", "  staging:\n", "  staging:\n    on_failure: rollback\n")
	c.revertsItself()
}

func TestFlagHoldsWhereTheSettingsWouldRevert(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	c.edit("skycap.yaml", "  staging:\n", "  staging:\n    on_failure: rollback\n")
	c.deploy(".", "staging")
	o := c.deployFails(3, c.breakWeb(), nil, []string{"skycap rollback staging", "skycap attach staging"}, "--on-failure=hold")
	assert.Zero(t, c.result(o).RevertedBy)
	assert.Len(t, c.history("staging"), 2)
}

func TestFirstReleaseThatFailsHasNothingToGoBackTo(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	o := c.deployFails(3, c.breakWeb(), []string{`service "web" is not healthy`, "no release to go back to"}, nil, "--on-failure=rollback")
	result := c.result(o)
	assert.Equal(t, skycap.ResultUnhealthy, result.Word)
	assert.True(t, result.Changed)
	assert.Zero(t, result.RevertedBy)
	releases := c.history("staging")
	require.Len(t, releases, 1)
	assert.Equal(t, skycap.ResultUnhealthy, releases[0].Result)
	assert.Zero(t, releases[0].LeftBy)
}
