package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/skycap/skycap/pkg/skycap"
)

// start is when all that the tests look at began.
var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func at(seconds int) metav1.Time {
	return metav1.NewTime(start.Add(time.Duration(seconds) * time.Second))
}

// webPod is a pod of the newest ReplicaSet, on a node, with one container.
func webPod(change ...func(*corev1.Pod)) corev1.Pod {
	begun := at(0)
	pod := podOf("newest", func(p *corev1.Pod) {
		p.Name, p.UID, p.CreationTimestamp, p.Status.StartTime = "web-1", "web-1", at(0), &begun
		p.Spec.NodeName = "node-1"
		p.Spec.Containers = []corev1.Container{{Name: "web", Image: "registry/web:1"}}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "web"}}
	})
	for _, apply := range change {
		apply(&pod)
	}
	return pod
}

func waits(reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses[0].State.Waiting = &corev1.ContainerStateWaiting{Reason: reason, Message: message}
	}
}

// runs makes the container run since a time, and not ready.
func runs(seconds int) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses[0].State.Running = &corev1.ContainerStateRunning{StartedAt: at(seconds)}
	}
}

// restarted makes the container one that ended before.
func restarted(times, from, until int, code int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses[0].RestartCount = int32(times)
		p.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{
			ExitCode: code, Reason: "Error", StartedAt: at(from), FinishedAt: at(until),
		}
	}
}

func probes(readiness *corev1.Probe, startup ...*corev1.Probe) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Containers[0].ReadinessProbe = readiness
		for _, probe := range startup {
			no := false
			p.Spec.Containers[0].StartupProbe, p.Status.ContainerStatuses[0].Started = probe, &no
		}
	}
}

func asks(period, failures int32) *corev1.Probe {
	return &corev1.Probe{PeriodSeconds: period, FailureThreshold: failures, ProbeHandler: corev1.ProbeHandler{
		HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromString("http")},
	}}
}

func said(reason, message string, first, last int) corev1.Event {
	return corev1.Event{
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "web-1", UID: "web-1", FieldPath: "spec.containers{web}"},
		Reason:         reason, Message: message, FirstTimestamp: at(first), LastTimestamp: at(last), Count: 1,
	}
}

func ofWeb(pod corev1.Pod, events ...corev1.Event) Objects {
	return Objects{
		Deployments: []appsv1.Deployment{deploymentOf(3, 1, 2)}, ReplicaSets: replicaSets(), Pods: []corev1.Pod{pod}, Events: events,
	}
}

func unschedulable(message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.NodeName = ""
		p.Status.Conditions = []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: message, LastTransitionTime: at(0),
		}}
	}
}

// never is the budget of what is never persistent, always of what is broken at once.
const never, always = -1, 0

func TestBudgets(t *testing.T) {
	t.Parallel()
	const crashes = "CrashLoopBackOff"
	for name, test := range map[string]struct {
		pod    corev1.Pod
		events []corev1.Event
		budget int // after how many seconds it is persistent
		cause  string
	}{
		"image missing": {webPod(waits("ErrImagePull", `rpc error: code = NotFound desc = failed to pull and unpack image "registry/web:1": failed to resolve reference "registry/web:1": registry/web:1: not found`)),
			nil, always, `image "registry/web:1" of container "web" does not exist (ErrImagePull)`},
		"other architecture": {webPod(waits("ErrImagePull", `no match for platform in manifest: not found`)), nil, always, "another architecture"},
		"pull refused":       {webPod(waits("ErrImagePull", `pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`)), nil, 15, "the pod has no imagePullSecrets"},
		"old kubelet's back-off": {webPod(waits("ImagePullBackOff", `Back-off pulling image "registry/web:1"`)),
			[]corev1.Event{said("Failed", `Failed to pull image "registry/web:1": manifest unknown`, 3, 3)}, always, "does not exist"},
		"certificate":    {webPod(waits("ErrImagePull", "x509: certificate signed by unknown authority")), nil, 15, "does not trust"},
		"rate limit":     {webPod(waits("ErrImagePull", "429 Too Many Requests - toomanyrequests: not found")), nil, 120, "can't be pulled now"},
		"no such host":   {webPod(waits("ErrImagePull", "dial tcp: lookup registry: no such host")), nil, 120, "no such host"},
		"from the event": {webPod(waits("ErrImagePull", "i/o timeout")), []corev1.Event{said("Failed", "Failed to pull image: i/o timeout", 30, 40)}, 150, "i/o timeout"},
		"missing secret": {webPod(waits("CreateContainerConfigError", `secret "pw" not found`)), nil, always, `Secret "pw" does not exist`},
		"missing key":    {webPod(waits("CreateContainerConfigError", `couldn't find key k in Secret ns/pw`)), nil, always, `Secret "pw" has no key "k"`},
		"cache":          {webPod(waits("CreateContainerConfigError", "failed to sync secret cache: timed out")), nil, 60, "failed to sync"},
		"exec":           {webPod(waits("RunContainerError", `runc create failed: exec: "/x": permission denied: unknown`)), nil, always, `its command "/x": permission denied`},
		"node's fault":   {webPod(waits("RunContainerError", `open /sys/fs/cgroup/x: no such file or directory`)), nil, 30, "no such file"},
		"crash once":     {webPod(waits(crashes, ""), restarted(0, 1, 2, 3)), nil, never, `container "web" exits with code 3`},
		"crash twice":    {webPod(waits(crashes, ""), restarted(1, 1, 2, 3)), nil, 62, "after 1 restart"},
		"crash often":    {webPod(waits(crashes, ""), restarted(3, 1, 2, 139)), nil, always, "segmentation fault"},
		"crash of old":   {webPod(waits(crashes, ""), restarted(30, -5000, 2, 3)), nil, never, "exits with code 3"},
		"runs anew":      {webPod(runs(50), restarted(4, 1, 20, 3), probes(asks(10, 3))), nil, 50 + 31 + 10, "after 4 restarts"},
		"liveness": {webPod(waits(crashes, ""), restarted(1, 1, 20, 137), func(p *corev1.Pod) { p.Spec.Containers[0].LivenessProbe = asks(5, 3) }),
			[]corev1.Event{said("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 404", 5, 15), said("Killing", "Container web failed liveness probe, will be restarted", 15, 15)},
			65, `is restarted since its liveness probe fails: GET /healthz on port http answers 404`},
		"ready: no answer yet": {webPod(runs(5), probes(asks(2, 3))), nil, 65, "has not passed yet"},
		"ready: refused": {webPod(runs(5), probes(asks(2, 3))), []corev1.Event{said("Unhealthy", `Readiness probe failed: Get "http://x": dial tcp: connect: connection refused`, 6, 9)},
			65, "is refused a connection"},
		"ready: slow probe": {webPod(runs(5), probes(asks(30, 4))), nil, 5 + 121, "has not passed yet"},
		"ready: wrong": {webPod(runs(5), probes(asks(2, 3))), []corev1.Event{said("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404", 6, 9)},
			15, "answers 404"},
		"ready: 503": {webPod(runs(5), probes(asks(2, 3))), []corev1.Event{said("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", 6, 9)},
			65, "answers 503"},
		"starting": {webPod(runs(5), probes(asks(2, 3), asks(10, 30))), nil, 5 + 301 + 60, "has not started"},
		"mount": {webPod(waits("ContainerCreating", "")), []corev1.Event{said("FailedMount", `MountVolume.SetUp failed for volume "data" : mount failed: exit status 32`, 4, 9)},
			19, `volume "data" of pod "web-1" can't be mounted`},
		"mount of a missing secret": {webPod(waits("ContainerCreating", "")), []corev1.Event{said("FailedMount", `MountVolume.SetUp failed for volume "data" : secret "pw" not found`, 4, 9)},
			always, `Secret "pw" does not exist`},
		"mount not yet": {webPod(waits("ContainerCreating", "")), []corev1.Event{said("FailedMount", `MountVolume.SetUp failed for volume "data" : failed to sync secret cache: timed out waiting for the condition`, 4, 9)},
			never, "can't be mounted yet"},
		"multi-attach": {webPod(waits("ContainerCreating", "")), []corev1.Event{said("FailedAttachVolume", `Multi-Attach error for volume "pv" Volume is already used`, 4, 9)}, 124, "Multi-Attach"},
		"unschedulable": {webPod(unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint {a: b}. preemption: none")),
			nil, 20, `it does not tolerate the nodes' taints "a: b"; 0/1 nodes are available: 1 node(s) had untolerated taint {a: b} (Unschedulable)`},
		"a node comes":  {webPod(unschedulable("none")), []corev1.Event{said("TriggeredScaleUp", "pod triggered scale-up", 5, 5)}, 605, "no node takes"},
		"no node comes": {webPod(unschedulable("none")), []corev1.Event{said("NotTriggerScaleUp", "pod didn't trigger scale-up", 5, 5)}, 8, "no node takes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects := ofWeb(test.pod, test.events...)
			timeless := Assess(objects, time.Time{})
			assert.Contains(t, timeless.Cause, test.cause)
			assert.Equal(t, test.budget == always, timeless.Broken())
			late := Assess(objects, start.Add(24*time.Hour))
			assert.Equal(t, test.budget != never, late.Broken())
			if test.budget > 0 {
				end := at(test.budget).Time
				assert.False(t, Assess(objects, end.Add(-time.Second)).Broken(), "before its end")
				assert.Equal(t, end, Assess(objects, end.Add(-time.Second)).Next)
				assert.True(t, Assess(objects, end).Broken(), "at its end")
			}
		})
	}
}

func TestReadinessWins(t *testing.T) {
	t.Parallel()
	objects := ofWeb(webPod(waits("CreateContainerConfigError", `secret "pw" not found`)))
	objects.Deployments[0] = deploymentOf(2, 2, 2, condition(appsv1.DeploymentReplicaFailure, corev1.ConditionTrue, "FailedCreate"))
	assert.Equal(t, Assessment{State: skycap.StateHealthy}, Assess(objects, at(900).Time))
}

func TestRestartedAMomentAgo(t *testing.T) {
	t.Parallel()
	objects := ofWeb(webPod(ready, runs(30), restarted(1, 1, 20, 3), func(p *corev1.Pod) { p.Status.ContainerStatuses[0].Ready = true }))
	objects.Deployments[0] = deploymentOf(2, 2, 2)
	early := Assess(objects, at(35).Time)
	assert.Equal(t, skycap.StateProgressing, early.State)
	assert.Equal(t, at(45).Time, early.Next)
	assert.Equal(t, skycap.StateHealthy, Assess(objects, at(45).Time).State)
}

func TestWhatNothingProbesIsWatched(t *testing.T) {
	t.Parallel()
	up := func(spec ...func(*corev1.Pod)) Objects {
		runs := append([]func(*corev1.Pod){ready, runs(30), func(p *corev1.Pod) { p.Status.ContainerStatuses[0].Ready = true }}, spec...)
		objects := ofWeb(webPod(runs...))
		objects.Deployments[0] = deploymentOf(2, 2, 2)
		return objects
	}
	readiness := func(p *corev1.Pod) { p.Spec.Containers[0].ReadinessProbe = &corev1.Probe{} }
	liveness := func(p *corev1.Pod) {
		p.Spec.Containers[0].LivenessProbe = &corev1.Probe{PeriodSeconds: 3, TimeoutSeconds: 1}
	}
	for name, test := range map[string]struct {
		objects Objects
		until   int
	}{
		"no probe": {up(), 45}, "liveness alone": {up(liveness), 45}, "both": {up(readiness, liveness), 34}, "readiness": {up(readiness), 30},
	} {
		if test.until > 30 {
			early := Assess(test.objects, at(test.until-1).Time)
			assert.Equal(t, skycap.StateProgressing, early.State, name)
			assert.Equal(t, at(test.until).Time, early.Next, name)
		}
		assert.Equal(t, skycap.StateHealthy, Assess(test.objects, at(test.until).Time).State, name)
	}
}

// A container that is killed by its probe may go on running, and be ready, until
// its time to stop is over.
func TestAFailingLivenessProbeIsNotHealthy(t *testing.T) {
	t.Parallel()
	grace := int64(30)
	up := func(p *corev1.Pod) {
		p.Status.ContainerStatuses[0].Ready = true
		p.Spec.Containers[0].ReadinessProbe = &corev1.Probe{}
		p.Spec.Containers[0].LivenessProbe = &corev1.Probe{PeriodSeconds: 2}
		p.Spec.TerminationGracePeriodSeconds = &grace
	}
	objects := ofWeb(webPod(ready, runs(30), up))
	objects.Deployments[0] = deploymentOf(2, 2, 2)
	objects.Events = []corev1.Event{said("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 404", 33, 33)}
	assert.Contains(t, Assess(objects, at(36).Time).Cause, "fails its liveness probe")
	assert.Equal(t, skycap.StateHealthy, Assess(objects, at(38).Time).State, "it failed once")
	objects.Events = append(objects.Events, said("Killing", "Container app failed liveness probe, will be restarted", 37, 37))
	assert.Equal(t, skycap.StateProgressing, Assess(objects, at(50).Time).State)
}

func TestTheTaintOfTheNodesThatMatchIsNamed(t *testing.T) {
	t.Parallel()
	pod := webPod(unschedulable("0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 2 node(s) had untolerated taint(s)"))
	pod.Spec.NodeSelector = map[string]string{"disk": "fast"}
	objects := ofWeb(pod)
	assert.Equal(t, []string{"disk=fast"}, Repelled(objects))
	assert.Contains(t, Assess(objects, at(5).Time).Cause, "no node matches its node selector disk=fast")

	node := func(name, disk string, taints ...corev1.Taint) *corev1.Node {
		return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"disk": disk}}, Spec: corev1.NodeSpec{Taints: taints}}
	}
	gpu := corev1.Taint{Key: "gpu", Value: "yes", Effect: corev1.TaintEffectNoSchedule}
	objects.Nodes = map[string]*corev1.Node{"a": node("a", "fast", gpu), "b": node("b", "slow"), "c": nil}
	assert.Contains(t, Assess(objects, at(5).Time).Cause,
		`it does not tolerate the taint "gpu=yes:NoSchedule" of the nodes that its node selector disk=fast matches`)
	objects.Pods[0].Spec.Tolerations = []corev1.Toleration{{Key: "gpu", Operator: corev1.TolerationOpExists}}
	assert.NotContains(t, Assess(objects, at(5).Time).Cause, "taint \"gpu")
}

func TestPatienceWhereOthersAreReady(t *testing.T) {
	t.Parallel()
	objects := ofWeb(webPod(unschedulable("none")))
	objects.Pods = append(objects.Pods, podOf("newest", ready))
	assert.False(t, Assess(objects, at(39).Time).Broken())
	assert.True(t, Assess(objects, at(40).Time).Broken())
}

func TestProvenImage(t *testing.T) {
	t.Parallel()
	const pinned, sidecar = "registry/web:1@sha256:ab", "registry/proxy@sha256:cd"
	for name, test := range map[string]struct {
		image, says string
		proven      skycap.Grade // of an image that a registry has shown
		unproven    skycap.Grade
		cause       string // of the proven one
	}{
		"not found":     {pinned, "registry/web@sha256:ab: not found", skycap.GradeTransient, skycap.GradeFatal, "the registry had it when it was deployed"},
		"unknown":       {pinned, "manifest unknown", skycap.GradeTransient, skycap.GradeFatal, "the registry had it when it was deployed"},
		"no repository": {pinned, "name unknown: repository name not known to registry", skycap.GradeTransient, skycap.GradeFatal, "the registry had it when it was deployed"},
		"by its name":   {"registry/web:1", "manifest unknown", skycap.GradeFatal, skycap.GradeFatal, "does not exist"},
		"a sidecar":     {sidecar, "manifest unknown", skycap.GradeFatal, skycap.GradeFatal, "does not exist"},
		"credentials":   {pinned, "401 Unauthorized", skycap.GradeTransient, skycap.GradeTransient, "the registry wants credentials"},
		"no network":    {pinned, "dial tcp: i/o timeout", skycap.GradeTransient, skycap.GradeTransient, "can't be pulled now"},
		"architecture":  {pinned, "no match for platform in manifest: not found", skycap.GradeFatal, skycap.GradeFatal, "another architecture"},
	} {
		objects := ofWeb(webPod(waits("ErrImagePull", test.says), func(p *corev1.Pod) { p.Spec.Containers[0].Image = test.image }))
		assert.Equal(t, test.unproven, Assess(objects, at(1).Time).Grade, name)
		objects.Proven = map[string]bool{"sha256:ab": true}
		proven := Assess(objects, at(1).Time)
		assert.Equal(t, test.proven, proven.Grade, name)
		assert.Contains(t, proven.Cause, test.cause, name)
		assert.Equal(t, test.says != "dial tcp: i/o timeout", Assess(objects, at(62).Time).Broken(), name)
	}
}

func TestWhatWasBeforeTheReleaseMayBeCured(t *testing.T) {
	t.Parallel()
	objects := ofWeb(webPod(waits("ContainerCreating", "")), said("FailedMount", `MountVolume.SetUp failed for volume "data" : secret "pw" not found`, 4, 9))
	objects.Applied = at(20).Time
	assert.Equal(t, skycap.GradeTransient, Assess(objects, at(21).Time).Grade)
	assert.True(t, Assess(objects, at(170).Time).Broken())
	objects.Events[0].LastTimestamp = at(25)
	assert.Equal(t, skycap.GradeFatal, Assess(objects, at(26).Time).Grade)
}

func TestPodsAlikeAreToldOnce(t *testing.T) {
	t.Parallel()
	objects := ofWeb(webPod(waits("InvalidImageName", "x")))
	objects.Pods = append(objects.Pods, webPod(waits("InvalidImageName", "x"), func(p *corev1.Pod) { p.Name = "web-2" }))
	got := Assess(objects, at(1).Time)
	assert.Len(t, got.Findings, 2)
	assert.Equal(t, []string{`2 pods: image "registry/web:1" of container "web" is not a valid image name (InvalidImageName): x`}, got.Evidence)
}

func TestFormerFails(t *testing.T) {
	t.Parallel()
	objects := ofWeb(webPod(waits("CrashLoopBackOff", ""), restarted(1, 1, 2, 3)))
	assert.False(t, Assess(objects, at(5).Time).FormerFails)
	objects.Pods = append(objects.Pods, podOf("old", crashing(5)))
	got := Assess(objects, at(5).Time)
	assert.True(t, got.FormerFails)
	assert.Contains(t, got.Evidence[len(got.Evidence)-1], `pods of the former release fail as well, so it may not be this one: pod "old-pod"`)
}

func TestMemoryInWords(t *testing.T) {
	t.Parallel()
	pod := webPod(waits("CrashLoopBackOff", ""), restarted(1, 1, 2, 137), func(p *corev1.Pod) {
		p.Spec.Containers[0].Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")}
		p.Status.ContainerStatuses[0].LastTerminationState.Terminated.Reason = "OOMKilled"
	})
	assert.Equal(t, `container "web" was killed for using more memory than its limit of 64Mi, after 1 restart (OOMKilled)`, Assess(ofWeb(pod), at(5).Time).Cause)
}
