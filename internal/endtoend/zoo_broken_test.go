package endtoend

import "net/http"

// broken are releases that will not heal by themselves, in the order in which a
// release meets them: its images, its pods, its containers, its probes, its jobs.
func (z *zoo) broken() []specimen {
	unbuilt := func(c *cage) { c.image, c.repository = nil, c.repository+"-unbuilt" }
	return []specimen{
		{name: "missing image", fast: true, setup: unbuilt, manifests: web{}.yaml(),
			names: []string{`zoo/animal-unbuilt`, `not found|does not exist|absent`}},
		{name: "missing sidecar image", manifests: web{container: ready, sidecar: "- {name: proxy, image: $REGISTRY/zoo/absent:1}"}.yaml(),
			names: []string{`zoo/absent:1`, `not found|does not exist|absent`}},
		{name: "image for another architecture", manifests: web{container: ready}.yaml(),
			setup: func(c *cage) { c.image, c.repository = z.arm64, c.repository+"-arm64" },
			names: []string{`exec format error|arm64|architecture`}},

		{name: "immutable field", fast: true, before: web{container: ready}.yaml(),
			manifests: deploymentWithSelector,
			names:     []string{`web`, `selector`, `immutable`}},
		{name: "quota", setup: func(c *cage) { quota(c, "1") }, manifests: web{spec: "replicas: 2", container: ready}.yaml(),
			names: []string{`quota`, `small`, `pods`}},
		{name: "limit range", setup: func(c *cage) {
			c.create("{apiVersion: v1, kind: LimitRange, metadata: {name: modest}, spec: {limits: [{type: Container, max: {memory: 64Mi}}]}}")
		}, manifests: web{container: lines(ready, "resources: {limits: {memory: 128Mi}}")}.yaml(), names: []string{`memory`, `64Mi`, `128Mi`}},
		{name: "Pod Security", fast: true, setup: func(c *cage) {
			c.kubectl("label", "namespace", c.namespace, "pod-security.kubernetes.io/enforce=restricted")
		}, manifests: web{container: ready}.yaml(), names: []string{`(?i)Pod ?Security`, `restricted`, `allowPrivilegeEscalation|runAsNonRoot`}},
		{name: "webhook that denies", setup: func(c *cage) {
			webhook(c, func(w http.ResponseWriter, r *http.Request) { review(w, r, false, "no animals on Friday") })
		}, manifests: web{container: ready}.yaml(), names: []string{`pods\.zoo\.example`, `no animals on Friday`}},
		{name: "webhook that is down", setup: closedWebhook, manifests: web{container: ready}.yaml(),
			names: []string{`pods\.zoo\.example`, `webhook`}},
		{name: "missing service account", manifests: web{pod: "serviceAccountName: robot", container: ready}.yaml(),
			names: []string{`(?i)service ?account`, `robot`}},

		{name: "too large for any node", manifests: web{container: lines(ready, "resources: {requests: {cpu: 64}}")}.yaml(),
			names: []string{`(?i)cpu`, `(?i)node|fits? nowhere|schedul`}},
		{name: "selector that no node has", manifests: web{pod: "nodeSelector: {zoo: nowhere}", container: ready}.yaml(),
			names: []string{`selector|nowhere`, `(?i)node`}},
		{name: "taint that is not tolerated", setup: fakeNode, manifests: web{pod: "nodeSelector: {zoo: $NAMESPACE}", container: ready}.yaml(),
			names: []string{`taint`}, not: `matches its node selector`},
		{name: "storage class that is missing",
			manifests: web{pod: claimed, container: lines(ready, mounted)}.with(claim("storageClassName: no-such-class")),
			names:     []string{`data`, `no-such-class`}},
		{name: "node that is gone", setup: fakeNode, during: nodeGone, shown: `^NodeNotReady`,
			manifests: web{pod: onFakeNode, container: ready}.yaml(), names: []string{`(?i)node`, `$NAMESPACE`}},
		{name: "folder of the host that is missing", manifests: web{container: lines(ready, mounted),
			pod: "volumes: [{name: data, hostPath: {path: /no/such/folder, type: Directory}}]"}.yaml(),
			names: []string{`data`, `/no/such/folder`}},

		{name: "missing key", fast: true, manifests: web{container: lines(ready,
			"env: [{name: COLOUR, valueFrom: {configMapKeyRef: {name: paint, key: colour}}}]")}.with(paint), names: []string{`colour`, `paint`}},
		{name: "missing Secret", manifests: web{container: lines(ready, "envFrom: [{secretRef: {name: password}}]")}.yaml(),
			names: []string{`(?i)secret`, `password`}},
		{name: "missing ConfigMap for a variable", manifests: web{container: lines(ready,
			"env: [{name: COLOUR, valueFrom: {configMapKeyRef: {name: palette, key: colour}}}]")}.yaml(), names: []string{`(?i)configmap`, `palette`}},
		{name: "missing ConfigMap for a volume", manifests: web{container: lines(ready, mounted),
			pod: "volumes: [{name: data, configMap: {name: palette}}]"}.yaml(),
			names: []string{`(?i)configmap`, `palette`}},

		{name: "entrypoint that is not there", fast: true, manifests: web{container: lines(ready, "command: [/no-such-program]")}.yaml(),
			names: []string{`app`, `no-such-program`}},
		{name: "init container that fails", manifests: web{container: ready,
			pod: "initContainers: [{name: prepare, image: $IMAGE, " + env("EXIT_AFTER=0s", "EXIT_CODE=3") + "}]"}.yaml(),
			names: []string{`prepare`, `\b3\b`}},
		{name: "crash at start", manifests: web{container: lines(ready, env("EXIT_AFTER=0s", "EXIT_CODE=7"))}.yaml(),
			names: []string{`app`, `(?i)exit|crash`, `\b7\b`}},
		{name: "crash after ten seconds",
			manifests: web{spec: "minReadySeconds: 15", container: lines(ready, env("EXIT_AFTER=10s", "EXIT_CODE=7"))}.yaml(),
			names:     []string{`app`, `(?i)exit|crash`, `\b7\b`}},
		{name: "out of memory", manifests: web{container: lines(ready, env("ALLOCATE_MIB=200"), "resources: {limits: {memory: 32Mi}}")}.yaml(),
			names: []string{`app`, `OOM|memory`, `32Mi`}},

		{name: "readiness probe gets 404", shown: `^Unhealthy`, manifests: web{container: lines(ready, env("HEALTH_STATUS=404"))}.yaml(),
			names: []string{`readiness`, `/healthz`, `404`}},
		{name: "readiness probe is refused", shown: `^Unhealthy`, manifests: web{container: lines(ready, env("LISTEN=:9090"))}.yaml(),
			names: []string{`readiness`, `8080`, `refused`}},
		{name: "liveness probe fails", shown: `^Unhealthy`, manifests: web{spec: "minReadySeconds: 15", container: lines(env("HEALTH_STATUS=404"),
			"livenessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 2, failureThreshold: 2}")}.yaml(),
			names: []string{`liveness`, `/healthz|404`}},
		{name: "progress deadline", shown: `^ProgressDeadlineExceeded`,
			manifests: web{spec: "progressDeadlineSeconds: 10", container: lines(ready, env("READY_AFTER=1h"))}.yaml(),
			names:     []string{`(?i)progress ?deadline|/healthz`}},

		{name: "job that fails", fast: true, manifests: web{container: ready}.with(job("", "EXIT_AFTER=0s", "EXIT_CODE=5")),
			names: []string{`(?i)job`, `migrate`}},
		{name: "job before the deploy fails", manifests: web{container: ready}.with(job("skycap.dev/run: pre-deploy", "EXIT_AFTER=0s", "EXIT_CODE=5")),
			names: []string{`(?i)job`, `migrate`}},
		{name: "StatefulSet behind a broken pod", workload: "statefulset/web",
			before:    web{kind: "StatefulSet", container: lines(ready, env("EXIT_AFTER=0s"))}.yaml(),
			manifests: web{kind: "StatefulSet", container: ready}.yaml(),
			names:     []string{`web-0`, `(?i)former|old|previous|earlier|delete|behind|blocks`}},
	}
}

const (
	// deploymentWithSelector is the web of another selector.
	deploymentWithSelector = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web, tier: front}}
  template:
    metadata: {labels: {app: web, tier: front}}
    spec:
      containers: [{name: app, image: $IMAGE}]
`
	paint   = "{apiVersion: v1, kind: ConfigMap, metadata: {name: paint}, data: {size: large}}\n"
	mounted = "volumeMounts: [{name: data, mountPath: /data}]"
	claimed = "volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]"
)

// claim is a PersistentVolumeClaim of a class.
func claim(class string) string {
	return "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {" + class +
		", accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}}\n"
}

// serviceOf is a Service for the pods with a label.
func serviceOf(label string) string {
	return "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {" + label + "}, ports: [{port: 80, targetPort: 8080}]}}\n"
}
