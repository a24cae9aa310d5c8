package endtoend

import "time"

// quota allows a number of pods.
func quota(c *cage, pods string) {
	c.kubectl("create", "quota", "small", "--hard=pods="+pods)
	c.kubectl("wait", "--for=jsonpath={.status.hard}", "--timeout=30s", "resourcequota/small")
}

// remove deletes an object without a namespace when the test ends. Pods go before, since
// those on a node that nobody runs would stay, and claims, since they hold their volume.
func (c *cage) remove(object string) {
	c.t.Cleanup(func() {
		c.kubectl("delete", "deployments", "--all")
		c.kubectl("delete", "pods", "--all", "--force", "--grace-period=0")
		c.kubectl("delete", "persistentvolumeclaims", "--all", "--wait=false")
		c.kubectl("delete", "--ignore-not-found", "--wait=false", object)
	})
}

// lateVolume is what a slow provisioner makes.
func lateVolume(c *cage) {
	c.pod(unschedulable)
	c.pass(6 * time.Second)
	c.remove("persistentvolume/" + c.namespace)
	c.create(`apiVersion: v1
kind: PersistentVolume
metadata: {name: $NAMESPACE}
spec:
  capacity: {storage: 1Mi}
  accessModes: [ReadWriteOnce]
  claimRef: {namespace: $NAMESPACE, name: data}
  hostPath: {path: ` + shortFolder(c.t) + `}
`)
}
