package endtoend

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

func TestRecordThatNoSingleSecretHolds(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	random := rand.NewChaCha8([32]byte{1})
	for i := range 3 {
		content := make([]byte, 800<<10)
		_, err := random.Read(content)
		require.NoError(t, err)
		c.write(fmt.Sprintf("config/web/%d.bin", i), string(content))
	}
	big := c.revise()
	c.deploy(big, "staging")
	first := object[corev1.Secret](t, c.staging, "secret", "skycap-storefront-staging-r1")
	assert.Equal(t, "3", first.Annotations["skycap.dev/parts"])
	for _, name := range []string{"skycap-storefront-staging-r1-p2", "skycap-storefront-staging-r1-p3"} {
		part := object[corev1.Secret](t, c.staging, "secret", name)
		require.Len(t, part.OwnerReferences, 1, "it goes with the first")
		assert.Equal(t, first.UID, part.OwnerReferences[0].UID)
	}
	configs := c.configMaps()
	require.Len(t, configs, 3)

	for i := range 3 {
		c.drop(fmt.Sprintf("config/web/%d.bin", i))
	}
	c.deploy(c.revise(), "staging")
	for _, config := range configs {
		kubectl(t, "--namespace="+c.staging, "delete", "configmap", config.Name)
	}
	assert.Equal(t, big, c.bare().rollback().Revision)
	for _, config := range configs {
		again := object[corev1.ConfigMap](t, c.staging, "configmap", config.Name)
		assert.True(t, assert.ObjectsAreEqual(config.BinaryData, again.BinaryData), "%s is the same byte for byte", config.Name)
		assert.Equal(t, config.Data, again.Data)
	}
	assert.Len(t, c.history("staging"), 3)
}
