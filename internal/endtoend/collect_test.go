package endtoend

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/pkg/skycap"
)

const recordOfStaging = "skycap-storefront-staging-r"

// fillHistory records release 2 again under more numbers, up to one.
func (c *checkout) fillHistory(to int) {
	c.t.Helper()
	record := object[corev1.Secret](c.t, c.staging, "secret", recordOfStaging+"2")
	var summary skycap.Release
	require.NoError(c.t, json.Unmarshal([]byte(record.Annotations["skycap.dev/summary"]), &summary))
	list := corev1.SecretList{}
	list.APIVersion, list.Kind = "v1", "List"
	for summary.Number++; summary.Number <= to; summary.Number++ {
		text, err := json.Marshal(summary)
		require.NoError(c.t, err)
		copied := *record.DeepCopy()
		copied.APIVersion, copied.Kind = "v1", "Secret"
		copied.ResourceVersion, copied.UID, copied.Name = "", "", fmt.Sprint(recordOfStaging, summary.Number)
		copied.Labels["skycap.dev/release"], copied.Annotations["skycap.dev/summary"] = fmt.Sprint(summary.Number), string(text)
		list.Items = append(list.Items, copied)
	}
	text, err := json.Marshal(list)
	require.NoError(c.t, err)
	kubectl(c.t, "--namespace="+c.staging, "create", "--filename="+write(c.t, c.t.TempDir(), "records.json", string(text)))
}

func TestOldRecordsAndUnusedConfigurationGoOnceAReleaseIsHealthy(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	c.deploy(".", "staging")
	referred := c.configMaps()[0] // by the first ReplicaSet
	c.deploy(c.reviseText("second"), "staging")
	unused := *referred.DeepCopy()
	unused.APIVersion, unused.Kind, unused.ResourceVersion, unused.UID, unused.Name = "v1", "ConfigMap", "", "", "storefront-web-config-0123456789"
	text, err := json.Marshal(unused)
	require.NoError(t, err)
	kubectl(t, "--namespace="+c.staging, "create", "--filename="+write(t, t.TempDir(), "unused.json", string(text)))
	c.fillHistory(22)

	c.deployFails(3, c.breakWeb(), nil, nil)
	assert.Len(t, c.history("staging"), 23, "an unhealthy release deletes nothing")
	assert.Contains(t, c.names("configmaps"), "ConfigMap/"+unused.Name)

	c.edit(webDeployment, "path: /no-such-page", "path: /healthz")
	c.write(webText, "last\n")
	c.deploy(c.revise(), "staging")
	var numbers []int
	for _, release := range c.history("staging") {
		numbers = append(numbers, release.Number)
	}
	assert.Len(t, numbers, 20)
	assert.Equal(t, 24, slices.Max(numbers))
	assert.Equal(t, 5, slices.Min(numbers))
	assert.NotContains(t, c.names("configmaps"), "ConfigMap/"+unused.Name)
	assert.Contains(t, c.names("configmaps"), "ConfigMap/"+referred.Name, "kubectl rollout undo needs it")
}
