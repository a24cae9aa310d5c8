package rollout

import (
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/pkg/skycap"
)

func (v *view) deployment(d appsv1.Deployment) Assessment {
	c := counts{
		name: "deployment " + strconv.Quote(d.Name), desired: replicas(d.Spec.Replicas), existing: d.Status.Replicas,
		updated: d.Status.UpdatedReplicas, able: d.Status.AvailableReplicas, seen: d.Status.ObservedGeneration >= d.Generation,
	}
	if !c.waitsForPods() {
		return c.judge()
	}
	sets := v.replicaSetsOf(d)
	newest, former := v.podsBySet(sets)
	found := append(v.ailments(newest, false), v.refusedPods(d, c.name, sets)...)
	assessment := c.judge()
	if d.Spec.Paused {
		assessment.Message += " (it is paused)"
	}
	if late, ok := deadlineExceeded(d, sets, newest); ok {
		if len(found) == 0 {
			found = append(found, late)
		}
		assessment.Grade, assessment.State = skycap.GradePersistent, skycap.StateDegraded
	}
	return v.withFormer(v.conclude(assessment, found), former)
}

// replicaSetsOf returns a deployment's ReplicaSets, the newest first.
func (v *view) replicaSetsOf(d appsv1.Deployment) []appsv1.ReplicaSet {
	var sets []appsv1.ReplicaSet
	for _, set := range v.ReplicaSets {
		if owned(set.OwnerReferences, d.UID) {
			sets = append(sets, set)
		}
	}
	slices.SortStableFunc(sets, func(a, b appsv1.ReplicaSet) int { return revisionOf(b) - revisionOf(a) })
	return sets
}

func revisionOf(set appsv1.ReplicaSet) int {
	number, _ := strconv.Atoi(set.Annotations["deployment.kubernetes.io/revision"])
	return number
}

func (v *view) podsBySet(sets []appsv1.ReplicaSet) (newest, former []corev1.Pod) {
	for n, set := range sets {
		if n == 0 {
			newest = v.podsOf(set.UID, nil)
		} else {
			former = append(former, v.podsOf(set.UID, nil)...)
		}
	}
	return newest, former
}

// refusedPods tells of pods that the newest ReplicaSet was not allowed to make.
func (v *view) refusedPods(d appsv1.Deployment, name string, sets []appsv1.ReplicaSet) []finding {
	others := false // whether the deployment's condition may be that of a former ReplicaSet
	for n, set := range sets {
		failure := replicaFailure(set)
		switch {
		case n > 0:
			others = others || failure != nil
		case failure != nil:
			failed := among(v.eventsOf("ReplicaSet", set.ObjectMeta), "FailedCreate")
			since := latest(failure.LastTransitionTime.Time, set.CreationTimestamp.Time)
			return []finding{v.refusal(name, failure.Reason, failure.Message, earliest(since, begin(failed))).proven(final(failed))}
		case set.Status.ObservedGeneration < set.Generation || set.Status.ObservedGeneration == 0:
			if found := v.uncreatedPods(name, v.eventsOf("ReplicaSet", set.ObjectMeta)); len(found) > 0 {
				return found
			}
		}
	}
	for _, condition := range d.Status.Conditions {
		replicaFailed := condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue && !others
		setFailed := condition.Type == appsv1.DeploymentProgressing && condition.Reason == "ReplicaSetCreateError"
		if replicaFailed || setFailed {
			return []finding{v.refusal(name, condition.Reason, condition.Message, condition.LastTransitionTime.Time)}
		}
	}
	return nil
}

func replicaFailure(set appsv1.ReplicaSet) *appsv1.ReplicaSetCondition {
	for _, condition := range set.Status.Conditions {
		if condition.Type == appsv1.ReplicaSetReplicaFailure && condition.Status == corev1.ConditionTrue {
			return &condition
		}
	}
	return nil
}

// deadlineExceeded tells that the deployment made no progress for too long. A
// condition is of a release before when what it is about is younger.
func deadlineExceeded(d appsv1.Deployment, sets []appsv1.ReplicaSet, newest []corev1.Pod) (finding, bool) {
	var begun time.Time
	if len(sets) > 0 {
		begun = sets[0].CreationTimestamp.Time
	}
	for _, pod := range newest {
		begun = latest(begun, pod.CreationTimestamp.Time)
	}
	for _, condition := range d.Status.Conditions {
		if condition.Type == appsv1.DeploymentProgressing && condition.Reason == "ProgressDeadlineExceeded" {
			since := latest(condition.LastUpdateTime.Time, condition.LastTransitionTime.Time)
			found := transient(rankNote, "deployment "+quoted(d.Name), condition.Reason, since,
				"deployment %q exceeded its progress deadline", d.Name).persistent()
			found.Message = condition.Message
			return found, since.IsZero() || !since.Before(begun)
		}
	}
	return finding{}, false
}
