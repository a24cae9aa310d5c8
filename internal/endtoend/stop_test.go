package endtoend

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// operate runs stop, start or their like with success and returns the result.
func (c *checkout) operate(args ...string) skycap.Result {
	c.t.Helper()
	o := c.skycap(append(args, "--timeout=60s", "-o", "json")...)
	require.Zero(c.t, o.code, "%q:\n%s\n%s", args, o.stdout, o.stderr)
	c.assertUnlocked()
	return c.result(o)
}

func TestStopLastsOverADeployUntilStart(t *testing.T) {
	t.Parallel()
	c := newScaled(t)
	ops := c.bare()

	stopped := ops.operate("stop", "staging")
	assert.Equal(t, skycap.ResultOK, stopped.Word)
	assert.True(t, stopped.Changed)
	require.Len(t, stopped.Services, 1)
	assert.Equal(t, skycap.StateStopped, stopped.Services[0].State)
	assert.Equal(t, skycap.ResultOK, stopped.Services[0].Result)
	assert.Empty(t, c.pods(c.staging), "it waits until they are gone")
	status := ops.status("staging")
	assert.Equal(t, skycap.StateStopped, status.State)
	assert.Empty(t, status.Drift, "to stop is to operate")
	assert.False(t, ops.operate("stop", "staging").Changed, "once is enough")

	second := c.reviseText("second")
	const says = `Deployment "web" stays stopped; to start it: skycap start staging`
	assert.Contains(t, c.plan(second).Kept, says)
	o := c.skycap("deploy", second, "staging", "--timeout=60s", "-o", "json")
	require.Zero(t, o.code, o.stderr)
	assert.Contains(t, c.warnings(o), says)
	assert.Equal(t, skycap.StateStopped, c.status("staging").State)
	assert.Zero(t, *c.deployment().Spec.Replicas)

	started := ops.operate("start", "staging")
	assert.True(t, started.Healthy)
	assert.EqualValues(t, 2, *c.deployment().Spec.Replicas)
	assert.NotContains(t, c.deployment().Annotations, "skycap.dev/replicas")
	status = ops.status("staging")
	assert.Equal(t, skycap.StateHealthy, status.State)
	assert.Equal(t, second, status.Revision)
	assert.Len(t, status.Instances, 2)
	assert.Empty(t, status.Drift)

	// The replicas are the manifest's again.
	c.edit(webDeployment, "replicas: 2", "replicas: 1")
	c.deploy(c.revise(), "staging")
	assert.EqualValues(t, 1, *c.deployment().Spec.Replicas)
}

func TestWhatWasScaledComesBackScaled(t *testing.T) {
	t.Parallel()
	c := newScaled(t)
	kubectl(t, "--namespace="+c.staging, "scale", "deployment/web", "--replicas=3")
	c.operate("stop", "staging")
	assert.Equal(t, "3 kubectl", c.deployment().Annotations["skycap.dev/replicas"])
	c.operate("start", "staging")
	c.keepsReplicas("skycap-operate")
}

func TestWhatCannotBeStoppedIsRefusedBeforeAnythingIs(t *testing.T) {
	t.Parallel()
	c := newSmall(t, "agent")
	c.edit("deploy/agent/deployment.yaml", "kind: Deployment", "kind: DaemonSet")
	c.deploy(c.revise(), "staging")
	o := c.fails(1, []string{"stop", "staging", "-o", "json"},
		[]string{`service "agent" has the DaemonSet "agent", which has no number of replicas and can't be stopped`}, []string{"name them: skycap stop"})
	result := c.result(o)
	assert.Equal(t, skycap.ResultFailed, result.Word)
	assert.False(t, result.Changed)
	assert.EqualValues(t, 1, *c.deployment().Spec.Replicas)

	c.operate("stop", "staging", "web")
	assert.True(t, c.operate("start", "staging").Healthy, "what can't be stopped needs no start")
}
