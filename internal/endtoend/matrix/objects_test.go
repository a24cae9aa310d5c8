package matrix

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/skycap/skycap/internal/kubectl"
)

func deployment(t *testing.T, name string) *unstructured.Unstructured {
	t.Helper()
	return objectOf(t, `{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": %[1]q}, "spec": {"selector": {"matchLabels": {"app": %[1]q}},
		"template": {"metadata": {"labels": {"app": %[1]q}}, "spec": {"containers": [{"name": "app", "image": "app"}]}}}}`, name)
}

func service(t *testing.T, name string, port int) *unstructured.Unstructured {
	t.Helper()
	return objectOf(t, `{"apiVersion": "v1", "kind": "Service", "metadata": {"name": %q}, "spec": {"ports": [{"port": %d}]}}`, name, port)
}

// valueOf is what mapOf has put into a ConfigMap.
func valueOf(t *testing.T, object *unstructured.Unstructured) string {
	t.Helper()
	value, _, err := unstructured.NestedString(object.Object, "data", "value")
	require.NoError(t, err)
	return value
}

func reads(t *testing.T, c *cell) {
	proxy := c.proxy(t, c.client(admin))
	there, err := proxy.Apply(t.Context(), mapOf(t, "read", "1"), kubectl.ApplyOptions{})
	require.NoError(t, err)
	found, err := proxy.Objects(t.Context(), []*unstructured.Unstructured{
		mapOf(t, "gone", ""), there, objectOf(t, yak),
	})
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.Equal(t, there.GetUID(), found[0].GetUID())

	metadata, err := proxy.Metadata(t.Context(), c.path("configmaps"), url.Values{"fieldSelector": {"metadata.name=read"}})
	require.NoError(t, err)
	require.Len(t, metadata, 1)
	assert.Equal(t, there.GetUID(), metadata[0].UID)

	stream, err := proxy.Stream(t.Context(), "/readyz", nil)
	require.NoError(t, err)
	assert.Equal(t, "ok", text(t, stream))
}

func applies(t *testing.T, c *cell) {
	proxy := c.proxy(t, c.client(admin))
	first, err := proxy.Apply(t.Context(), mapOf(t, "applied", "1"), kubectl.ApplyOptions{})
	require.NoError(t, err)
	again, err := proxy.Apply(t.Context(), mapOf(t, "applied", "1"), kubectl.ApplyOptions{})
	require.NoError(t, err)
	assert.Equal(t, first.GetResourceVersion(), again.GetResourceVersion(), "the same changes nothing")
	second, err := proxy.Apply(t.Context(), mapOf(t, "applied", "2"), kubectl.ApplyOptions{})
	require.NoError(t, err)
	assert.Equal(t, "2", valueOf(t, second))
	assert.Equal(t, first.GetUID(), second.GetUID())
}

func applyConflicts(t *testing.T, c *cell) {
	proxy := c.proxy(t, c.client(admin))
	_, err := proxy.Apply(t.Context(), mapOf(t, "contested", "1"), kubectl.ApplyOptions{})
	require.NoError(t, err)
	require.NoError(t, proxy.Merge(t.Context(), c.path("configmaps/contested"), "somebody", map[string]any{"data": map[string]any{"value": "2"}}))
	_, err = proxy.Apply(t.Context(), mapOf(t, "contested", "3"), kubectl.ApplyOptions{})
	failure := failureOf(t, err)
	assert.Equal(t, kubectl.Conflict, failure.Reason)
	assert.Contains(t, failure.Text, "somebody")
	taken, err := proxy.Apply(t.Context(), mapOf(t, "contested", "3"), kubectl.ApplyOptions{Force: true})
	require.NoError(t, err)
	assert.Equal(t, "3", valueOf(t, taken))
}

// applyTakesOver adopts what this very kubectl has applied, in its old way.
func applyTakesOver(t *testing.T, c *cell) {
	said := c.kubectl(t, `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "old"}, "data": {"value": "1", "more": "gone"}}`,
		nil, c.here(admin, "apply", "--filename=-")...)
	require.Zero(t, said.code, said.stderr)
	applied, err := c.proxy(t, c.client(admin)).Apply(t.Context(), mapOf(t, "old", "1"), kubectl.ApplyOptions{Force: true})
	require.NoError(t, err)
	data, _, err := unstructured.NestedStringMap(applied.Object, "data")
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"value": "1"}, data, "what is not applied any more goes")
}

func creates(t *testing.T, c *cell) {
	proxy := c.proxy(t, c.client(admin))
	manager := url.Values{"fieldManager": {kubectl.FieldManager}}
	made := &unstructured.Unstructured{}
	require.NoError(t, proxy.Create(t.Context(), c.path("configmaps"), manager, mapOf(t, "created", "1"), made))
	assert.NotEmpty(t, made.GetUID())
	err := proxy.Create(t.Context(), c.path("configmaps"), manager, mapOf(t, "created", "2"), nil)
	assert.Equal(t, kubectl.Exists, failureOf(t, err).Reason)
}

func updates(t *testing.T, c *cell) {
	proxy := c.proxy(t, c.client(admin))
	old := &unstructured.Unstructured{}
	require.NoError(t, proxy.Create(t.Context(), c.path("configmaps"), nil, mapOf(t, "updated", "1"), old))
	changed := old.DeepCopy()
	require.NoError(t, unstructured.SetNestedField(changed.Object, "2", "data", "value"))
	require.NoError(t, proxy.Update(t.Context(), c.path("configmaps/updated"), changed, nil))
	err := proxy.Update(t.Context(), c.path("configmaps/updated"), old, nil)
	assert.Equal(t, kubectl.Stale, failureOf(t, err).Reason)
}

func deletes(t *testing.T, c *cell) {
	proxy := c.proxy(t, c.client(admin))
	made := &unstructured.Unstructured{}
	require.NoError(t, proxy.Create(t.Context(), c.path("configmaps"), nil, mapOf(t, "deleted", "1"), made))
	path, isThere := c.path("configmaps/deleted"), func() bool {
		found, err := proxy.Objects(t.Context(), []*unstructured.Unstructured{made})
		require.NoError(t, err)
		return len(found) > 0
	}
	other, old := types.UID("another"), "1"
	require.NoError(t, proxy.Delete(t.Context(), path, metav1.Preconditions{UID: &other}))
	require.True(t, isThere(), "it is another one")
	err := proxy.Delete(t.Context(), path, metav1.Preconditions{ResourceVersion: &old})
	assert.Equal(t, kubectl.Stale, failureOf(t, err).Reason)
	require.True(t, isThere())
	require.NoError(t, proxy.Remove(t.Context(), made))
	require.False(t, isThere())
	require.NoError(t, proxy.Remove(t.Context(), made), "that it is gone is no failure")
}

func proxyFailures(t *testing.T, c *cell) {
	for name, bad := range refused(t) {
		t.Run(name, func(t *testing.T) {
			_, err := c.proxy(t, c.client(bad.user)).Apply(t.Context(), bad.object, kubectl.ApplyOptions{})
			bad.check(t, err)
		})
	}
	t.Run("no namespace", func(t *testing.T) {
		client := c.client(admin)
		client.Namespace = "no-such-namespace"
		_, err := c.proxy(t, client).Apply(t.Context(), mapOf(t, "x", "1"), kubectl.ApplyOptions{})
		assert.Equal(t, kubectl.NoNamespace, failureOf(t, err).Reason)
	})
	t.Run("not found", func(t *testing.T) {
		err := c.proxy(t, c.client(admin)).Get(t.Context(), c.path("configmaps/gone"), nil, new(any))
		assert.Equal(t, kubectl.NotFound, failureOf(t, err).Reason)
	})
}

// terminating has a namespace deleted, which nobody finishes here.
func terminating(t *testing.T, c *cell) {
	client := c.client(admin)
	client.Namespace = c.namespace + "-ends"
	proxy := c.proxy(t, client)
	require.NoError(t, proxy.Create(t.Context(), "/api/v1/namespaces", nil,
		objectOf(t, `{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": %q}}`, client.Namespace), nil))
	require.NoError(t, c.server.ask(t.Context(), http.MethodDelete, "/api/v1/namespaces/"+client.Namespace, nil))
	path := "/api/v1/namespaces/" + client.Namespace + "/configmaps"
	err := proxy.Create(t.Context(), path, nil, mapOf(t, "late", "1"), nil)
	assert.Equal(t, kubectl.Terminating, failureOf(t, err).Reason)
	_, err = client.TryApply(t.Context(), []*unstructured.Unstructured{mapOf(t, "late", "1")}, kubectl.ApplyOptions{})
	assert.Equal(t, kubectl.Terminating, failureOf(t, err).Reason)
}
