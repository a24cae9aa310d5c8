package endtoend

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// programs is a folder for PATH that holds some of the programs that there are.
func programs(t *testing.T, names ...string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range names {
		path, err := exec.LookPath(name)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(path, filepath.Join(folder, name)))
	}
	return folder
}

// bare is an ops machine: skycap.yaml and kubectl, and nothing else. The registry's
// address in skycap.yaml is one where nobody answers.
func (c *checkout) bare() *checkout {
	c.t.Helper()
	ops := *c
	ops.folder = c.t.TempDir()
	ops.write("skycap.yaml", strings.ReplaceAll(c.read("skycap.yaml"), shared.registry, closedAddress(c.t)))
	ops.env = append(slices.Clone(c.env), "PATH="+programs(c.t, "kubectl"))
	return &ops
}

func TestOperateNeedsSettingsAndClusterOnly(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.deploy("v1.0", "staging")
	before := c.pods(c.staging)
	ops := c.bare()

	o := ops.skycap("restart", "staging", "-o", "json", "--timeout=60s")
	require.Zero(t, o.code, o.stderr)
	result := ops.result(o)
	assert.Equal(t, skycap.ResultOK, result.Word)
	assert.True(t, result.Healthy)
	assert.True(t, result.Changed)

	pods := c.pods(c.staging)
	require.Len(t, pods, len(before))
	for _, pod := range pods {
		assert.NotEqual(t, before[0].UID, pod.UID)
		assert.NotEqual(t, before[1].UID, pod.UID)
		assert.Equal(t, before[0].Spec.Containers[0].Image, pod.Spec.Containers[0].Image)
	}
	status := ops.status("staging")
	assert.Equal(t, skycap.StateHealthy, status.State)
	assert.Equal(t, c.node("v1.0"), status.Revision)
	assert.Equal(t, 1, status.Release)
	releases := ops.history("staging")
	require.Len(t, releases, 1)
	assert.Equal(t, skycap.ResultOK, releases[0].Result)
	assert.Equal(t, c.node("v1.0"), releases[0].Revision)
	assert.Equal(t, []string{"web"}, releases[0].Services)
}
