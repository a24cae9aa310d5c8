package rollout

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

const kubeletBudget = 30 * time.Second // for the kubelet to begin with a pod

// SuspectNodes names the nodes that may be why pods do not run: those of pods
// that the kubelet has not begun with, or that were well when it fell silent.
func SuspectNodes(objects Objects) []string {
	v := newView(objects, time.Time{})
	var names []string
	for _, pod := range objects.Pods {
		i := instance{view: v, pod: pod, events: v.eventsOf("Pod", pod.ObjectMeta)}
		if pod.Spec.NodeName != "" && (i.idle() || i.lost()) {
			names = append(names, pod.Spec.NodeName)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (i instance) over() bool {
	return i.pod.Status.Phase == corev1.PodSucceeded || i.pod.Status.Phase == corev1.PodFailed
}

// idle reports whether the kubelet has not begun with the pod.
func (i instance) idle() bool {
	return !i.over() && (i.pod.Status.StartTime == nil || len(i.pod.Status.ContainerStatuses) == 0)
}

// lost reports whether the pod stopped being ready without any of its containers doing so.
func (i instance) lost() bool {
	if i.over() || Ready(i.pod) {
		return false
	}
	well := len(i.pod.Status.ContainerStatuses) > 0 && len(i.pod.Spec.ReadinessGates) == 0 &&
		!slices.ContainsFunc(i.pod.Status.ContainerStatuses, func(status corev1.ContainerStatus) bool { return !status.Ready })
	return well || i.pod.Status.Reason == "NodeLost" || len(among(i.events, "NodeNotReady")) > 0
}

// nodeTrouble tells of a node that is gone or silent, or whose kubelet has not begun.
func (i instance) nodeTrouble() []finding {
	name := i.pod.Spec.NodeName
	if name == "" {
		return nil
	}
	scheduled := latest(conditionTime(i.pod, corev1.PodScheduled), i.pod.CreationTimestamp.Time)
	node, known := i.Nodes[name]
	switch {
	case known && node == nil:
		return []finding{i.finding(rankNode, "NodeLost", latest(scheduled, conditionTime(i.pod, corev1.PodReady)),
			"node %q of pod %q is gone", name, i.pod.Name).within(i.budget(15 * time.Second))}
	case known && readiness(node).Status != corev1.ConditionTrue:
		return []finding{i.onUnreadyNode(readiness(node), scheduled)}
	case i.pod.Status.Reason == "NodeLost" || len(among(i.events, "NodeNotReady")) > 0 && i.lost():
		return []finding{i.finding(rankNote, "NodeNotReady", conditionTime(i.pod, corev1.PodReady),
			"node %q of pod %q is not heard of", name, i.pod.Name).proven(final(among(i.events, "NodeNotReady")))}
	case i.pod.Status.StartTime == nil && !i.over():
		found := i.finding(rankNote, "Scheduled", scheduled, "node %q has not begun with pod %q", name, i.pod.Name)
		found.from = scheduled.Add(kubeletBudget)
		return []finding{found}
	}
	return nil
}

func (i instance) onUnreadyNode(condition corev1.NodeCondition, scheduled time.Time) finding {
	budget := time.Minute
	if i.idle() {
		budget = 15 * time.Second
	}
	why := condition.Reason
	if condition.Message != "" {
		why = fmt.Sprintf("%s: %s", condition.Reason, oneLine(condition.Message))
	}
	return i.finding(rankNode, condition.Reason, latest(condition.LastTransitionTime.Time, scheduled),
		"node %q of pod %q is not ready: %s", i.pod.Spec.NodeName, i.pod.Name, why).within(i.budget(budget))
}

func readiness(node *corev1.Node) corev1.NodeCondition {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition
		}
	}
	return corev1.NodeCondition{Reason: "NodeStatusUnknown"}
}

// outOfService reports whether a node is known to be unable to run pods.
func (v *view) outOfService(name string) bool {
	node, known := v.Nodes[name]
	return known && (node == nil || node.Spec.Unschedulable || readiness(node).Status != corev1.ConditionTrue)
}
