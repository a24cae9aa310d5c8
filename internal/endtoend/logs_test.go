package endtoend

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// newTalking is a service of two pods, whose image has the program task as well.
func newTalking(t *testing.T) *checkout {
	t.Helper()
	c := newSmall(t)
	c.edit(webDeployment, "spec:\n  selector", "spec:\n  replicas: 2\n  selector")
	node := c.revise()
	withTask, err := mutate.AppendLayers(pull(t, image(node)), taskLayer(t))
	require.NoError(t, err)
	push(t, withTask, image(node))
	c.deploy(node, "staging")
	return c
}

// podNames are those of the pods that there are, sorted.
func (c *checkout) podNames() (names []string) {
	c.t.Helper()
	for _, instance := range c.status("staging").Instances {
		names = append(names, instance.Name)
	}
	return names
}

func TestLogsOfAllPods(t *testing.T) {
	t.Parallel()
	c := newTalking(t)
	pods := c.podNames()
	require.Len(t, pods, 2)

	lines := linesOf(c.ok("logs", "staging", "--since=1h"))
	require.Len(t, lines, 2, "one of each")
	for i, line := range lines {
		assert.Regexp(t, "^web "+pods[i]+` \| .* listens on `, line)
	}
	assert.Empty(t, c.ok("logs", "staging", "web", "--tail=0"))
	assert.Eventually(t, func() bool { return c.ok("logs", "staging", "--since=1s") == "" }, patience, pause, "what is older is left out")

	follower := c.start("logs", "staging", "-f")
	next := func() (pod string) {
		line, err := follower.lines.ReadString('\n')
		require.NoError(t, err, "%s", &follower.stderr)
		assert.Contains(t, line, " listens on ")
		return strings.Fields(line)[1]
	}
	assert.ElementsMatch(t, pods, []string{next(), next()})
	kubectl(t, "--namespace="+c.staging, "scale", "deployment/web", "--replicas=3")
	third := next()
	assert.NotContains(t, pods, third)
	assert.Contains(t, c.podNames(), third)
	o := follower.interrupt(os.Interrupt)
	assert.Len(t, linesOf(o.stdout), 3, "nothing is told twice")
}

// What a container writes are bytes: they arrive as they are.
func TestLogsPassBytesUnharmed(t *testing.T) {
	t.Parallel()
	image := taskImage(t)
	c := newSmall(t)
	c.write(webDeployment, c.read(webDeployment)+fmt.Sprintf("        - {name: talk, image: %q, args: [\"-1\", %q, %q]}\n", image, "a\tb\r \x1b[1m", "  c"))
	o := c.skycap("deploy", c.revise(), "staging", "--no-wait")
	require.Zero(t, o.code, o.stderr)
	want := "/talk | a\tb\r \x1b[1m\n"
	assert.Eventually(t, func() bool { return strings.Contains(c.ok("logs", "staging"), want) }, patience, pause)
	assert.Contains(t, c.ok("logs", "staging"), "/talk |   c\n")
}

func TestExecPassesWhatTheCommandReadsWritesAndReturns(t *testing.T) {
	t.Parallel()
	c := newTalking(t)
	pods := c.podNames()

	o := c.skycapReading("from\x00 stdin", "exec", "staging", "web", "--", "/task", "7", "--all", "-")
	assert.Equal(t, 7, o.code)
	assert.Equal(t, "--all\nfrom\x00 stdin", o.stdout)
	assert.NotContains(t, o.stderr, "skycap: ")

	named := c.skycap("exec", "staging", "web", "--instance="+pods[1], "--", "/task", "0", "$HOME; x", "")
	assert.Zero(t, named.code, named.stderr)
	assert.Equal(t, "$HOME; x\n\n", named.stdout, "no shell reads it")

	all := c.skycap("exec", "staging", "web", "--all", "--", "/task", "3", "here", "-")
	assert.Equal(t, 3, all.code, all.stderr)
	assert.Equal(t, fmt.Sprintf("%s | here\n%s | here\n", pods[0], pods[1]), all.stdout)

	c.fails(1, []string{"exec", "staging", "web", "--instance=web-none", "--", "/task", "0"},
		[]string{`service "web" has no instance "web-none" that runs in environment "staging"`}, nil)
}

// skycapReading runs skycap with a text on stdin.
func (c *checkout) skycapReading(text string, args ...string) outcome {
	c.t.Helper()
	r := c.prepare(args...)
	r.program.Stdin = bytes.NewBufferString(text)
	r.begin()
	return r.end()
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	diagnose := func(code int) map[string]skycap.Check {
		o := c.skycap("doctor", "staging", "-o", "json")
		assert.Equal(t, code, o.code, "%s\n%s", o.stdout, o.stderr)
		found := map[string]skycap.Check{}
		for _, check := range decode[skycap.Diagnosis](c, o.stdout).Checks {
			found[check.Name] = check
			assert.True(t, check.OK || check.Fix != "", "%s has a fix", check.Name)
		}
		return found
	}
	before := contents(t, c.staging)
	for name, check := range diagnose(0) {
		assert.True(t, check.OK, "%s: %s", name, check.Message)
	}
	assert.Equal(t, before, contents(t, c.staging), "it touches nothing")
	assert.Contains(t, c.ok("doctor", "staging"), "right to deployments.apps")

	settings := c.read("skycap.yaml")
	c.write("skycap.yaml", strings.ReplaceAll(settings, "namespace: "+c.staging, "namespace: no-such-namespace"))
	found := diagnose(1)
	assert.True(t, found["API server"].OK)
	assert.False(t, found["namespace"].OK)
	assert.Equal(t, `namespace "no-such-namespace" does not exist`, found["namespace"].Message)
	assert.Contains(t, found["namespace"].Fix, "create namespace no-such-namespace")

	c.write("skycap.yaml", strings.ReplaceAll(settings, "skycap-lab", "no-such-context"))
	found = diagnose(1)
	assert.True(t, found["repository"].OK)
	assert.Contains(t, found["connection"].Message, `context "no-such-context" does not exist`)
	assert.Contains(t, found["connection"].Fix, "kubectl config get-contexts")
}
