package endtoend

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/pkg/skycap"
)

func TestEverySpellingIsTheSameRevision(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.hg("update", "--quiet", "--clean", "v1.0")
	c.place()
	c.hg("bookmark", "--quiet", "--rev=v1.0", "stable")
	node := c.node("v1.0")
	c.same(node, node, node[:12], node[:7], "v1.0", "stable", ".", "2", "max(tag(v1.0))")
	c.same(c.node("tip"), "main", "tip", "last(branch(default))", "default", "bookmark(main)")
}

// same proves that spellings stand for one revision, and for its image.
func (c *checkout) same(node string, spellings ...string) {
	c.t.Helper()
	for _, spelling := range spellings {
		resolved := decode[skycap.Resolution](c, c.ok("resolve", spelling, "-o", "json"))
		assert.Equal(c.t, node, resolved.Revision, spelling)
		assert.Equal(c.t, []skycap.Image{{
			Service: "web", Repository: shared.registry + "/storefront/web", Tag: node[:12], Digest: digest(c.t, image(node)),
		}}, resolved.Images, spelling)
	}
}

func TestDeployedRevisionAnswers(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	node := c.node("v1.0")
	result := c.deploy("v1.0", "staging")
	assert.True(t, result.Changed)
	assert.Equal(t, node, result.Revision)
	assert.Equal(t, 1, result.Release)

	answer := c.answer(c.staging)
	assert.Contains(t, answer, "revision: "+node[:12])
	assert.Contains(t, answer, "--- greeting.txt\n"+c.hg("cat", "--rev=v1.0", "config/staging/web/greeting.txt"))
	assert.Contains(t, answer, "--- logging.yaml\n# Rendered for each environment.\nenvironment: staging\nlevel: debug")
	assert.Contains(t, answer, "--- partners/shipping.yaml\n"+c.hg("cat", "--rev=v1.0", "config/common/partners/shipping.yaml"))

	status := c.status("staging")
	assert.Equal(t, skycap.StateHealthy, status.State, status.Message)
	assert.Equal(t, skycap.TargetKubernetes, status.Target)
	assert.Equal(t, node, status.Revision)
	assert.Equal(t, 1, status.Release)
	require.Len(t, status.Instances, 2)
	for _, instance := range status.Instances {
		assert.True(t, instance.Ready)
		assert.Equal(t, node, instance.Revision)
		assert.Zero(t, instance.Restarts)
		assert.WithinDuration(t, time.Now(), instance.Since, 5*time.Minute)
		assert.Equal(t, shared.registry+"/storefront/web@"+digest(t, image(node)), instance.Image)
	}
	c.assertObjects(node)
}

// assertObjects proves the form of what was applied.
func (c *checkout) assertObjects(node string) {
	c.t.Helper()
	labels := map[string]string{
		"app.kubernetes.io/managed-by": "skycap", "skycap.dev/app": "storefront",
		"skycap.dev/service": "web", "skycap.dev/environment": "staging",
	}
	deployment := object[appsv1.Deployment](c.t, c.staging, "deployment", "web")
	assert.Subset(c.t, deployment.Labels, labels)
	assert.Subset(c.t, object[corev1.Service](c.t, c.staging, "service", "web").Labels, labels)

	config := c.configMaps()
	require.Len(c.t, config, 1)
	assert.Regexp(c.t, regexp.MustCompile(`^storefront-web-config-[0-9a-f]{10}$`), config[0].Name)
	require.NotNil(c.t, config[0].Immutable)
	assert.True(c.t, *config[0].Immutable)
	assert.Subset(c.t, config[0].Labels, labels)
	for _, pod := range c.pods(c.staging) {
		assert.Equal(c.t, image(node)+"@"+digest(c.t, image(node)), pod.Spec.Containers[0].Image)
		assert.Subset(c.t, pod.Labels, labels)
		assert.True(c.t, mounts(pod, config[0].Name, "/etc/storefront"), "pod %s has the configuration mounted", pod.Name)
	}
}

// mounts reports whether a pod's first container sees a ConfigMap at a path.
func mounts(pod corev1.Pod, name, at string) bool {
	for _, volume := range pod.Spec.Volumes {
		isIt := volume.ConfigMap != nil && volume.ConfigMap.Name == name
		if volume.Projected != nil {
			for _, source := range volume.Projected.Sources {
				isIt = isIt || source.ConfigMap != nil && source.ConfigMap.Name == name
			}
		}
		for _, mount := range pod.Spec.Containers[0].VolumeMounts {
			if isIt && mount.Name == volume.Name && mount.MountPath == at {
				return true
			}
		}
	}
	return false
}

// configMaps are those that skycap made in staging.
func (c *checkout) configMaps() []corev1.ConfigMap {
	c.t.Helper()
	var found []corev1.ConfigMap
	for _, config := range list[corev1.ConfigMap](c.t, c.staging, "configmaps") {
		if strings.HasPrefix(config.Name, "storefront-") {
			found = append(found, config)
		}
	}
	return found
}

// settle waits until the controllers have nothing more to write.
func (c *checkout) settle() {
	c.t.Helper()
	kubectl(c.t, "--namespace="+c.staging, "wait", "--for=condition=Available", "--for=jsonpath={.status.terminatingReplicas}=0",
		"--timeout=30s", "deployment/web")
}

// pods are those that nobody has told to end.
func (c *checkout) pods(namespace string) []corev1.Pod {
	c.t.Helper()
	var found []corev1.Pod
	for _, pod := range list[corev1.Pod](c.t, namespace, "pods") {
		if pod.DeletionTimestamp == nil {
			found = append(found, pod)
		}
	}
	return found
}

// uids are the identities of the pods: others mean that they were rolled.
func (c *checkout) uids(namespace string) []string {
	c.t.Helper()
	var found []string
	for _, pod := range c.pods(namespace) {
		found = append(found, string(pod.UID))
	}
	return found
}

func TestDeployOfWhatRunsChangesNothing(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.deploy("v1.0", "staging")
	c.settle()
	objects, pods := contents(t, c.staging), c.uids(c.staging)

	result := c.deploy(c.node("v1.0")[:12], "staging")
	assert.False(t, result.Changed)
	assert.Equal(t, 1, result.Release)
	assert.ElementsMatch(t, pods, c.uids(c.staging))
	for _, pod := range c.pods(c.staging) {
		assert.Zero(t, pod.Status.ContainerStatuses[0].RestartCount)
	}
	assert.Len(t, c.history("staging"), 1)
	assert.Equal(t, objects, contents(t, c.staging))
}
