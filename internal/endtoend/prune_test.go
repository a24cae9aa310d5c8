package endtoend

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const extras = `apiVersion: v1
kind: ConfigMap
metadata: {name: extra}
---
apiVersion: v1
kind: Service
metadata: {name: extra}
spec: {ports: [{port: 81}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: extra}
spec:
  replicas: 0
  selector: {matchLabels: {app: extra}}
  template:
    metadata: {labels: {app: extra}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], storageClassName: late, resources: {requests: {storage: 1Mi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: scratch, annotations: {skycap.dev/prune: "true"}}
spec: {accessModes: [ReadWriteOnce], storageClassName: late, resources: {requests: {storage: 1Mi}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kept, annotations: {skycap.dev/prune: "false"}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: adopted}
`

const extrasFile = "deploy/web/extras.yaml"

func (c *checkout) drop(name string) {
	c.t.Helper()
	require.NoError(c.t, os.Remove(filepath.Join(c.folder, name)))
}

// deleted are what a plan deletes.
func (c *checkout) deleted(revision string) (found []string) {
	c.t.Helper()
	for _, change := range c.plan(revision).Changes {
		if change.Action == "delete" {
			found = append(found, change.Kind+"/"+change.Name)
		}
	}
	return found
}

func TestWhatManifestsDropGoesOnceTheReleaseIsHealthy(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	for _, name := range []string{"adopted", "handmade"} {
		kubectl(t, "--namespace="+c.staging, "create", "configmap", name)
	}
	// Its claims have no volume before a pod wants one, and are fine so.
	class := "late-" + c.staging
	kubectl(t, "create", "--filename="+write(t, t.TempDir(), "class.yaml", "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: "+class+
		"}, provisioner: kubernetes.io/no-provisioner, volumeBindingMode: WaitForFirstConsumer}\n"))
	t.Cleanup(func() { kubectl(t, "delete", "storageclass", class) })
	c.write(extrasFile, strings.ReplaceAll(extras, "storageClassName: late", "storageClassName: "+class))
	c.deploy(c.revise(), "staging", "--adopt")
	const kinds = "configmaps,services,deployments,persistentvolumeclaims"
	before := c.names(kinds)

	c.drop(extrasFile)
	broken := c.breakWeb()
	goes := []string{"ConfigMap/extra", "Deployment/extra", "PersistentVolumeClaim/scratch", "Service/extra"}
	assert.ElementsMatch(t, goes, c.deleted(broken))
	assert.Contains(t, c.ok("plan", broken, "staging"), "- delete Service extra")
	c.deployFails(3, broken, nil, nil)
	assert.Equal(t, before, c.names(kinds), "an unhealthy release deletes nothing")

	c.edit(webDeployment, "path: /no-such-page", "path: /healthz")
	mended := c.revise()
	assert.ElementsMatch(t, goes, c.deleted(mended))
	c.deploy(mended, "staging")
	stays := slices.DeleteFunc(slices.Clone(before), func(name string) bool { return slices.Contains(goes, name) })
	assert.Subset(t, stays, []string{
		"ConfigMap/adopted", "ConfigMap/handmade", "ConfigMap/kept", "PersistentVolumeClaim/data", "Deployment/web",
	})
	assert.Eventually(t, func() bool { return assert.ObjectsAreEqual(stays, c.names(kinds)) }, patience, pause, "of %q there should be %q", before, stays)
	assert.Empty(t, c.deleted(mended))
}

func TestDroppedObjectGoesThoughTheFirstTryRanOutOfTime(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	c.write(extrasFile, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n")
	c.deploy(c.revise(), "staging")
	c.drop(extrasFile)
	node := c.reviseText("second")
	c.fails(3, []string{"deploy", node, "staging", "--timeout=1ms"}, nil, nil)
	assert.Contains(t, c.names("configmaps"), "ConfigMap/extra")
	c.deploy(node, "staging")
	assert.NotContains(t, c.names("configmaps"), "ConfigMap/extra")
}

func TestPruningLeavesOtherServicesAlone(t *testing.T) {
	t.Parallel()
	c := newSmall(t, "worker")
	c.write("deploy/worker/extra.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: workers}\n")
	c.write(extrasFile, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: webs}\n")
	c.deploy(c.revise(), "staging")
	c.drop(extrasFile)
	c.drop("deploy/worker/extra.yaml")
	node := c.revise()
	c.deploy(node, "staging", "web")
	assert.NotContains(t, c.names("configmaps"), "ConfigMap/webs")
	assert.Contains(t, c.names("configmaps"), "ConfigMap/workers", "its service was not deployed")
	c.rollback("web")
	assert.Contains(t, c.names("configmaps"), "ConfigMap/webs", "a rollback brings it back")
}
