package rollout

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/pkg/skycap"
)

// instance is a pod with what is needed to judge it.
type instance struct {
	*view
	pod      corev1.Pod
	events   []event
	patience int  // how many budgets it has: more than one where others of its kind are ready
	tried    bool // its job tries again by itself
}

// ailments are what keeps pods of one revision from being ready.
func (v *view) ailments(pods []corev1.Pod, tried bool) []finding {
	patience := 1
	if slices.ContainsFunc(pods, Ready) {
		patience = 2
	}
	var found []finding
	for _, pod := range pods {
		found = append(found, instance{
			view: v, pod: pod, events: v.eventsOf("Pod", pod.ObjectMeta), patience: patience, tried: tried,
		}.ailments()...)
	}
	return found
}

func (i instance) ailments() []finding {
	switch {
	case Ready(i.pod) || i.pod.Status.Phase == corev1.PodSucceeded:
		return nil
	case i.pod.Status.Phase == corev1.PodFailed && !i.tried:
		return i.ended()
	}
	found := append(i.unscheduled(), i.nodeTrouble()...)
	found = append(found, i.unmounted()...)
	for _, container := range i.containers() {
		found = append(found, container.ailments()...)
	}
	return append(found, i.gates()...)
}

func (i instance) finding(rank rank, reason string, since time.Time, format string, values ...any) finding {
	found := transient(rank, "pod "+quoted(i.pod.Name), reason, since, format, values...)
	found.Pod = i.pod.Name
	return found
}

// budget is a time to wait, longer where others of its kind are ready.
func (i instance) budget(budget time.Duration) time.Duration {
	return time.Duration(i.patience) * budget
}

// ended tells of a pod that was ended, which its workload replaces.
func (i instance) ended() []finding {
	reason := i.pod.Status.Reason
	if reason == "" {
		reason = "Failed"
	}
	found := i.finding(rankNote, reason, conditionTime(i.pod, corev1.PodReady), "pod %q was ended and is replaced", i.pod.Name)
	found.Message = i.pod.Status.Message
	return []finding{found}
}

// removed reports whether a pod was ended by Kubernetes and not by its own failure.
func removed(pod corev1.Pod) bool {
	return slices.Contains([]string{"Evicted", "Preempting", "NodeShutdown", "Terminated", "NodeLost"}, pod.Status.Reason)
}

// gates names what outside of the pod must say that it is ready.
func (i instance) gates() []finding {
	if conditionStatus(i.pod, corev1.ContainersReady) != corev1.ConditionTrue {
		return nil
	}
	var found []finding
	for _, gate := range i.pod.Spec.ReadinessGates {
		if conditionStatus(i.pod, gate.ConditionType) != corev1.ConditionTrue {
			found = append(found, i.finding(rankGate, "ReadinessGatesNotReady", conditionTime(i.pod, corev1.ContainersReady),
				"pod %q waits for its readiness gate %q", i.pod.Name, gate.ConditionType).within(i.budget(2*time.Minute)))
		}
	}
	return found
}

func conditionStatus(pod corev1.Pod, kind corev1.PodConditionType) corev1.ConditionStatus {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == kind {
			return condition.Status
		}
	}
	return corev1.ConditionUnknown
}

// Ready reports whether a pod takes traffic.
func Ready(pod corev1.Pod) bool {
	return conditionStatus(pod, corev1.PodReady) == corev1.ConditionTrue
}

func (v *view) barePod(pod corev1.Pod) Assessment {
	switch {
	case pod.Status.Phase == corev1.PodSucceeded || Ready(pod):
		return healthy()
	case pod.Status.Phase != corev1.PodFailed:
		return v.conclude(progressing("pod %q is not ready", pod.Name), v.ailments([]corev1.Pod{pod}, false))
	}
	cause := "pod " + quoted(pod.Name) + " failed" + lastExit([]corev1.Pod{pod})
	found := transient(rankCrash, "pod "+quoted(pod.Name), pod.Status.Reason, conditionTime(pod, corev1.PodReady), "%s", cause)
	found.Pod, found.Message = pod.Name, pod.Status.Message
	if !removed(pod) {
		found = found.fatal()
	}
	return v.conclude(Assessment{State: skycap.StateProgressing}, []finding{found})
}
