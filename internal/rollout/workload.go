package rollout

import (
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/skycap/skycap/pkg/skycap"
)

// counts are the numbers by which every kind of workload is judged.
type counts struct {
	name                             string
	desired, existing, updated, able int32
	kept                             int32 // pods that are left as they are, on purpose
	seen                             bool  // whether the status is about the newest spec
}

func (o Objects) deployment(d appsv1.Deployment) Assessment {
	newest := o.newestReplicaSet(d)
	if d.Status.ObservedGeneration >= d.Generation {
		for _, condition := range d.Status.Conditions {
			if condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue {
				return broken(skycap.GradeFatal, "deployment %q can't make pods: %s", d.Name, condition.Message)
			}
			if condition.Type == appsv1.DeploymentProgressing && condition.Reason == "ProgressDeadlineExceeded" {
				return o.withTrouble(newest, broken(skycap.GradePersistent, "deployment %q exceeded its progress deadline", d.Name))
			}
		}
	}
	return o.judge(newest, counts{
		name: "deployment " + strconv.Quote(d.Name), desired: replicas(d.Spec.Replicas), existing: d.Status.Replicas,
		updated: d.Status.UpdatedReplicas, able: d.Status.AvailableReplicas, seen: d.Status.ObservedGeneration >= d.Generation,
	})
}

func (o Objects) statefulSet(s appsv1.StatefulSet) Assessment {
	pods := o.podsOf(s.UID, func(pod corev1.Pod) bool {
		return pod.Labels[appsv1.ControllerRevisionHashLabelKey] == s.Status.UpdateRevision
	})
	updated := s.Status.UpdatedReplicas
	if s.Status.CurrentRevision == s.Status.UpdateRevision {
		updated = s.Status.Replicas
	}
	return o.judge(pods, counts{
		name: "stateful set " + strconv.Quote(s.Name), desired: replicas(s.Spec.Replicas), existing: s.Status.Replicas,
		updated: updated, able: s.Status.ReadyReplicas, kept: partition(s), seen: s.Status.ObservedGeneration >= s.Generation,
	})
}

// partition is how many pods a stateful set's update leaves as they are.
func partition(s appsv1.StatefulSet) int32 {
	rolling := s.Spec.UpdateStrategy.RollingUpdate
	if rolling == nil || rolling.Partition == nil {
		return 0
	}
	return min(*rolling.Partition, replicas(s.Spec.Replicas))
}

func (o Objects) daemonSet(d appsv1.DaemonSet) Assessment {
	// The object's own generation counts changes of other fields too.
	generation := d.Annotations[appsv1.DeprecatedTemplateGeneration]
	pods := o.podsOf(d.UID, func(pod corev1.Pod) bool { return pod.Labels["pod-template-generation"] == generation })
	wanted := d.Status.DesiredNumberScheduled
	if wanted == 0 && d.Status.ObservedGeneration >= d.Generation {
		return healthy() // no node wants it, which is nobody's doing
	}
	return o.judge(pods, counts{
		name: "daemon set " + strconv.Quote(d.Name), desired: wanted, existing: d.Status.CurrentNumberScheduled,
		updated: d.Status.UpdatedNumberScheduled, able: d.Status.NumberAvailable, seen: d.Status.ObservedGeneration >= d.Generation,
	})
}

func (o Objects) job(j batchv1.Job) Assessment {
	for _, condition := range j.Status.Conditions {
		if condition.Type == batchv1.JobComplete && condition.Status == corev1.ConditionTrue {
			return healthy()
		}
		if condition.Type == batchv1.JobFailed && condition.Status == corev1.ConditionTrue {
			return broken(skycap.GradeFatal, "job %q failed: %s", j.Name, condition.Message)
		}
	}
	return o.withTrouble(o.podsOf(j.UID, nil), progressing("job %q runs", j.Name))
}

// judge compares the counts, and looks for a reason in the newest pods.
func (o Objects) judge(newest []corev1.Pod, c counts) Assessment {
	switch {
	case !c.seen:
		return progressing("%s is not seen yet by its controller", c.name)
	case c.desired == 0 && c.existing == 0:
		return Assessment{State: skycap.StateStopped, Message: c.name + " is scaled to zero"}
	case c.updated < c.desired-c.kept:
		return o.withTrouble(newest, progressing("%d of %d new pods started", c.updated, c.desired-c.kept))
	case c.able < c.desired:
		return o.withTrouble(newest, progressing("%d of %d pods ready", c.able, c.desired))
	case c.existing > min(c.updated+c.kept, c.desired):
		return progressing("%d old pods still to stop", c.existing-min(c.updated+c.kept, c.desired))
	}
	return healthy()
}

// newestReplicaSet returns the pods of a deployment's newest ReplicaSet.
func (o Objects) newestReplicaSet(d appsv1.Deployment) []corev1.Pod {
	var newest *appsv1.ReplicaSet
	for i, set := range o.ReplicaSets {
		if owned(set.OwnerReferences, d.UID) && (newest == nil || revisionOf(set) > revisionOf(*newest)) {
			newest = &o.ReplicaSets[i]
		}
	}
	if newest == nil {
		return nil
	}
	return o.podsOf(newest.UID, nil)
}

func revisionOf(set appsv1.ReplicaSet) int {
	number, _ := strconv.Atoi(set.Annotations["deployment.kubernetes.io/revision"])
	return number
}

func (o Objects) podsOf(owner types.UID, keep func(corev1.Pod) bool) []corev1.Pod {
	var found []corev1.Pod
	for _, pod := range o.Pods {
		if owned(pod.OwnerReferences, owner) && pod.DeletionTimestamp == nil && (keep == nil || keep(pod)) {
			found = append(found, pod)
		}
	}
	slices.SortFunc(found, func(a, b corev1.Pod) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	return found
}

func replicas(wanted *int32) int32 {
	if wanted == nil {
		return 1
	}
	return *wanted
}
