package kubectl

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// api is a server that answers each request by its method, path and query, and
// remembers all. Of several answers to the same the last one stays.
type api struct {
	mutex   sync.Mutex
	answers map[string][]string // as in "200 {}"
	asked   []string
	bodies  []string
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	key := r.Method + " " + r.RequestURI
	body, _ := io.ReadAll(r.Body)
	a.asked, a.bodies = append(a.asked, key), append(a.bodies, string(body))
	answers := a.answers[key]
	if len(answers) == 0 {
		answer(http.StatusNotFound, "404 page not found")(w, r)
		return
	}
	if len(answers) > 1 {
		a.answers[key] = answers[1:]
	}
	code, text, _ := strings.Cut(answers[0], " ")
	answer(map[string]int{"200": 200, "403": 403, "409": 409, "503": 503}[code], text)(w, r)
}

const (
	coreAPI = `200 {"resources": [{"name": "configmaps", "kind": "ConfigMap", "namespaced": true}, {"name": "configmaps/status", "kind": "Odd"}, {"name": "namespaces", "kind": "Namespace"}]}`
	applyTo = "PATCH /api/v1/namespaces/n/configmaps/a?fieldManager=skycap&fieldValidation=Strict&force="
)

func configMap(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name}}}
}

func TestObjectsThatTheServerHas(t *testing.T) {
	t.Parallel()
	server := &api{answers: map[string][]string{
		"GET /api/v1":                            {coreAPI},
		"GET /api/v1/namespaces/n/configmaps/b":  {`200 {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b", "uid": "1"}, "data": {"n": 9007199254740993}}`},
		"GET /api/v1/namespaces/prod":            {`200 {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "prod"}}`},
		"GET /apis/example.com/v1":               {`200 {"resources": []}`},
		"GET /apis/down.example.com/v1":          {"503 the server is currently unable to handle the request"},
		"GET /api/v1/namespaces/n/configmaps/no": {`403 configmaps "no" is forbidden: User "ci" cannot get`},
	}}
	proxy := proxyTo(t, server.ServeHTTP)
	odd := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "example.com/v1", "kind": "Thing", "metadata": map[string]any{"name": "t"}}}
	gone := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "gone.example.com/v1", "kind": "Thing", "metadata": map[string]any{"name": "t"}}}
	namespace := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "prod"}}}

	found, err := proxy.Objects(t.Context(), []*unstructured.Unstructured{configMap("a"), odd, gone, configMap("b"), namespace})
	require.NoError(t, err)
	require.Len(t, found, 2, "of a kind that isn't known there is nothing")
	assert.Equal(t, "b", found[0].GetName())
	assert.Equal(t, map[string]any{"n": int64(9007199254740993)}, found[0].Object["data"])
	assert.Equal(t, "prod", found[1].GetName())
	assert.Len(t, onlyOf(server.asked, "GET /api/v1"), 1, "kinds are asked for once")

	var failure *Error
	_, err = proxy.Objects(t.Context(), []*unstructured.Unstructured{configMap("no")})
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, Forbidden, failure.Reason)
	found, err = proxy.Objects(t.Context(), nil)
	require.NoError(t, err)
	assert.Empty(t, found)

	_, err = proxy.Resource(t.Context(), schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Thing"})
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, NoKind, failure.Reason)
	assert.Contains(t, failure.Text, `no matches for kind "Thing" in version "example.com/v1"`)
}

func onlyOf(asked []string, key string) (found []string) {
	for _, each := range asked {
		if each == key {
			found = append(found, each)
		}
	}
	return found
}

func TestApplyOfAnObject(t *testing.T) {
	t.Parallel()
	server := &api{answers: map[string][]string{
		"GET /api/v1":     {coreAPI},
		applyTo + "false": {`409 Apply failed with 1 conflict: conflict with "helm": .data.k`},
		applyTo + "true":  {`503 {"kind": "Status", "message": "etcd is down", "reason": "ServiceUnavailable"}`, `200 {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "uid": "1"}}`},
	}}
	proxy := proxyTo(t, server.ServeHTTP)
	var failure *Error
	_, err := proxy.Apply(t.Context(), configMap("a"), ApplyOptions{})
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, Conflict, failure.Reason)

	applied, err := proxy.Apply(t.Context(), configMap("a"), ApplyOptions{Force: true})
	require.NoError(t, err, "it is tried again")
	assert.EqualValues(t, "1", applied.GetUID())
	assert.JSONEq(t, `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}`, server.bodies[len(server.bodies)-1])
}

func TestWhatKubectlAppliedBecomesOurs(t *testing.T) {
	t.Parallel()
	theirs := func(version string) string {
		object := configMap("a")
		object.SetResourceVersion(version)
		object.SetManagedFields([]metav1.ManagedFieldsEntry{
			{Manager: FieldManager, Operation: "Apply", APIVersion: "v1", FieldsType: "FieldsV1", FieldsV1: &metav1.FieldsV1{Raw: []byte(`{"f:data":{"f:k":{}}}`)}},
			{Manager: "kubectl-client-side-apply", Operation: "Update", APIVersion: "v1", FieldsType: "FieldsV1", FieldsV1: &metav1.FieldsV1{
				Raw: []byte(`{"f:data":{"f:old":{}},"f:metadata":{"f:annotations":{"f:kubectl.kubernetes.io/last-applied-configuration":{}}}}`)}},
		})
		text, err := json.Marshal(object)
		require.NoError(t, err)
		return "200 " + string(text)
	}
	const upgrade = "PATCH /api/v1/namespaces/n/configmaps/a"
	server := &api{answers: map[string][]string{
		"GET /api/v1":                           {coreAPI},
		applyTo + "true":                        {theirs("7"), `200 {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "uid": "2"}}`},
		upgrade:                                 {`409 the object has been modified`, "200 {}"},
		"GET /api/v1/namespaces/n/configmaps/a": {theirs("8")},
	}}
	applied, err := proxyTo(t, server.ServeHTTP).Apply(t.Context(), configMap("a"), ApplyOptions{Force: true})
	require.NoError(t, err)
	assert.EqualValues(t, "2", applied.GetUID(), "it is applied again, so that what only the others had goes")
	assert.Equal(t, []string{"GET /api/v1", applyTo + "true", upgrade, "GET /api/v1/namespaces/n/configmaps/a", upgrade, applyTo + "true"}, server.asked)
	assert.Contains(t, server.bodies[4], `"8"`, "of the version that was read last")
	assert.NotContains(t, server.bodies[4], "kubectl-client-side-apply")
}

func TestRemove(t *testing.T) {
	t.Parallel()
	const path = "DELETE /api/v1/namespaces/n/configmaps/a"
	server := &api{answers: map[string][]string{"GET /api/v1": {coreAPI}, path: {"200 {}"}}}
	object := configMap("a")
	object.SetUID("u-1")
	require.NoError(t, proxyTo(t, server.ServeHTTP).Remove(t.Context(), object))
	assert.Equal(t, path, server.asked[1])
	assert.Contains(t, server.bodies[1], `"uid":"u-1"`)
}
