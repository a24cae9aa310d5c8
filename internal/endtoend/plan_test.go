package endtoend

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

func TestPlanSaysWhatADeployWouldChange(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	first := c.plan("v1.0")
	assert.Equal(t, c.node("v1.0"), first.Revision)
	assert.Equal(t, map[string]string{"ConfigMap": "create", "Deployment": "create", "Service": "create"}, actions(first))
	assert.Empty(t, contents(t, c.staging), "plan touches nothing")

	c.deploy("v1.0", "staging")
	objects := contents(t, c.staging)
	assert.Empty(t, c.plan("v1.0").Changes)
	assert.Zero(t, c.skycap("plan", "--exit-code", "v1.0", "staging").code)

	next := c.plan("main")
	assert.Equal(t, map[string]string{"Deployment": "update"}, actions(next), "the configuration is the same")
	require.NotEmpty(t, next.Changes[0].Fields)
	assert.Equal(t, "spec.template.spec.containers[0].image", next.Changes[0].Fields[0].Path)
	assert.Equal(t, image(c.node("main"))+"@"+digest(t, image(c.node("main"))), next.Changes[0].Fields[0].New)
	assert.Equal(t, next, decode[skycap.Plan](c, c.ok("deploy", "--dry-run", "main", "staging", "-o", "json")))
	changes := c.skycap("plan", "--exit-code", "main", "staging")
	assert.Equal(t, 7, changes.code)
	assert.Contains(t, changes.stdout, "~ update Deployment web")
	assert.Equal(t, objects, contents(t, c.staging), "plan touches nothing")
}

func (c *checkout) plan(revision string) skycap.Plan {
	c.t.Helper()
	return decode[skycap.Plan](c, c.ok("plan", revision, "staging", "-o", "json"))
}

// actions are what a plan does with its objects, by kind.
func actions(plan skycap.Plan) map[string]string {
	found := map[string]string{}
	for _, change := range plan.Changes {
		found[change.Kind] = change.Action
	}
	return found
}
