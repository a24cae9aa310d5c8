package endtoend

import (
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// fakeNode is a node that nobody runs. Its taint keeps the pods of others away.
func fakeNode(c *cage) {
	c.t.Helper()
	c.remove("node/" + c.namespace)
	c.create(`apiVersion: v1
kind: Node
metadata: {name: $NAMESPACE, labels: {zoo: $NAMESPACE}}
spec: {taints: [{key: zoo, value: $NAMESPACE, effect: NoSchedule}]}
status:
  capacity: {cpu: "4", memory: 4Gi, pods: "10"}
  allocatable: {cpu: "4", memory: 4Gi, pods: "10"}
  conditions: [{type: Ready, status: "True", reason: KubeletReady, message: kubelet is posting ready status}]
`)
	// The admission plugin taints every new node; the controller sees that it is ready.
	require.Eventually(c.t, func() bool {
		return !strings.Contains(c.kubectl("get", "node", c.namespace, "--output=jsonpath={.spec.taints}"), "not-ready")
	}, 30*time.Second, 2*pause)
}

// report sets a node's Ready condition.
func (c *cage) report(status, message string) {
	c.t.Helper()
	c.kubectl("patch", "node", c.namespace, "--subresource=status", "--patch",
		`{"status": {"conditions": [{"type": "Ready", "status": "`+status+`", "reason": "NodeStatus`+status+`", "message": "`+message+`"}]}}`)
}

// onFakeNode is the pod's side of fakeNode.
const onFakeNode = "nodeSelector: {zoo: $NAMESPACE}\ntolerations: [{key: zoo, operator: Exists, effect: NoSchedule}]"

// nodeGone is how a node dies: it takes the pod, and is not heard of again. Pods that
// never were ready have no event of it.
func nodeGone(c *cage) {
	c.pod(bound)
	c.report("Unknown", "kubelet stopped posting node status")
	c.signs.consider("NodeNotReady")
}

// nodeBlip is a node that is silent for a while, and then runs the pod.
func nodeBlip(c *cage) {
	name := c.pod(bound).Name
	c.report("Unknown", "kubelet stopped posting node status")
	c.pass(8 * time.Second)
	c.report("True", "kubelet is posting ready status")
	c.kubectl("patch", "pod", name, "--subresource=status", "--patch", `{"status": {"phase": "Running",
		"conditions": [{"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}],
		"containerStatuses": [{"name": "app", "ready": true, "started": true, "restartCount": 0, "image": "animal", "imageID": "",
			"state": {"running": {}}}]}}`)
}

// scaleUp is what an autoscaler does for a pod that fits nowhere.
func scaleUp(c *cage) {
	pod := c.pod(unschedulable)
	c.pass(3 * time.Second)
	c.create(`apiVersion: v1
kind: Event
metadata: {name: scale-up}
involvedObject: {apiVersion: v1, kind: Pod, name: ` + pod.Name + `, namespace: $NAMESPACE, uid: ` + string(pod.UID) + `}
type: Normal
reason: TriggeredScaleUp
message: "pod triggered scale-up: [{group 1->2 (max: 5)}]"
source: {component: cluster-autoscaler}
reportingComponent: cluster-autoscaler
firstTimestamp: ` + time.Now().UTC().Format(time.RFC3339) + `
lastTimestamp: ` + time.Now().UTC().Format(time.RFC3339) + `
count: 1
`)
	c.pass(12 * time.Second)
	c.t.Cleanup(func() { c.kubectl("label", "node", "127.0.0.1", c.namespace+"-") })
	c.kubectl("label", "node", "127.0.0.1", c.namespace+"=new")
}

// evict takes a pod away as a drain does.
func evict(c *cage) {
	name := c.pod(bound).Name
	file := write(c.t, c.t.TempDir(), "eviction.json",
		`{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "`+name+`", "namespace": "`+c.namespace+`"}}`)
	c.kubectl("create", "--raw", "/api/v1/namespaces/"+c.namespace+"/pods/"+name+"/eviction", "--filename="+file)
}

func bound(pod corev1.Pod) bool { return pod.Spec.NodeName != "" }

func unschedulable(pod corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(condition corev1.PodCondition) bool {
		return condition.Reason == corev1.PodReasonUnschedulable
	})
}
