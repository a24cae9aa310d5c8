package endtoend

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Manifests that place the configuration themselves, by its name without a hash, get the
// ConfigMap of the release; a workload that doesn't name it is not rolled by a change.
func TestManifestsThatNameTheConfiguration(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	named := strings.Replace(fmt.Sprintf(tinyDeployment, "web"), "          image: web\n", `          image: web
          envFrom: [{configMapRef: {name: storefront-web-config}}]
          env: [{name: NAME, valueFrom: {configMapKeyRef: {name: storefront-web-config, key: name.txt}}}]
          volumeMounts: [{name: settings, mountPath: /etc/storefront}]
`, 1)
	c.write(webDeployment, named+"      volumes: [{name: settings, projected: {sources: [{configMap: {name: storefront-web-config, items: [{key: name.txt, path: deep/er}]}}]}}]\n")
	c.write("deploy/web/quiet.yaml", strings.ReplaceAll(fmt.Sprintf(tinyDeployment, "quiet"), "image: quiet", "image: web"))
	c.write("config/web/variables.env", "LEVEL=debug\n")
	c.revise()
	c.deploy("tip", "staging")
	loud, quiet := c.podsOf("web"), c.podsOf("quiet")

	answer := kubectl(t, "--namespace="+c.staging, "get", "--raw", "/api/v1/namespaces/"+c.staging+"/pods/"+loud[0]+":8080/proxy/")
	assert.Contains(t, answer, "--- deep/er\nweb of "+c.staging)
	assert.NotContains(t, answer, "variables.env", "only what its items name")

	second := c.reviseText("another web")
	c.deploy("tip", "staging")
	assert.NotEqual(t, loud, c.podsOf("web"))
	assert.Equal(t, quiet, c.podsOf("quiet"), "it sees nothing of the configuration")
	status := c.status("staging")
	assert.Equal(t, second, status.Revision, "all instances are of the newest release: %v", status.Instances)

	c.rollback()
	assert.Equal(t, quiet, c.podsOf("quiet"))
}

// podsOf are the pods of a workload that are not being ended.
func (c *checkout) podsOf(app string) []string {
	c.t.Helper()
	return linesOf(kubectl(c.t, "--namespace="+c.staging, "get", "pods", "--selector=app="+app,
		`--output=go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}}{{"\n"}}{{end}}{{end}}`))
}
