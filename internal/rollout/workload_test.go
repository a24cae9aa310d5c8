package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/pkg/skycap"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	const over = `pods "web-1" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2`
	for name, test := range map[string]struct {
		message string
		freeing bool
		budget  int
		cause   string
	}{
		"quota":           {over, false, 5, `quota "small" is exceeded: requested pods=1, used pods=2, limited to pods=2`},
		"quota, for now":  {over, true, 120, `quota "small" is exceeded`},
		"pod security":    {`pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true`, false, always, `they violate Pod Security "restricted:latest": runAsNonRoot`},
		"limits":          {`pods "x" is forbidden: maximum memory usage per Container is 64Mi, but limit is 128Mi`, false, always, "maximum memory usage per Container is 64Mi"},
		"webhook denies":  {`admission webhook "check.example.com" denied the request: no label`, false, always, `webhook "check.example.com" denied the request: no label`},
		"webhook is down": {`Internal error occurred: failed calling webhook "check.example.com": connection refused`, false, 30, `webhook "check.example.com" does not answer`},
		"no account":      {`pods "x" is forbidden: error looking up service account ns/robot: serviceaccount "robot" not found`, false, 5, `service account "robot" does not exist`},
		"invalid":         {`Pod "x" is invalid: spec.containers[0].image: Required value`, false, always, "spec.containers[0].image: Required value"},
		"etcd":            {`etcdserver: request timed out`, false, 60, "etcdserver"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sets := replicaSets()
			sets[0].Status.Conditions = []appsv1.ReplicaSetCondition{{
				Type: appsv1.ReplicaSetReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: test.message, LastTransitionTime: at(0),
			}}
			objects := Objects{Deployments: []appsv1.Deployment{deploymentOf(2, 0, 2)}, ReplicaSets: sets}
			if test.freeing {
				gone := at(0)
				objects.Pods = []corev1.Pod{podOf("old", func(p *corev1.Pod) { p.DeletionTimestamp = &gone })}
			}
			end := at(test.budget).Time
			got := Assess(objects, end)
			assert.Contains(t, got.Cause, test.cause)
			assert.True(t, got.Broken())
			if test.budget > 0 {
				assert.False(t, Assess(objects, end.Add(-time.Second)).Broken())
			}
			sets[0].Status.Conditions, sets[1].Status.Conditions = nil, sets[0].Status.Conditions
			assert.Empty(t, Assess(objects, end).Cause, "that of a former ReplicaSet")
		})
	}
}

func TestRefusalOfAStatefulSetUntilPodsAreMade(t *testing.T) {
	t.Parallel()
	event := said("FailedCreate", `create Pod db-0 failed: pods "db-0" is forbidden: violates PodSecurity "baseline": x`, 0, 5)
	event.InvolvedObject = corev1.ObjectReference{Kind: "StatefulSet", Name: "db", UID: "db"}
	objects := Objects{
		StatefulSets: []appsv1.StatefulSet{statefulSet(func(s *appsv1.StatefulSet) { s.Status.ReadyReplicas = 2 })}, Events: []corev1.Event{event},
	}
	assert.Equal(t, skycap.GradeFatal, Assess(objects, at(6).Time).Grade)
	made := event
	made.Reason, made.LastTimestamp = "SuccessfulCreate", at(8)
	objects.Events = append(objects.Events, made)
	assert.Equal(t, skycap.StateProgressing, Assess(objects, at(9).Time).State)
}

func TestDeadlineOfTheReleaseBefore(t *testing.T) {
	t.Parallel()
	late := deploymentOf(3, 1, 2, condition(appsv1.DeploymentProgressing, corev1.ConditionFalse, "ProgressDeadlineExceeded"))
	late.Status.Conditions[0].LastUpdateTime = at(5)
	objects := Objects{Deployments: []appsv1.Deployment{late}, ReplicaSets: replicaSets()}
	objects.ReplicaSets[0].CreationTimestamp = at(10)
	assert.Equal(t, skycap.StateProgressing, Assess(objects, at(20).Time).State)
	objects.ReplicaSets[0].CreationTimestamp = at(1)
	assert.Equal(t, skycap.GradePersistent, Assess(objects, at(20).Time).Grade)
}

func node(change func(*corev1.Node), ready corev1.ConditionStatus) *corev1.Node {
	n := &corev1.Node{Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{
		Type: corev1.NodeReady, Status: ready, Reason: "NodeStatusUnknown", Message: "Kubelet stopped posting node status.", LastTransitionTime: at(0),
	}}}}
	if change != nil {
		change(n)
	}
	return n
}

func TestNodes(t *testing.T) {
	t.Parallel()
	idle := webPod(func(p *corev1.Pod) { p.Status.StartTime, p.Status.ContainerStatuses = nil, nil })
	objects := ofWeb(idle)
	assert.Equal(t, []string{"node-1"}, SuspectNodes(objects))
	assert.Empty(t, SuspectNodes(ofWeb(webPod(runs(1)))), "its kubelet reports")
	assert.Empty(t, SuspectNodes(ofWeb(webPod(ready, runs(1)))))

	assert.Empty(t, Assess(objects, at(29).Time).Cause)
	assert.Equal(t, at(30).Time, Assess(objects, at(29).Time).Next)
	assert.Contains(t, Assess(objects, at(30).Time).Cause, `node "node-1" has not begun with pod "web-1"`)

	objects.Nodes = map[string]*corev1.Node{"node-1": nil}
	assert.Contains(t, Assess(objects, at(15).Time).Cause, `node "node-1" of pod "web-1" is gone`)
	assert.True(t, Assess(objects, at(15).Time).Broken())
	objects.Nodes["node-1"] = node(nil, corev1.ConditionUnknown)
	assert.Contains(t, Assess(objects, at(15).Time).Cause, `is not ready: NodeStatusUnknown: Kubelet stopped posting node status.`)
	assert.True(t, Assess(objects, at(15).Time).Broken())
	objects.Nodes["node-1"] = node(nil, corev1.ConditionTrue)
	assert.False(t, Assess(objects, at(900).Time).Broken())
}

func TestDaemonSetDoesWithoutSilentNodes(t *testing.T) {
	t.Parallel()
	set := appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: "agent", UID: "agent"},
		Status:     appsv1.DaemonSetStatus{DesiredNumberScheduled: 2, CurrentNumberScheduled: 2, UpdatedNumberScheduled: 2, NumberAvailable: 1},
	}
	pod := podOf("agent", func(p *corev1.Pod) { p.Spec.NodeName = "node-1" })
	objects := Objects{DaemonSets: []appsv1.DaemonSet{set}, Pods: []corev1.Pod{pod}}
	assert.Equal(t, skycap.StateProgressing, Assess(objects, at(1).Time).State)
	objects.Nodes = map[string]*corev1.Node{"node-1": node(nil, corev1.ConditionUnknown)}
	got := Assess(objects, at(1).Time)
	assert.Equal(t, skycap.StateHealthy, got.State)
	assert.Contains(t, got.Message, "node-1")
}

func TestOnDelete(t *testing.T) {
	t.Parallel()
	got := Assess(Objects{StatefulSets: []appsv1.StatefulSet{statefulSet(func(s *appsv1.StatefulSet) {
		s.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
		s.Status.CurrentRevision, s.Status.UpdatedReplicas = "a", 1
	})}}, time.Time{})
	assert.Equal(t, Assessment{
		State: skycap.StateHealthy, Message: `stateful set "db" replaces its pods only when they are deleted (OnDelete): 1 of 3 are new`,
	}, got)
}

func TestEvictedPodsAreReplaced(t *testing.T) {
	t.Parallel()
	got := Assess(ofWeb(webPod(func(p *corev1.Pod) { p.Status.Phase, p.Status.Reason = corev1.PodFailed, "Evicted" })), at(9000).Time)
	assert.Equal(t, skycap.GradeTransient, got.Grade)
	assert.Equal(t, `pod "web-1" was ended and is replaced (Evicted)`, got.Cause)
}

func TestReadinessGates(t *testing.T) {
	t.Parallel()
	objects := ofWeb(webPod(func(p *corev1.Pod) {
		p.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "example.com/lb"}}
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.ContainersReady, Status: corev1.ConditionTrue, LastTransitionTime: at(0)}}
	}))
	assert.Contains(t, Assess(objects, at(119).Time).Cause, `pod "web-1" waits for its readiness gate "example.com/lb"`)
	assert.False(t, Assess(objects, at(119).Time).Broken())
	assert.True(t, Assess(objects, at(120).Time).Broken())
}

func custom(kind string, status map[string]any) unstructured.Unstructured {
	return unstructured.Unstructured{Object: map[string]any{
		"kind": kind, "metadata": map[string]any{"name": "x", "generation": int64(2)}, "status": status,
	}}
}

func has(kind, status string) map[string]any {
	return map[string]any{"conditions": []any{map[string]any{
		"type": kind, "status": status, "reason": "Why", "message": "because", "lastTransitionTime": start.Format(time.RFC3339),
	}}}
}

func TestOthers(t *testing.T) {
	t.Parallel()
	yes := true
	pending := corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "data", UID: "data"}, Status: corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimPending}}
	about := func(reason, message string) []corev1.Event {
		return []corev1.Event{{InvolvedObject: corev1.ObjectReference{UID: "data"}, Reason: reason, Message: message, FirstTimestamp: at(0)}}
	}
	for name, test := range map[string]struct {
		objects Objects
		state   skycap.State
		says    string
	}{
		"claim":             {Objects{Claims: []corev1.PersistentVolumeClaim{pending}}, skycap.StateProgressing, `claim "data" has no volume yet`},
		"claim waits":       {Objects{Claims: []corev1.PersistentVolumeClaim{pending}, Events: about("WaitForFirstConsumer", "")}, skycap.StateHealthy, ""},
		"claim fails":       {Objects{Claims: []corev1.PersistentVolumeClaim{pending}, Events: about("ProvisioningFailed", "no class")}, skycap.StateDegraded, `claim "data" has no volume: no class`},
		"claim lost":        {Objects{Claims: []corev1.PersistentVolumeClaim{{Status: corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimLost}}}}, skycap.StateDegraded, "has lost its volume"},
		"service":           {Objects{Services: []corev1.Service{{}}}, skycap.StateHealthy, ""},
		"load balancer":     {Objects{Services: []corev1.Service{{Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer}}}}, skycap.StateProgressing, "waits for an address"},
		"cron job":          {Objects{CronJobs: []batchv1.CronJob{{}}}, skycap.StateHealthy, ""},
		"cron job, resting": {Objects{CronJobs: []batchv1.CronJob{{Spec: batchv1.CronJobSpec{Suspend: &yes}}}}, skycap.StateStopped, "is suspended"},
		"job, resting":      {Objects{Jobs: []batchv1.Job{{Spec: batchv1.JobSpec{Suspend: &yes}}}}, skycap.StateStopped, "is suspended"},
		"autoscaler": {Objects{Autoscalers: []autoscalingv2.HorizontalPodAutoscaler{{Status: autoscalingv2.HorizontalPodAutoscalerStatus{
			Conditions: []autoscalingv2.HorizontalPodAutoscalerCondition{{Type: autoscalingv2.ScalingActive, Status: corev1.ConditionFalse, Reason: "ScalingDisabled"}},
		}}}}, skycap.StateHealthy, "does not scale"},
		"definition":         {Objects{Definitions: []unstructured.Unstructured{custom("CRD", has("Established", "True"))}}, skycap.StateHealthy, ""},
		"definition, new":    {Objects{Definitions: []unstructured.Unstructured{custom("CRD", nil)}}, skycap.StateProgressing, "is not established yet"},
		"definition refused": {Objects{Definitions: []unstructured.Unstructured{custom("CRD", has("NamesAccepted", "False"))}}, skycap.StateDegraded, "names of"},
		"custom, no status":  {Objects{Custom: []unstructured.Unstructured{custom("Cache", nil)}}, skycap.StateHealthy, ""},
		"custom, ready":      {Objects{Custom: []unstructured.Unstructured{custom("Cache", has("Ready", "True"))}}, skycap.StateHealthy, ""},
		"custom, not ready":  {Objects{Custom: []unstructured.Unstructured{custom("Cache", has("Ready", "False"))}}, skycap.StateProgressing, `cache "x" is not ready: Why: because`},
		"custom, stalled":    {Objects{Custom: []unstructured.Unstructured{custom("Cache", has("Stalled", "True"))}}, skycap.StateDegraded, `cache "x" has a problem: Why: because (Stalled)`},
		"custom, not seen":   {Objects{Custom: []unstructured.Unstructured{custom("Cache", map[string]any{"observedGeneration": int64(1)})}}, skycap.StateProgressing, "not seen yet"},
		"stopped stays stopped": {Objects{
			Deployments: []appsv1.Deployment{deploymentOf(0, 0, 0, func(d *appsv1.Deployment) { d.Spec.Replicas = number(0) })}, Services: []corev1.Service{{}},
		}, skycap.StateStopped, "scaled to zero"},
		"stopped waits for nothing": {Objects{
			Deployments: []appsv1.Deployment{deploymentOf(0, 0, 0, func(d *appsv1.Deployment) { d.Spec.Replicas = number(0) })},
			Services:    []corev1.Service{{Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer}}}, Jobs: []batchv1.Job{{}},
			CronJobs: []batchv1.CronJob{{Spec: batchv1.CronJobSpec{Suspend: &yes}}},
		}, skycap.StateStopped, "scaled to zero"},
		"stopped in part": {Objects{
			Deployments: []appsv1.Deployment{deploymentOf(0, 0, 0, func(d *appsv1.Deployment) { d.Spec.Replicas = number(0) })},
			CronJobs:    []batchv1.CronJob{{}},
		}, skycap.StateHealthy, "scaled to zero"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Assess(test.objects, at(60).Time)
			assert.Equal(t, test.state, got.State)
			assert.Contains(t, got.Message, test.says)
		})
	}
}

// A quota that was full has room once pods of the former release are gone; the
// controller tries again later and later.
func TestAQuotaWithRoomIsNoFault(t *testing.T) {
	t.Parallel()
	quota := func(used string) corev1.ResourceQuota {
		return corev1.ResourceQuota{
			ObjectMeta: metav1.ObjectMeta{Name: "small"},
			Status: corev1.ResourceQuotaStatus{
				Hard: corev1.ResourceList{"pods": resource.MustParse("2")}, Used: corev1.ResourceList{"pods": resource.MustParse(used)},
			},
		}
	}
	const over = `pods "x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2`
	for used, free := range map[string]bool{"1": true, "2": false} {
		v := newView(Objects{Quotas: []corev1.ResourceQuota{quota(used)}}, at(20).Time)
		found := v.refusal("deployment \"web\"", "FailedCreate", over, at(0).Time)
		assert.Equal(t, free, found.judged(at(20).Time, time.Time{}).Grade == skycap.GradeTransient, used)
	}
	assert.False(t, newView(Objects{}, at(20).Time).isFree("small", "pods=1"), "what may not be read is not known")

	killed := newView(Objects{Events: []corev1.Event{said("Killing", "Stopping container web", 10, 10)}}, at(20).Time)
	found := killed.refusal("deployment \"web\"", "FailedCreate", over, at(0).Time)
	assert.Equal(t, skycap.GradeTransient, found.judged(at(54).Time, time.Time{}).Grade, "a pod was asked to end a while ago")
	assert.Equal(t, skycap.GradePersistent, found.judged(at(55).Time, time.Time{}).Grade)
}
