package endtoend

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

const (
	webDeployment = "deploy/web/deployment.yaml"
	webText       = "config/web/name.txt"
)

// newSmall is a repository with one service, web, of one pod, which has the canary. Its commits get the
// example's image, and no build.
func newSmall(t *testing.T, more ...string) *checkout {
	t.Helper()
	needLab(t)
	c := emptyCheckout(t)
	c.hg("init")
	services := append([]string{"web"}, more...)
	c.write("skycap.yaml", withSecrets(settingsOf(c, services...)))
	keep(t, c).seal("secrets/staging/canary.age", canary)
	for _, service := range services {
		c.write("deploy/"+service+"/deployment.yaml", fmt.Sprintf(tinyDeployment, service))
		c.write("config/"+service+"/name.txt", service+" of "+c.staging+"\n")
	}
	c.revise()
	return c
}

// revise commits all that is in the folder, with an image.
func (c *checkout) revise() string {
	c.t.Helper()
	c.hg("commit", "--quiet", "--addremove", "--message=a revision of "+c.staging)
	example := c.hg("log", "--repository="+shared.repository, "--rev=main", "--template={node}")
	push(c.t, pull(c.t, image(example)), image(c.node(".")))
	return c.node(".")
}

// reviseText commits another configuration.
func (c *checkout) reviseText(text string) string {
	c.t.Helper()
	c.write(webText, text+" of "+c.staging+"\n")
	return c.revise()
}

// breakWeb commits a probe that web never passes.
func (c *checkout) breakWeb() string {
	c.t.Helper()
	c.edit(webDeployment, "path: /healthz", "path: /no-such-page")
	return c.revise()
}

// slowWeb commits that pods have to stay ready for long until they count: its
// rollout is under way, and nothing is wrong with it.
func (c *checkout) slowWeb() string {
	c.t.Helper()
	c.edit(webDeployment, "spec:\n  selector", "spec:\n  minReadySeconds: 500\n  selector")
	return c.revise()
}

// rollback rolls staging back with success and returns the result.
func (c *checkout) rollback(more ...string) skycap.Result {
	c.t.Helper()
	o := c.skycap(append([]string{"rollback", "staging", "--timeout=60s", "-o", "json"}, more...)...)
	require.Zero(c.t, o.code, "rollback %q:\n%s\n%s", more, o.stdout, o.stderr)
	result := c.result(o)
	assert.Equal(c.t, skycap.ResultOK, result.Word)
	assert.True(c.t, result.Healthy)
	c.assertUnlocked()
	return result
}

// fails runs skycap, which must fail with a code, and say what and what next.
func (c *checkout) fails(code int, args, says, hints []string) outcome {
	c.t.Helper()
	o := c.skycap(args...)
	assert.Equal(c.t, code, o.code, "%q:\n%s\n%s", args, o.stdout, o.stderr)
	assert.Contains(c.t, o.stderr, "skycap: error: ")
	assert.Contains(c.t, o.stderr, "skycap: hint: ")
	assert.NotRegexp(c.t, goish, o.stderr)
	for _, text := range slices.Concat(says, hints) {
		assert.Contains(c.t, o.stderr, text)
	}
	c.assertUnlocked()
	return o
}

// deployFails is a deploy of web's that fails within some seconds.
func (c *checkout) deployFails(code int, revision string, says, hints []string, more ...string) outcome {
	c.t.Helper()
	return c.fails(code, append([]string{"deploy", revision, "staging", "--timeout=4s", "-o", "json"}, more...), says, hints)
}

// assertUnlocked proves that no lock and no freeze is left.
func (c *checkout) assertUnlocked() {
	c.t.Helper()
	assert.Empty(c.t, kubectl(c.t, "--namespace="+c.staging, "get", "leases", "--selector=skycap.dev/lock", "--output=name"))
}

// names are those of the objects of kinds that are in staging.
func (c *checkout) names(kinds string) []string {
	c.t.Helper()
	text := kubectl(c.t, "--namespace="+c.staging, "get", kinds, `--output=jsonpath={range .items[*]}{.kind}/{.metadata.name}{"\n"}{end}`)
	return slices.DeleteFunc(linesOf(text), func(name string) bool { return name == "ConfigMap/kube-root-ca.crt" })
}
