package endtoend

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// neverReady commits a probe that the service never passes.
func (c *checkout) neverReady() string {
	c.t.Helper()
	return c.commitEdit("deploy/web/deployment.yaml", "path: /healthz", "path: /no-such-page")
}

func TestUnhealthyReleaseSaysSo(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.deploy("v1.0", "staging")
	node := c.neverReady()
	o := c.skycap("deploy", node, "staging", "--timeout=15s", "-o", "json")
	assert.Equal(t, 3, o.code)
	assert.Contains(t, o.stderr, `skycap: error: service "web" is not healthy`)
	assert.Contains(t, o.stderr, "skycap: hint: ")
	assert.NotRegexp(t, goish, o.stderr)

	result := c.result(o)
	assert.Equal(t, skycap.ResultUnhealthy, result.Word)
	assert.True(t, result.Changed)
	assert.False(t, result.Healthy)
	assert.Equal(t, 2, result.Release)
	require.Len(t, result.Services, 1)
	service := result.Services[0]
	assert.Equal(t, skycap.ResultUnhealthy, service.Result)
	assert.NotEmpty(t, service.Cause)
	assert.NotEmpty(t, service.Grade, "how surely it is broken")
	assert.NotEmpty(t, service.Evidence, "what proves the cause")
	assert.NotEmpty(t, service.Hint)

	releases := c.history("staging")
	require.Len(t, releases, 2)
	assert.Equal(t, skycap.ResultUnhealthy, releases[0].Result)
	assert.Equal(t, node, releases[0].Revision)
	assert.Equal(t, skycap.ResultOK, releases[1].Result)
	assert.Contains(t, c.answer(c.staging), "revision: "+c.node("v1.0")[:12], "the former release still answers")

	c.deploy("v1.0", "staging")
	assert.Equal(t, skycap.StateHealthy, c.status("staging").State, "the way back is a deploy")
}

func TestContainerThatCannotStartIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	node := c.commitEdit("deploy/web/deployment.yaml", "          ports:",
		"          env: [{name: MISSING, valueFrom: {configMapKeyRef: {name: storefront-absent, key: word}}}]\n          ports:")
	o := c.skycap("deploy", node, "staging", "--timeout=90s", "-o", "json")
	assert.Equal(t, 3, o.code)
	result := c.result(o)
	require.Len(t, result.Services, 1)
	assert.Equal(t, skycap.GradeFatal, result.Services[0].Grade)
	assert.Contains(t, result.Services[0].Cause, "storefront-absent")
	assert.Less(t, result.DurationSeconds, 60.0, "a deploy that is known to be broken ends at once")
}

func TestInterruptedDeployLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	r := c.start("deploy", c.neverReady(), "staging", "--timeout=90s", "-o", "json")
	r.until(func(event skycap.Event) bool { return event.Type == skycap.EventState })
	require.NoError(t, r.program.Process.Signal(os.Interrupt))
	o := r.end()
	c.assertNothingLeft()
	assert.Equal(t, 130, o.code)
	assert.Contains(t, o.stderr, `service "web"`, "it says in what state the service is")
	result := c.result(o)
	assert.Equal(t, skycap.ResultInterrupted, result.Word)
	assert.True(t, result.Changed)
	assert.Equal(t, 1, result.Release)
	releases := c.history("staging")
	require.Len(t, releases, 1)
	assert.Equal(t, skycap.ResultInterrupted, releases[0].Result)
}

func TestInterruptBeforeAnythingWasChanged(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.withoutBuilds()
	r := c.start("deploy", c.commit(greeting, c.staging), "staging", "--wait-image=90s", "-o", "json")
	r.until(func(event skycap.Event) bool { return event.Phase == "prepare" })
	require.NoError(t, r.program.Process.Signal(os.Interrupt))
	o := r.end()
	c.assertNothingLeft()
	assert.Equal(t, 130, o.code)
	assert.Contains(t, o.stderr, "nothing was changed")
	assert.False(t, c.result(o).Changed)
	assert.Empty(t, contents(t, c.staging))
}

func TestPartlyAppliedReleaseSaysSo(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	// A dry run takes nothing from a quota: each of two Services alone would fit.
	kubectl(t, "--namespace="+c.staging, "create", "quota", "services", "--hard=count/services=1")
	kubectl(t, "--namespace="+c.staging, "wait", "--for=jsonpath={.status.hard}", "--timeout=30s", "resourcequota/services")
	node := c.commit("deploy/web/second.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: second}\nspec: {ports: [{port: 81}]}\n")

	o := c.skycap("deploy", node, "staging", "--timeout=30s", "-o", "json")
	assert.Equal(t, 4, o.code)
	assert.Contains(t, o.stderr, "exceeded quota")
	assert.Contains(t, o.stderr, "skycap: hint: ")
	assert.NotContains(t, o.stderr, "nothing was changed")
	assert.NotRegexp(t, goish, o.stderr)
	result := c.result(o)
	assert.Equal(t, skycap.ResultPartial, result.Word)
	assert.True(t, result.Changed)
	assert.Equal(t, skycap.ResultPartial, c.history("staging")[0].Result)
}
