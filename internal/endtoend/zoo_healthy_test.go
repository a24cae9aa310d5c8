package endtoend

import (
	"net/http"
	"strings"
	"time"
)

// healthy are releases that come up, though for a while it doesn't look like it.
func healthy() []specimen {
	const (
		marker  = "volumeMounts: [{name: marker, mountPath: /marker}]"
		markers = "volumes: [{name: marker, emptyDir: {}}]"
	)
	restarts := func(times string) string {
		return web{pod: markers, container: lines(ready, marker,
			env("EXIT_AFTER=0s", "EXIT_TIMES="+times, "MARKER=/marker/starts"))}.yaml()
	}
	steady, crashing := web{container: ready}.yaml(), web{container: lines(ready, env("EXIT_AFTER=0s"))}.yaml()
	lingering := func(version, spec string) string {
		text := web{spec: spec, container: lines(ready, env("LINGER=8s", "VERSION="+version))}.yaml()
		return strings.Replace(text, "terminationGracePeriodSeconds: 1\n", "terminationGracePeriodSeconds: 15\n", 1)
	}
	const replacing = "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}"
	return []specimen{
		{name: "slow start within its startup probe", manifests: web{container: lines(env("READY_AFTER=20s"),
			"startupProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1, failureThreshold: 40}")}.yaml()},
		{name: "readiness probe that begins late", manifests: web{
			container: "readinessProbe: {httpGet: {path: /healthz, port: 8080}, initialDelaySeconds: 15, periodSeconds: 1}"}.yaml()},
		{name: "readiness probe that fails for twenty seconds", manifests: web{container: lines(ready, env("READY_AFTER=20s"))}.yaml()},
		{name: "readiness that flaps", manifests: web{container: lines(
			"readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1, failureThreshold: 1}", env("FLAP=12s"))}.yaml()},
		{name: "one crash", fast: true, manifests: restarts("1")},
		{name: "two crashes", manifests: restarts("2")},
		{name: "a pull that fails once", setup: flakyRegistry, manifests: steady},
		{name: "webhook that is away for eight seconds", manifests: steady, setup: func(c *cage) {
			webhook(c, blip(8*time.Second, func(w http.ResponseWriter, r *http.Request) { review(w, r, true, "") }))
		}},
		{name: "quota that old pods still take", setup: func(c *cage) { quota(c, "1") },
			before: lingering("1", replacing), manifests: lingering("2", replacing)},
		{name: "old pods that take long to end", before: lingering("1", ""), manifests: lingering("2", "")},
		{name: "pods of the former release that still crash", before: crashing, manifests: steady},
		{name: "pending until the autoscaler adds a node", during: scaleUp,
			manifests: web{pod: "nodeSelector: {$NAMESPACE: new}", container: ready}.yaml()},
		{name: "volume that is bound late", during: lateVolume,
			manifests: web{pod: claimed, container: lines(ready, mounted)}.with(claim(`storageClassName: ""`))},
		{name: "pod that is evicted", during: evict, manifests: web{spec: "replicas: 2", container: lines(ready, env("READY_AFTER=8s"))}.yaml()},
		{name: "node that is silent for eight seconds", setup: fakeNode, during: nodeBlip, manifests: web{pod: onFakeNode, container: ready}.yaml()},
		{name: "job that takes fifteen seconds", manifests: web{container: ready}.with(job("", "EXIT_AFTER=15s", "EXIT_CODE=0"))},
		{name: "autoscaler without metrics", fast: true, manifests: web{container: lines(ready, "resources: {requests: {cpu: 10m}}")}.with(
			`apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 3
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]
`)},
		{name: "Service that leads nowhere yet", manifests: web{container: ready}.with(serviceOf("app: later"))},
	}
}
