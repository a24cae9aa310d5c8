package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/skycap/skycap/pkg/skycap"
)

// deploymentOf is a deployment that wants two pods and whose status has these numbers.
func deploymentOf(existing, updated, available int32, change ...func(*appsv1.Deployment)) appsv1.Deployment {
	d := appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web", UID: "web", Generation: 4},
		Spec:       appsv1.DeploymentSpec{Replicas: number(2)},
		Status: appsv1.DeploymentStatus{
			ObservedGeneration: 4, Replicas: existing, UpdatedReplicas: updated, AvailableReplicas: available,
		},
	}
	for _, apply := range change {
		apply(&d)
	}
	return d
}

func number(n int32) *int32 { return &n }

func condition(kind appsv1.DeploymentConditionType, status corev1.ConditionStatus, reason string) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) {
		d.Status.Conditions = append(d.Status.Conditions, appsv1.DeploymentCondition{
			Type: kind, Status: status, Reason: reason, Message: "pods \"web-1\" is forbidden: exceeded quota",
		})
	}
}

// replicaSets are the old and the newest ReplicaSet of the deployment, and one of another.
func replicaSets() []appsv1.ReplicaSet {
	set := func(name, owner, revision string) appsv1.ReplicaSet {
		return appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{
			Name: name, UID: types.UID(name), Annotations: map[string]string{"deployment.kubernetes.io/revision": revision},
			OwnerReferences: ownedByUID("Deployment", owner),
		}}
	}
	// As numbers 10 comes after 9, as text it wouldn't.
	return []appsv1.ReplicaSet{set("newest", "web", "10"), set("old", "web", "9"), set("foreign", "other", "99")}
}

func ownedByUID(kind, uid string) []metav1.OwnerReference {
	return []metav1.OwnerReference{{Kind: kind, Name: uid, UID: types.UID(uid)}}
}

func podOf(owner string, change ...func(*corev1.Pod)) corev1.Pod {
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: owner + "-pod", Labels: map[string]string{}}}
	if owner != "" {
		pod.OwnerReferences = ownedByUID("ReplicaSet", owner)
	}
	for _, apply := range change {
		apply(&pod)
	}
	return pod
}

func label(name, value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Labels[name] = value }
}

func waiting(reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: "app", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}},
		})
	}
}

func crashing(times int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		waiting("CrashLoopBackOff", "back-off 40s restarting failed container")(p)
		last := &p.Status.ContainerStatuses[len(p.Status.ContainerStatuses)-1]
		last.RestartCount = times
		last.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 3, Reason: "Error"}
	}
}

// inInit makes the pod's containers init containers.
func inInit(p *corev1.Pod) {
	p.Status.InitContainerStatuses, p.Status.ContainerStatuses = p.Status.ContainerStatuses, nil
}

func unscheduled(p *corev1.Pod) {
	p.Status.Conditions = []corev1.PodCondition{{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/3 nodes are available",
	}}
}

func ready(p *corev1.Pod) {
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
}

func TestDeployment(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		deployment appsv1.Deployment
		want       Assessment
	}{
		"not observed yet": {
			deploymentOf(2, 2, 2, func(d *appsv1.Deployment) { d.Generation = 5 }),
			Assessment{State: skycap.StateProgressing, Message: `deployment "web" is not seen yet by its controller`},
		},
		"not observed yet, so conditions are of the spec before": {
			deploymentOf(2, 2, 2, func(d *appsv1.Deployment) { d.Generation = 5 },
				condition(appsv1.DeploymentProgressing, corev1.ConditionFalse, "ProgressDeadlineExceeded"),
				condition(appsv1.DeploymentReplicaFailure, corev1.ConditionTrue, "FailedCreate")),
			Assessment{State: skycap.StateProgressing, Message: `deployment "web" is not seen yet by its controller`},
		},
		"new pods to start": {
			deploymentOf(3, 1, 2), Assessment{State: skycap.StateProgressing, Message: "1 of 2 new pods started"},
		},
		"pods not ready": {
			deploymentOf(2, 2, 1), Assessment{State: skycap.StateProgressing, Message: "1 of 2 pods ready"},
		},
		"old pods to stop": {
			deploymentOf(3, 2, 2), Assessment{State: skycap.StateProgressing, Message: "1 old pods still to stop"},
		},
		"scaled down, with pods to stop": {
			deploymentOf(5, 5, 5), Assessment{State: skycap.StateProgressing, Message: "3 old pods still to stop"},
		},
		"healthy": {deploymentOf(2, 2, 2), Assessment{State: skycap.StateHealthy}},
		"healthy with conditions of old": {
			deploymentOf(2, 2, 2, condition(appsv1.DeploymentReplicaFailure, corev1.ConditionFalse, ""),
				condition(appsv1.DeploymentProgressing, corev1.ConditionTrue, "NewReplicaSetAvailable")),
			Assessment{State: skycap.StateHealthy},
		},
		"one pod by default": {
			deploymentOf(1, 1, 1, func(d *appsv1.Deployment) { d.Spec.Replicas = nil }), Assessment{State: skycap.StateHealthy},
		},
		"stopped": {
			deploymentOf(0, 0, 0, func(d *appsv1.Deployment) { d.Spec.Replicas = number(0) }),
			Assessment{State: skycap.StateStopped, Message: `deployment "web" is scaled to zero`},
		},
		"stopping": {
			deploymentOf(2, 2, 2, func(d *appsv1.Deployment) { d.Spec.Replicas = number(0) }),
			Assessment{State: skycap.StateProgressing, Message: "2 old pods still to stop"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, Assess(Objects{Deployments: []appsv1.Deployment{test.deployment}, ReplicaSets: replicaSets()}, time.Time{}))
		})
	}
}

func TestPodsOfADeployment(t *testing.T) {
	t.Parallel()
	const crash = `container "app" exits with code 3, after `
	for name, test := range map[string]struct {
		pod   corev1.Pod
		state skycap.State
		grade skycap.Grade
		says  string // empty: nothing of the pod
	}{
		"being made":             {podOf("newest", waiting("ContainerCreating", "")), skycap.StateProgressing, "", ""},
		"initializing":           {podOf("newest", waiting("PodInitializing", "")), skycap.StateProgressing, "", ""},
		"not ready":              {podOf("newest"), skycap.StateProgressing, "", ""},
		"crashes below limit":    {podOf("newest", crashing(2)), skycap.StateProgressing, skycap.GradeTransient, crash + "2 restarts (CrashLoopBackOff)"},
		"crashes at limit":       {podOf("newest", crashing(3)), skycap.StateDegraded, skycap.GradePersistent, crash + "3 restarts (CrashLoopBackOff)"},
		"crashes above limit":    {podOf("newest", crashing(7)), skycap.StateDegraded, skycap.GradePersistent, crash + "7 restarts (CrashLoopBackOff)"},
		"init container crashes": {podOf("newest", crashing(3), inInit), skycap.StateDegraded, skycap.GradePersistent, crash + "3 restarts (CrashLoopBackOff)"},
		"crashes of an old pod":  {podOf("old", crashing(9)), skycap.StateProgressing, "", ""},
		"crashes of another deployment's pod": {
			podOf("foreign", crashing(9)), skycap.StateProgressing, "", "",
		},
		"crashes of a pod that is going": {
			podOf("newest", crashing(9), func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }),
			skycap.StateProgressing, "", "",
		},
		"missing ConfigMap": {
			podOf("newest", waiting("CreateContainerConfigError", `configmap "x" not found`)),
			skycap.StateDegraded, skycap.GradeFatal, `container "app" can't be created: ConfigMap "x" does not exist (CreateContainerConfigError)`,
		},
		"cache not filled": {
			podOf("newest", waiting("CreateContainerConfigError", "failed to sync configmap cache: timed out waiting for the condition")),
			skycap.StateProgressing, skycap.GradeTransient, "failed to sync configmap cache",
		},
		"image never pulled": {
			podOf("newest", waiting("ErrImageNeverPull", "policy is Never")), skycap.StateDegraded, skycap.GradeFatal, "ErrImageNeverPull",
		},
		"image name":      {podOf("newest", waiting("InvalidImageName", "x")), skycap.StateDegraded, skycap.GradeFatal, "(InvalidImageName)"},
		"image pull":      {podOf("newest", waiting("ErrImagePull", "timeout")), skycap.StateProgressing, skycap.GradeTransient, "can't be pulled now: timeout (ErrImagePull)"},
		"image back-off":  {podOf("newest", waiting("ImagePullBackOff", "")), skycap.StateProgressing, skycap.GradeTransient, "(ErrImagePull)"},
		"unschedulable":   {podOf("newest", unscheduled), skycap.StateProgressing, skycap.GradeTransient, "0/3 nodes are available (Unschedulable)"},
		"init image pull": {podOf("newest", waiting("ErrImagePull", ""), inInit), skycap.StateProgressing, skycap.GradeTransient, "ErrImagePull"},
		"worst counts": {
			podOf("newest", waiting("ErrImagePull", ""), crashing(4), waiting("ImagePullBackOff", "")),
			skycap.StateDegraded, skycap.GradePersistent, crash + "4 restarts (CrashLoopBackOff)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Assess(Objects{
				Deployments: []appsv1.Deployment{deploymentOf(3, 1, 2)}, ReplicaSets: replicaSets(), Pods: []corev1.Pod{test.pod},
			}, time.Time{})
			assert.Equal(t, test.state, got.State)
			assert.Equal(t, test.grade, got.Grade)
			assert.Equal(t, test.state == skycap.StateDegraded, got.Broken())
			if test.says == "" {
				assert.Equal(t, "1 of 2 new pods started", got.Message)
				assert.Empty(t, got.Evidence)
				return
			}
			assert.Contains(t, got.Message, `1 of 2 new pods started: `)
			assert.Contains(t, got.Message, test.says)
			assert.Equal(t, "1 of 2 new pods started: "+got.Cause, got.Message)
			assert.Contains(t, got.Evidence[0], got.Cause)
		})
	}
}

func TestDeadlineKeepsTheGraverGrade(t *testing.T) {
	t.Parallel()
	late := deploymentOf(3, 1, 2, condition(appsv1.DeploymentProgressing, corev1.ConditionFalse, "ProgressDeadlineExceeded"))
	bare := Assess(Objects{Deployments: []appsv1.Deployment{late}, ReplicaSets: replicaSets()}, time.Time{})
	assert.Equal(t, skycap.GradePersistent, bare.Grade)
	assert.Equal(t, `deployment "web" exceeded its progress deadline (ProgressDeadlineExceeded)`, bare.Cause)
	assess := func(pod corev1.Pod) Assessment {
		return Assess(Objects{Deployments: []appsv1.Deployment{late}, ReplicaSets: replicaSets(), Pods: []corev1.Pod{pod}}, time.Time{})
	}
	transient := assess(podOf("newest", waiting("ErrImagePull", "")))
	assert.Equal(t, skycap.StateDegraded, transient.State)
	assert.Equal(t, skycap.GradePersistent, transient.Grade)
	assert.Contains(t, transient.Message, "ErrImagePull")
	assert.Equal(t, skycap.GradeFatal, assess(podOf("newest", waiting("InvalidImageName", ""))).Grade)
}

func statefulSet(change func(*appsv1.StatefulSet)) appsv1.StatefulSet {
	s := appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "db", UID: "db", Generation: 2},
		Spec:       appsv1.StatefulSetSpec{Replicas: number(3)},
		Status: appsv1.StatefulSetStatus{
			ObservedGeneration: 2, Replicas: 3, ReadyReplicas: 3, UpdatedReplicas: 3, CurrentRevision: "b", UpdateRevision: "b",
		},
	}
	change(&s)
	return s
}

func TestStatefulSet(t *testing.T) {
	t.Parallel()
	rolling := func(s *appsv1.StatefulSet) { s.Status.CurrentRevision, s.Status.UpdatedReplicas = "a", 1 }
	for name, test := range map[string]struct {
		change func(*appsv1.StatefulSet)
		pods   []corev1.Pod
		state  skycap.State
		says   string
	}{
		"healthy":      {func(*appsv1.StatefulSet) {}, nil, skycap.StateHealthy, ""},
		"not observed": {func(s *appsv1.StatefulSet) { s.Generation = 3 }, nil, skycap.StateProgressing, `stateful set "db" is not seen yet`},
		"rolling":      {rolling, nil, skycap.StateProgressing, "1 of 3 new pods started"},
		"rolled out, count gone": {
			func(s *appsv1.StatefulSet) { s.Status.UpdatedReplicas = 0 }, nil, skycap.StateHealthy, "",
		},
		"not ready":   {func(s *appsv1.StatefulSet) { s.Status.ReadyReplicas = 2 }, nil, skycap.StateProgressing, "2 of 3 pods ready"},
		"scaled down": {func(s *appsv1.StatefulSet) { s.Status.Replicas = 5 }, nil, skycap.StateProgressing, "2 old pods still to stop"},
		"stopped": {
			func(s *appsv1.StatefulSet) {
				s.Spec.Replicas, s.Status.Replicas, s.Status.ReadyReplicas = number(0), 0, 0
			},
			nil, skycap.StateStopped, "scaled to zero",
		},
		"new pod crashes": {
			rolling, []corev1.Pod{podOf("db", label(appsv1.ControllerRevisionHashLabelKey, "b"), crashing(3))},
			skycap.StateDegraded, "CrashLoopBackOff",
		},
		"old pod crashes": {
			rolling, []corev1.Pod{podOf("db", label(appsv1.ControllerRevisionHashLabelKey, "a"), crashing(3))},
			skycap.StateProgressing, "1 of 3 new pods started",
		},
		"a partition keeps pods": {
			func(s *appsv1.StatefulSet) {
				rolling(s)
				s.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: number(2)}
			}, nil, skycap.StateHealthy, "",
		},
		"a partition, and one to go": {
			func(s *appsv1.StatefulSet) {
				rolling(s)
				s.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: number(1)}
			}, nil, skycap.StateProgressing, "1 of 2 new pods started",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Assess(Objects{StatefulSets: []appsv1.StatefulSet{statefulSet(test.change)}, Pods: test.pods}, time.Time{})
			assert.Equal(t, test.state, got.State)
			assert.Contains(t, got.Message, test.says)
		})
	}
}

func TestDaemonSet(t *testing.T) {
	t.Parallel()
	const templateGeneration = "pod-template-generation"
	for name, test := range map[string]struct {
		change func(*appsv1.DaemonSet)
		pods   []corev1.Pod
		state  skycap.State
		says   string
	}{
		"healthy":      {func(*appsv1.DaemonSet) {}, nil, skycap.StateHealthy, ""},
		"not observed": {func(d *appsv1.DaemonSet) { d.Generation = 8 }, nil, skycap.StateProgressing, "not seen yet"},
		"rolling": {
			func(d *appsv1.DaemonSet) { d.Status.UpdatedNumberScheduled = 1 }, nil, skycap.StateProgressing, "1 of 3 new pods started",
		},
		"not available": {func(d *appsv1.DaemonSet) { d.Status.NumberAvailable = 1 }, nil, skycap.StateProgressing, "1 of 3 pods ready"},
		"no node wants it": {
			func(d *appsv1.DaemonSet) { d.Status = appsv1.DaemonSetStatus{ObservedGeneration: 7} }, nil, skycap.StateHealthy, "",
		},
		"new, not observed": {
			func(d *appsv1.DaemonSet) { d.Status = appsv1.DaemonSetStatus{} }, nil, skycap.StateProgressing, "not seen yet",
		},
		// The template's generation counts changes of the template, the object's every change of the spec.
		"new pod crashes": {
			func(d *appsv1.DaemonSet) { d.Status.NumberAvailable = 2 },
			[]corev1.Pod{podOf("agent", label(templateGeneration, "4"), crashing(3))}, skycap.StateDegraded, "CrashLoopBackOff",
		},
		"old pod crashes": {
			func(d *appsv1.DaemonSet) { d.Status.NumberAvailable = 2 },
			[]corev1.Pod{podOf("agent", label(templateGeneration, "3"), crashing(3))}, skycap.StateProgressing, "2 of 3 pods ready",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := appsv1.DaemonSet{
				ObjectMeta: metav1.ObjectMeta{
					Name: "agent", UID: "agent", Generation: 7, Annotations: map[string]string{appsv1.DeprecatedTemplateGeneration: "4"},
				},
				Status: appsv1.DaemonSetStatus{
					ObservedGeneration: 7, DesiredNumberScheduled: 3, CurrentNumberScheduled: 3, UpdatedNumberScheduled: 3, NumberAvailable: 3,
				},
			}
			test.change(&set)
			got := Assess(Objects{DaemonSets: []appsv1.DaemonSet{set}, Pods: test.pods}, time.Time{})
			assert.Equal(t, test.state, got.State)
			assert.Contains(t, got.Message, test.says)
		})
	}
}

func job(kind batchv1.JobConditionType, owners []metav1.OwnerReference) batchv1.Job {
	made := batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "migrate", UID: "migrate", OwnerReferences: owners}}
	if kind != "" {
		made.Status.Conditions = []batchv1.JobCondition{{Type: kind, Status: corev1.ConditionTrue, Message: "back-off limit reached"}}
	}
	return made
}

func TestJob(t *testing.T) {
	t.Parallel()
	assess := func(j batchv1.Job, pods ...corev1.Pod) Assessment {
		return Assess(Objects{Jobs: []batchv1.Job{j}, Pods: pods}, time.Time{})
	}
	assert.Equal(t, Assessment{State: skycap.StateProgressing, Message: `job "migrate" runs`}, assess(job("", nil)))
	assert.Equal(t, Assessment{State: skycap.StateHealthy}, assess(job(batchv1.JobComplete, nil)))
	failed := assess(job(batchv1.JobFailed, nil))
	assert.Equal(t, skycap.GradeFatal, failed.Grade)
	assert.Equal(t, `job "migrate" failed: back-off limit reached`, failed.Message)
	broken := assess(job("", nil), podOf("migrate", waiting("InvalidImageName", "x")))
	assert.Equal(t, skycap.GradeFatal, broken.Grade)
	assert.Contains(t, broken.Message, `job "migrate" runs: image "" of container "app" is not a valid image name (InvalidImageName)`)
	assert.Equal(t, skycap.StateAbsent, assess(job(batchv1.JobFailed, ownedByUID("CronJob", "nightly"))).State,
		"a run of a CronJob is not the release's")
}

func TestBarePod(t *testing.T) {
	t.Parallel()
	phase := func(phase corev1.PodPhase) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Name, p.Status.Phase, p.Status.Reason, p.Status.Message = "bare", phase, "Evicted", "low on disk"
		}
	}
	assess := func(change ...func(*corev1.Pod)) Assessment {
		return Assess(Objects{Pods: []corev1.Pod{podOf("", change...)}}, time.Time{})
	}
	assert.Equal(t, Assessment{State: skycap.StateHealthy}, assess(phase(corev1.PodRunning), ready))
	assert.Equal(t, Assessment{State: skycap.StateHealthy}, assess(phase(corev1.PodSucceeded)))
	assert.Equal(t, Assessment{State: skycap.StateProgressing, Message: `pod "bare" is not ready`}, assess(phase(corev1.PodPending)))
	evicted := assess(phase(corev1.PodFailed))
	assert.Equal(t, skycap.GradeTransient, evicted.Grade)
	assert.Equal(t, `pod "bare" failed (Evicted)`, evicted.Message)
	failed := assess(phase(corev1.PodFailed), func(p *corev1.Pod) { p.Status.Reason = "" })
	assert.Equal(t, skycap.GradeFatal, failed.Grade)
	assert.Equal(t, skycap.StateDegraded, assess(phase(corev1.PodRunning), crashing(3)).State)
}

func TestTheWorstWorkloadCounts(t *testing.T) {
	t.Parallel()
	assert.Equal(t, Assessment{State: skycap.StateAbsent, Message: "nothing of it is there"}, Assess(Objects{}, time.Time{}))
	stopped := deploymentOf(0, 0, 0, func(d *appsv1.Deployment) { d.Spec.Replicas = number(0) })
	fine, rolling := deploymentOf(2, 2, 2), deploymentOf(2, 2, 1)
	failed := job(batchv1.JobFailed, nil)
	assert.Equal(t, skycap.StateStopped, Assess(Objects{Deployments: []appsv1.Deployment{stopped}}, time.Time{}).State)
	assert.Equal(t, skycap.StateHealthy, Assess(Objects{Deployments: []appsv1.Deployment{fine, stopped}}, time.Time{}).State)
	assert.Equal(t, skycap.StateProgressing, Assess(Objects{Deployments: []appsv1.Deployment{rolling, fine, stopped}}, time.Time{}).State)
	assert.Equal(t, skycap.StateDegraded,
		Assess(Objects{Deployments: []appsv1.Deployment{rolling, fine}, Jobs: []batchv1.Job{failed}}, time.Time{}).State)
}

func TestBroken(t *testing.T) {
	t.Parallel()
	for assessment, want := range map[*Assessment]bool{
		{State: skycap.StateDegraded, Grade: skycap.GradeFatal}:      true,
		{State: skycap.StateDegraded, Grade: skycap.GradePersistent}: true,
		{State: skycap.StateDegraded, Grade: skycap.GradeTransient}:  false,
		{State: skycap.StateProgressing}:                             false,
		{State: skycap.StateHealthy}:                                 false,
	} {
		assert.Equal(t, want, assessment.Broken(), "%+v", assessment)
	}
}
