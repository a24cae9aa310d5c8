package endtoend

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// newScaled is a service with two replicas in its manifest.
func newScaled(t *testing.T) *checkout {
	t.Helper()
	c := newSmall(t)
	c.edit(webDeployment, "spec:\n  selector", "spec:\n  replicas: 2\n  selector")
	c.deploy(c.revise(), "staging")
	return c
}

// warnings are what a deploy warns of.
func (c *checkout) warnings(o outcome) string {
	c.t.Helper()
	var found []string
	for _, event := range c.events(o) {
		if event.Type == skycap.EventWarning {
			found = append(found, event.Message)
		}
	}
	return strings.Join(found, "\n")
}

// keepsReplicas proves that the next deploy leaves three replicas as they are, and says so.
func (c *checkout) keepsReplicas(owner string) {
	t := c.t
	second := c.reviseText("second")
	says := `Deployment "web" keeps 3 replicas, as "` + owner + `" has set them; its manifest says 2`
	assert.Contains(t, strings.Join(c.plan(second).Kept, "\n"), says)
	o := c.skycap("deploy", second, "staging", "--timeout=60s", "-o", "json")
	require.Zero(t, o.code, o.stderr)
	assert.Contains(t, c.warnings(o), says)
	assert.EqualValues(t, 3, *c.deployment().Spec.Replicas)
	assert.Len(t, c.status("staging").Instances, 3)
}

func TestReplicasThatSomebodyHasScaledStay(t *testing.T) {
	t.Parallel()
	c := newScaled(t)
	kubectl(t, "--namespace="+c.staging, "scale", "deployment/web", "--replicas=3")
	c.keepsReplicas("kubectl")
}

func TestReplicasOfAnAutoscalerStay(t *testing.T) {
	t.Parallel()
	c := newScaled(t)
	kubectl(t, "--namespace="+c.staging, "patch", "deployment", "web", "--subresource=scale", "--type=merge",
		`--patch={"spec":{"replicas":3}}`, "--field-manager=kube-controller-manager")
	c.keepsReplicas("kube-controller-manager")
}

func TestStoppedServiceStaysStopped(t *testing.T) {
	t.Parallel()
	c := newScaled(t)
	kubectl(t, "--namespace="+c.staging, "scale", "deployment/web", "--replicas=0")
	o := c.skycap("deploy", c.reviseText("second"), "staging", "--timeout=60s", "-o", "json")
	require.Zero(t, o.code, o.stderr)
	assert.Contains(t, c.warnings(o), "keeps 0 replicas")
	assert.Zero(t, *c.deployment().Spec.Replicas)
	assert.Equal(t, skycap.StateStopped, c.status("staging").State)
}

const grace = "spec.template.spec.terminationGracePeriodSeconds"

// patchGrace sets by hand what the manifest sets too.
func (c *checkout) patchGrace() {
	c.t.Helper()
	kubectl(c.t, "--namespace="+c.staging, "patch", "deployment", "web", "--field-manager=kubectl-patch",
		`--patch={"spec":{"template":{"spec":{"terminationGracePeriodSeconds":3}}}}`)
}

func (c *checkout) graceNow() int64 {
	c.t.Helper()
	return *c.deployment().Spec.Template.Spec.TerminationGracePeriodSeconds
}

func TestFieldsThatSomebodyChangedAreRefusedTakenOrLeft(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	c.deploy(".", "staging")
	c.patchGrace()
	var drift []skycap.Drift
	for _, found := range c.status("staging").Drift {
		if found.Path == grace {
			drift = append(drift, found)
		}
	}
	require.Len(t, drift, 1)
	assert.Equal(t, "kubectl-patch", drift[0].Owner)
	assert.EqualValues(t, 3, drift[0].Value)

	second := c.reviseText("second")
	assert.Contains(t, c.ok("plan", second, "staging"), grace+`: 3 → 1  (conflict: "kubectl-patch" has set it`)
	before := contents(t, c.staging)
	o := c.fails(1, []string{"deploy", second, "staging", "-o", "json"},
		[]string{`Deployment "web": "kubectl-patch" has set ` + grace + " to 3; the release says 1"},
		[]string{"--conflicts take", "--conflicts leave"})
	assert.Equal(t, skycap.ResultFailed, c.result(o).Word)
	assert.Len(t, c.history("staging"), 1)
	assert.Subset(t, contents(t, c.staging), withoutDeployments(before))

	c.deploy(second, "staging", "--conflicts=leave")
	assert.EqualValues(t, 3, c.graceNow())
	c.deploy(c.reviseText("third"), "staging", "--conflicts=take")
	assert.EqualValues(t, 1, c.graceNow())
	assert.Empty(t, c.status("staging").Drift)
	c.deploy(c.reviseText("fourth"), "staging")
}

// withoutDeployments leaves out what the cluster itself writes to.
func withoutDeployments(contents []string) (found []string) {
	for _, line := range contents {
		if !strings.HasPrefix(line, "Deployment/") {
			found = append(found, line)
		}
	}
	return found
}

func TestWhatSomebodyAddedIsShown(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	c.deploy(".", "staging")
	kubectl(t, "--namespace="+c.staging, "set", "env", "deployment/web", "DEBUG=1")
	drift := c.status("staging").Drift
	require.Len(t, drift, 1)
	assert.Equal(t, "Deployment", drift[0].Kind)
	assert.Equal(t, "web", drift[0].Name)
	assert.Contains(t, drift[0].Path, "env")
	assert.NotEmpty(t, drift[0].Owner)
	assert.Contains(t, c.ok("status", "staging"), "env")
	c.deploy(c.reviseText("second"), "staging")
	assert.NotEmpty(t, c.deployment().Spec.Template.Spec.Containers[0].Env, "nobody's business but theirs")
}
