package matrix

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/kubectl"
)

// demand is something that skycap asks of kubectl. Those of a cell are checked one
// after the other.
type demand struct {
	name  string
	check func(t *testing.T, c *cell)
}

// demands are all that can be asked without a node: exec and logs need one.
func demands() []demand {
	return []demand{
		{"version", versionIsKnown}, {"contexts", contextsAreKnown},
		{"dry run", dryRunChangesNothing}, {"dry run: failures", dryRunFailures}, {"dry run: fields of others", dryRunConflicts},
		{"reads", reads}, {"apply", applies}, {"apply: fields of others", applyConflicts}, {"apply: what kubectl applied", applyTakesOver},
		{"create", creates}, {"update", updates}, {"delete", deletes}, {"failures", proxyFailures}, {"terminating namespace", terminating},
		{"watch", watches}, {"watch: version gone", watchOutlivesItsVersion}, {"watch: connection cut", watchOutlivesItsConnection},
		{"server below a path", worksBelowAPath}, {"server away for a moment", triesAgain}, {"restart", restarts}, {"skycap kubectl", passes},
	}
}

func versionIsKnown(t *testing.T, c *cell) {
	minor, isKnown := kubectl.MinorOf(c.version)
	require.True(t, isKnown, c.version)
	if !strings.Contains(c.program.name, "dispatcher") {
		assert.Equal(t, c.program.name, c.version)
	}
	assert.Positive(t, int(minor))
	c.wire.cut()
	defer c.wire.mend(t)
	version, err := c.client(admin).Version(t.Context())
	require.NoError(t, err, "it is known without the server")
	assert.NotEmpty(t, version)
}

func contextsAreKnown(t *testing.T, c *cell) {
	contexts, err := c.client(admin).Contexts(t.Context())
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{admin, nobody, stranger}, contexts)
	_, err = c.client("nowhere").TryApply(t.Context(), []*unstructured.Unstructured{mapOf(t, "x", "")}, kubectl.ApplyOptions{})
	assert.Equal(t, kubectl.NoContext, failureOf(t, err).Reason)
	_, err = c.client("nowhere").Proxy(t.Context())
	assert.Equal(t, kubectl.NoContext, failureOf(t, err).Reason)
}

func dryRunChangesNothing(t *testing.T, c *cell) {
	objects := []*unstructured.Unstructured{mapOf(t, "dry", "1"), deployment(t, "dry"), service(t, "dry", 80)}
	tried, err := c.client(admin).TryApply(t.Context(), objects, kubectl.ApplyOptions{})
	require.NoError(t, err)
	require.Len(t, tried, len(objects))
	for i, object := range tried {
		assert.Equal(t, objects[i].GetKind(), object.GetKind(), "they come in their order")
		assert.Equal(t, c.namespace, object.GetNamespace())
	}
	replicas, _, err := unstructured.NestedInt64(tried[1].Object, "spec", "replicas")
	require.NoError(t, err)
	assert.EqualValues(t, 1, replicas, "the server's defaults are in it")
	found, err := c.proxy(t, c.client(admin)).Objects(t.Context(), objects)
	require.NoError(t, err)
	assert.Empty(t, found)
}

// yak is of an API that nobody has, or that is down.
const yak = `{"apiVersion": "zoo.example.com/v1", "kind": "Yak", "metadata": {"name": "y"}}`

// bad is an object that is refused.
type bad struct {
	user   string
	object *unstructured.Unstructured
	reason kubectl.Reason
	field  string // that the failure names
}

// refused are objects, and why the server refuses them. Both kubectl's own words and
// the server's Status must be understood.
func refused(t *testing.T) map[string]bad {
	t.Helper()
	unknown := mapOf(t, "unknown", "1")
	unknown.Object["dataa"] = map[string]any{}
	pod := objectOf(t, `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "root"}, "spec": {"containers": [{"name": "app", "image": "app"}]}}`)
	lease := objectOf(t, `{"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "over"}}`)
	return map[string]bad{
		"invalid field": {admin, service(t, "invalid", 99999), kubectl.Invalid, "spec.ports[0].port"},
		"unknown field": {admin, unknown, kubectl.Invalid, "dataa"},
		"no such kind":  {admin, objectOf(t, yak), kubectl.NoKind, ""},
		"forbidden":     {nobody, mapOf(t, "forbidden", "1"), kubectl.Forbidden, ""},
		"unauthorized":  {stranger, mapOf(t, "unauthorized", "1"), kubectl.Unauthorized, ""},
		"policy":        {admin, pod, kubectl.Denied, ""},
		"quota":         {admin, lease, kubectl.Quota, ""},
	}
}

func (b bad) check(t *testing.T, err error) {
	t.Helper()
	failure := failureOf(t, err)
	assert.Equal(t, b.reason, failure.Reason, failure.Text)
	if b.field == "" {
		return
	}
	require.NotEmpty(t, failure.Faults, failure.Text)
	assert.Contains(t, failure.Faults[0].Field, b.field, failure.Text)
}

func dryRunFailures(t *testing.T, c *cell) {
	for name, bad := range refused(t) {
		t.Run(name, func(t *testing.T) {
			_, err := c.client(bad.user).TryApply(t.Context(), []*unstructured.Unstructured{mapOf(t, "good", "1"), bad.object}, kubectl.ApplyOptions{})
			bad.check(t, err)
		})
	}
	t.Run("no namespace", func(t *testing.T) {
		client := c.client(admin)
		client.Namespace = "no-such-namespace"
		_, err := client.TryApply(t.Context(), []*unstructured.Unstructured{mapOf(t, "x", "1")}, kubectl.ApplyOptions{})
		assert.Equal(t, kubectl.NoNamespace, failureOf(t, err).Reason)
	})
}

func dryRunConflicts(t *testing.T, c *cell) {
	proxy := c.proxy(t, c.client(admin))
	_, err := proxy.Apply(t.Context(), mapOf(t, "tried", "1"), kubectl.ApplyOptions{})
	require.NoError(t, err)
	require.NoError(t, proxy.Merge(t.Context(), c.path("configmaps/tried"), "somebody", map[string]any{"data": map[string]any{"value": "2"}}))
	objects := []*unstructured.Unstructured{mapOf(t, "tried", "3")}
	_, err = c.client(admin).TryApply(t.Context(), objects, kubectl.ApplyOptions{})
	assert.Equal(t, kubectl.Conflict, failureOf(t, err).Reason)
	tried, err := c.client(admin).TryApply(t.Context(), objects, kubectl.ApplyOptions{Force: true})
	require.NoError(t, err)
	assert.Equal(t, "3", valueOf(t, tried[0]))
}

func restarts(t *testing.T, c *cell) {
	proxy := c.proxy(t, c.client(admin))
	applied, err := proxy.Apply(t.Context(), deployment(t, "web"), kubectl.ApplyOptions{})
	require.NoError(t, err)
	require.NoError(t, c.client(admin).Restart(t.Context(), []string{"deployment.apps/web"}))
	found, err := proxy.Objects(t.Context(), []*unstructured.Unstructured{applied})
	require.NoError(t, err)
	require.Len(t, found, 1)
	annotations, _, err := unstructured.NestedStringMap(found[0].Object, "spec", "template", "metadata", "annotations")
	require.NoError(t, err)
	assert.Contains(t, annotations, "kubectl.kubernetes.io/restartedAt")
	err = c.client(admin).Restart(t.Context(), []string{"deployment.apps/gone"})
	assert.Equal(t, kubectl.NotFound, failureOf(t, err).Reason)
}

func passes(t *testing.T, c *cell) {
	_, err := c.proxy(t, c.client(admin)).Apply(t.Context(), mapOf(t, "passed", "1"), kubectl.ApplyOptions{})
	require.NoError(t, err)
	args := []string{"get", "configmap", "passed", "--output=jsonpath={.metadata.name} {.data}"}
	assert.Equal(t, typed{stdout: `passed {"value":"1"}`}, c.skycap(t, append([]string{"kubectl", "here", "--"}, args...)...))
	assert.Contains(t, c.skycap(t, "kubectl", "here", "--", "get", "configmaps").stdout, "NAME ", "no kuberc is read")
	gone := c.skycap(t, "kubectl", "here", "--", "get", "configmap", "gone")
	assert.Equal(t, typed{code: 1, stderr: "Error from server (NotFound): configmaps \"gone\" not found\n"}, gone)
	unpinned := c.skycap(t, "kubectl", "here", "--", "get", "configmaps", "-A")
	assert.Equal(t, 2, unpinned.code)
	assert.Empty(t, unpinned.stdout)
}

// hasAPIDown checks what is said of a kind whose API is down, and that others work.
func hasAPIDown(t *testing.T, c *cell) {
	yak := objectOf(t, yak)
	proxy := c.proxy(t, c.client(admin))
	_, err := proxy.Apply(t.Context(), mapOf(t, "up", "1"), kubectl.ApplyOptions{})
	require.NoError(t, err)
	_, err = c.client(admin).TryApply(t.Context(), []*unstructured.Unstructured{mapOf(t, "up", "2")}, kubectl.ApplyOptions{})
	require.NoError(t, err)

	_, err = proxy.Resource(t.Context(), yak.GroupVersionKind())
	failure := failureOf(t, err)
	assert.Equal(t, kubectl.APIDown, failure.Reason, failure.Text)
	assert.Equal(t, downAPI, failure.API)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client := c.client(admin)
	client.Warn = func(string) { cancel() } // is told before it is tried again
	_, err = client.TryApply(ctx, []*unstructured.Unstructured{yak}, kubectl.ApplyOptions{})
	failure = failureOf(t, err)
	assert.Contains(t, []kubectl.Reason{kubectl.APIDown, kubectl.NoKind}, failure.Reason, failure.Text)
}
