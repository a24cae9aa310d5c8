package endtoend

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

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

// webhook sends each pod of the namespace to a server that must admit it.
func webhook(c *cage, server http.HandlerFunc) {
	s := httptest.NewTLSServer(server)
	c.t.Cleanup(s.Close)
	register(c, s)
}

// closedWebhook is one whose server is not there.
func closedWebhook(c *cage) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	register(c, s)
	s.Close()
}

func register(c *cage, s *httptest.Server) {
	c.t.Helper()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	c.remove("validatingwebhookconfiguration/" + c.namespace)
	c.create(`apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: $NAMESPACE}
webhooks:
  - name: pods.zoo.example
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Fail
    timeoutSeconds: 5
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: $NAMESPACE}}
    rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
    clientConfig: {url: "` + s.URL + `/", caBundle: ` + base64.StdEncoding.EncodeToString(authority) + `}
`)
}

// review answers an admission review.
func review(w http.ResponseWriter, r *http.Request, allowed bool, message string) {
	var asked struct {
		Request struct {
			UID string `json:"uid"`
		} `json:"request"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": map[string]any{
		"uid": asked.Request.UID, "allowed": allowed, "status": map[string]any{"message": message, "code": http.StatusForbidden},
	}})
}

// blip fails until some time after it was first asked.
func blip(down time.Duration, then http.HandlerFunc) http.HandlerFunc {
	var once sync.Once
	var up time.Time
	return func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { up = time.Now().Add(down) })
		if time.Now().Before(up) {
			http.Error(w, "out for lunch", http.StatusInternalServerError)
			return
		}
		then(w, r)
	}
}

// flakyRegistry serves the cage's image, but fails nodes that ask at first.
func flakyRegistry(c *cage) {
	steady := registry.New()
	flaky := blip(3*time.Second, steady.ServeHTTP)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.UserAgent(), "containerd") {
			flaky(w, r)
			return
		}
		steady.ServeHTTP(w, r)
	}))
	c.t.Cleanup(s.Close)
	c.repository = strings.Replace(s.URL, "http://127.0.0.1", "localhost", 1) + "/zoo/animal"
	c.image = labelled(c.t, c.image, "zoo", c.namespace) // no node has it yet
}

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

func bound(pod corev1.Pod) bool { return pod.Spec.NodeName != "" }

func unschedulable(pod corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(condition corev1.PodCondition) bool {
		return condition.Reason == corev1.PodReasonUnschedulable
	})
}
