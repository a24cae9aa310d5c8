package rollout

import (
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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

// judge compares the counts: what it returns is progressing until they are as wanted.
func (c counts) judge() Assessment {
	switch {
	case !c.seen:
		return progressing("%s is not seen yet by its controller", c.name)
	case c.desired == 0 && c.existing == 0:
		return Assessment{State: skycap.StateStopped, Message: c.name + " is scaled to zero"}
	case c.updated < c.desired-c.kept:
		return progressing("%d of %d new pods started", c.updated, c.desired-c.kept)
	case c.able < c.desired:
		return progressing("%d of %d pods ready", c.able, c.desired)
	case c.existing > min(c.updated+c.kept, c.desired):
		return progressing("%d old pods still to stop", c.existing-min(c.updated+c.kept, c.desired))
	}
	return healthy()
}

// waitsForPods reports whether the counts say that pods are missing or not ready.
func (c counts) waitsForPods() bool {
	return c.seen && (c.updated < c.desired-c.kept || c.able < c.desired)
}

func (v *view) statefulSet(s appsv1.StatefulSet) Assessment {
	revision := func(pod corev1.Pod) bool {
		return pod.Labels[appsv1.ControllerRevisionHashLabelKey] == s.Status.UpdateRevision
	}
	updated := s.Status.UpdatedReplicas
	if s.Status.CurrentRevision == s.Status.UpdateRevision {
		updated = s.Status.Replicas
	}
	c := counts{
		name: "stateful set " + strconv.Quote(s.Name), desired: replicas(s.Spec.Replicas), existing: s.Status.Replicas,
		updated: updated, able: s.Status.ReadyReplicas, kept: partition(s), seen: s.Status.ObservedGeneration >= s.Generation,
	}
	if s.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType {
		return v.onDelete(c, v.podsOf(s.UID, nil))
	}
	newest, former := v.podsOf(s.UID, revision), v.podsOf(s.UID, func(pod corev1.Pod) bool { return !revision(pod) })
	if !c.waitsForPods() {
		return v.steady(c.judge(), newest)
	}
	found := append(v.ailments(newest, false), v.uncreatedPods(c.name, v.eventsOf("StatefulSet", s.ObjectMeta))...)
	if s.Spec.PodManagementPolicy != appsv1.ParallelPodManagement && c.updated < c.desired-c.kept && !slices.ContainsFunc(newest, unready) {
		found = append(found, v.heldUp(c.name, former)...)
	}
	return v.withFormer(v.conclude(c.judge(), found), former)
}

func unready(pod corev1.Pod) bool { return !Ready(pod) }

// partition is how many pods a stateful set's update leaves as they are.
func partition(s appsv1.StatefulSet) int32 {
	rolling := s.Spec.UpdateStrategy.RollingUpdate
	if rolling == nil || rolling.Partition == nil {
		return 0
	}
	return min(*rolling.Partition, replicas(s.Spec.Replicas))
}

func (v *view) daemonSet(d appsv1.DaemonSet) Assessment {
	// The object's own generation counts changes of other fields too.
	generation := d.Annotations[appsv1.DeprecatedTemplateGeneration]
	revision := func(pod corev1.Pod) bool { return pod.Labels["pod-template-generation"] == generation }
	excused := v.excusedNodes(d.UID)
	wanted := d.Status.DesiredNumberScheduled - int32(len(excused))
	if d.Status.DesiredNumberScheduled == 0 && d.Status.ObservedGeneration >= d.Generation {
		return healthy() // no node wants it, which is nobody's doing
	}
	if wanted <= 0 && len(excused) > 0 {
		return progressing("daemon set %q has only nodes that are out of service: %s", d.Name, strings.Join(excused, ", "))
	}
	c := counts{
		name: "daemon set " + strconv.Quote(d.Name), desired: wanted, existing: min(wanted, d.Status.CurrentNumberScheduled),
		updated: d.Status.UpdatedNumberScheduled, able: d.Status.NumberAvailable, seen: d.Status.ObservedGeneration >= d.Generation,
	}
	if d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
		return v.onDelete(c, v.podsOf(d.UID, nil))
	}
	if !c.waitsForPods() && len(excused) > 0 {
		return c.judge().noting(c.name + " does without the nodes that are out of service: " + strings.Join(excused, ", "))
	}
	onGoodNodes := func(pod corev1.Pod) bool { return !slices.Contains(excused, pod.Spec.NodeName) && !removed(pod) }
	newest := v.podsOf(d.UID, func(pod corev1.Pod) bool { return revision(pod) && onGoodNodes(pod) })
	former := v.podsOf(d.UID, func(pod corev1.Pod) bool { return !revision(pod) && onGoodNodes(pod) })
	if !c.waitsForPods() {
		return v.steady(c.judge(), newest)
	}
	found := append(v.ailments(newest, false), v.uncreatedPods(c.name, v.eventsOf("DaemonSet", d.ObjectMeta))...)
	return v.withFormer(v.conclude(c.judge(), found), former)
}

// excusedNodes names the nodes that are out of service and on which the owner has no pod that is ready.
func (v *view) excusedNodes(owner types.UID) []string {
	var names []string
	for _, pod := range v.Pods {
		if owned(pod.OwnerReferences, owner) && pod.Spec.NodeName != "" && !Ready(pod) && v.outOfService(pod.Spec.NodeName) {
			names = append(names, pod.Spec.NodeName)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// onDelete judges a workload whose pods are replaced only when somebody deletes them.
func (v *view) onDelete(c counts, pods []corev1.Pod) Assessment {
	updated := c.updated
	c.kept, c.updated = max(0, c.desired-updated), c.desired
	c.existing = min(c.existing, c.desired)
	assessment := c.judge()
	if c.waitsForPods() {
		assessment = v.conclude(assessment, v.ailments(pods, false))
	}
	if assessment.State == skycap.StateHealthy && updated < c.desired {
		assessment.Message = c.name + " replaces its pods only when they are deleted (OnDelete): " +
			strconv.Itoa(int(updated)) + " of " + strconv.Itoa(int(c.desired)) + " are new"
	}
	return assessment
}

func owned(owners []metav1.OwnerReference, by types.UID) bool {
	return slices.ContainsFunc(owners, func(owner metav1.OwnerReference) bool { return owner.UID == by })
}

// podsOf returns an owner's pods that are to stay, the oldest first.
func (v *view) podsOf(owner types.UID, keep func(corev1.Pod) bool) []corev1.Pod {
	var at []int // a pod is large: none is copied twice
	for i := range v.Pods {
		pod := &v.Pods[i]
		if owned(pod.OwnerReferences, owner) && pod.DeletionTimestamp == nil && (keep == nil || keep(*pod)) {
			at = append(at, i)
		}
	}
	found := make([]corev1.Pod, len(at))
	for i := range at {
		found[i] = v.Pods[at[i]]
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
