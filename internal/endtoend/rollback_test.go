package endtoend

import (
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/pkg/skycap"
)

func linesOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
}

// untag deletes a tag. What it stood for stays, under its digest.
func untag(t *testing.T, text string) {
	t.Helper()
	reference, err := name.ParseReference(text)
	require.NoError(t, err)
	stays := digest(t, text)
	require.NoError(t, remote.Delete(reference, remote.WithContext(t.Context())))
	_, err = remote.Head(reference, remote.WithContext(t.Context()))
	require.Error(t, err, "the tag is gone")
	pull(t, reference.Context().Name()+"@"+stays)
}

func TestRollbackNeedsNeitherRepositoryNorRegistry(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	first := c.commit(greeting, "First of "+c.staging+": <&> \"é\" \ttab\r\n\n")
	c.deploy(first, "staging")
	config, deployment, answer := c.configMaps()[0], c.deployment(), c.answer(c.staging)
	runs := digest(t, image(first))

	c.edit("deploy/web/deployment.yaml", "cpu: 10m", "cpu: 11m")
	c.write(greeting, "Second of "+c.staging+"\n")
	c.write("web/other.go", "package main\n\nfunc init() { revision += \"!\" }\n")
	second := c.commitFiles("deploy/web/deployment.yaml", greeting, "web/other.go")
	require.NotEqual(t, runs, digest(t, image(second)))
	c.deploy(second, "staging")
	untag(t, image(first))
	kubectl(t, "--namespace="+c.staging, "delete", "configmap", config.Name)

	ops := c.bare()
	result := ops.rollback()
	assert.Equal(t, 3, result.Release)
	assert.Equal(t, first, result.Revision)
	c.assertRuns(runs, first)
	again := object[corev1.ConfigMap](t, c.staging, "configmap", config.Name)
	assert.Equal(t, config.Data, again.Data)
	assert.Equal(t, config.BinaryData, again.BinaryData)
	assert.Equal(t, config.Labels, again.Labels)
	assert.Equal(t, deployment.Spec, c.deployment().Spec)
	c.assertAnswers(c.staging, answer)

	releases := ops.history("staging")
	require.Len(t, releases, 3)
	assert.Equal(t, "rollback", releases[0].Kind)
	assert.Equal(t, 1, releases[0].Of)
	assert.Equal(t, first, releases[0].Revision)
	assert.Equal(t, skycap.ResultOK, releases[0].Result)
	assert.Equal(t, 3, releases[1].LeftBy)
	assert.Zero(t, releases[2].LeftBy)
}

func (c *checkout) deployment() appsv1.Deployment {
	c.t.Helper()
	return object[appsv1.Deployment](c.t, c.staging, "deployment", "web")
}
