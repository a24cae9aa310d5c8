package endtoend

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	corev1 "k8s.io/api/core/v1"
)

const greeting = "config/staging/web/greeting.txt"

// assertAnswers waits until the service, whose former pods may still be on their
// way out, answers with a text.
func (c *checkout) assertAnswers(namespace, text string) {
	c.t.Helper()
	assert.Eventually(c.t, func() bool { return strings.Contains(c.answer(namespace), text) },
		patience, pause, "the answer should contain %q", text)
}

func TestConfigChangeRollsTheSameImage(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	before := c.node("main")
	c.deploy(before, "staging")
	config, pods := c.configMaps()[0], c.uids(c.staging)

	after := c.commit(greeting, "Hello from "+c.staging+".\n")
	require.Equal(t, digest(t, image(before)), digest(t, image(after)), "the build gives the same image")
	result := c.deploy(after, "staging")
	assert.True(t, result.Changed)
	assert.NotSubset(t, pods, c.uids(c.staging), "pods are new")
	c.assertRuns(digest(t, image(before)), after)
	c.assertAnswers(c.staging, "Hello from "+c.staging+".")

	c.deploy(before, "staging")
	c.assertRuns(digest(t, image(before)), before)
	c.assertAnswers(c.staging, c.hg("cat", "--rev="+before, greeting))
	again := object[corev1.ConfigMap](t, c.staging, "configmap", config.Name)
	assert.Equal(t, config.UID, again.UID, "the older configuration is the same object still")
	assert.Equal(t, config.ResourceVersion, again.ResourceVersion)
	assert.Len(t, c.history("staging"), 3)
}

// assertRuns proves that all pods of staging are of a digest, and that status names the revision.
func (c *checkout) assertRuns(digest, node string) {
	c.t.Helper()
	for _, pod := range c.pods(c.staging) {
		assert.Contains(c.t, pod.Spec.Containers[0].Image, "@"+digest)
		assert.Contains(c.t, pod.Status.ContainerStatuses[0].ImageID, "@"+digest)
	}
	assert.Equal(c.t, node, c.status("staging").Revision)
}

func TestCommitOfNothingThatRunsRollsNothing(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.deploy("main", "staging")
	pods := c.uids(c.staging)

	node := c.commit("README.md", "# Storefront of "+c.staging+"\n")
	result := c.deploy(node, "staging")
	assert.Equal(t, 2, result.Release)
	assert.ElementsMatch(t, pods, c.uids(c.staging))
	status := c.status("staging")
	assert.Equal(t, node, status.Revision)
	assert.Equal(t, 2, status.Release)
	releases := c.history("staging")
	require.Len(t, releases, 2)
	assert.Equal(t, node, releases[0].Revision)
}

func TestEnvironmentsDifferByTheirConfigOnly(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	namespace := newNamespace(t)
	c.edit("skycap.yaml", c.production, namespace)
	c.deploy("main", "staging")
	c.deploy("main", "production")
	want := digest(t, image(c.node("main")))
	for _, pod := range append(c.pods(c.staging), c.pods(namespace)...) {
		assert.Contains(t, pod.Status.ContainerStatuses[0].ImageID, "@"+want)
	}
	staging, production := c.answer(c.staging), c.answer(namespace)
	assert.Contains(t, staging, c.hg("cat", "--rev=main", greeting))
	assert.Contains(t, staging, "level: debug")
	assert.Contains(t, production, c.hg("cat", "--rev=main", "config/production/web/greeting.txt"))
	assert.Contains(t, production, "level: info")
	assert.Contains(t, production, "page_size: 48")
}

func TestWorkingCopyNeverChangesTheResult(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	node := c.node("main")
	manifests := c.ok("config", "render", "--manifests", node, "staging")
	config := c.ok("config", "render", node, "staging")
	c.deploy(node, "staging")
	objects := contents(t, c.staging)

	onDisk := c.read("skycap.yaml")
	c.hg("update", "--quiet", "--clean", "v1.0")
	c.write("skycap.yaml", onDisk)
	c.write(greeting, "dirty\n")
	c.write("config/staging/web/untracked.txt", "untracked\n")
	c.edit("deploy/web/deployment.yaml", "replicas: 2", "replicas: 7")
	c.edit("skycap.yaml", "manifests: deploy/web", "manifests: deploy/web\n  mailer:\n    kubernetes: {manifests: deploy/mailer}")
	c.edit("skycap.yaml", "mount: /etc/storefront", "mount: /elsewhere")
	c.edit("skycap.yaml", "log_level: debug", "log_level: dirty")

	assert.Equal(t, manifests, c.ok("config", "render", "--manifests", node, "staging"))
	assert.Equal(t, config, c.ok("config", "render", node, "staging"))
	result := c.deploy(node, "staging")
	assert.False(t, result.Changed)
	assert.Equal(t, objects, contents(t, c.staging))
}
