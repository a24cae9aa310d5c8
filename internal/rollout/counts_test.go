package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skycap/skycap/pkg/skycap"
)

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
