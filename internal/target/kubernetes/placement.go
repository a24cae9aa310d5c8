package kubernetes

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/skycap/skycap/internal/rollout"
)

// mayGo reports whether a pod may go to a node, by what it demands of the node's name
// and labels, and by the taints that it tolerates.
func mayGo(pod corev1.PodSpec, node corev1.Node) bool {
	if pod.NodeName != "" && pod.NodeName != node.Name {
		return false
	}
	repels := func(taint corev1.Taint) bool { return !rollout.Tolerates(pod, taint) }
	return labels.SelectorFromSet(pod.NodeSelector).Matches(labels.Set(node.Labels)) && isDemanded(pod.Affinity, node) &&
		!slices.ContainsFunc(node.Spec.Taints, repels)
}

// isDemanded reports whether a node is one of those that an affinity demands.
func isDemanded(affinity *corev1.Affinity, node corev1.Node) bool {
	if affinity == nil || affinity.NodeAffinity == nil || affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return true
	}
	terms := affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	return slices.ContainsFunc(terms, func(term corev1.NodeSelectorTerm) bool {
		name := labels.Set{"metadata.name": node.Name} // the only field that there is
		return len(term.MatchExpressions)+len(term.MatchFields) > 0 &&
			matchesAll(term.MatchExpressions, labels.Set(node.Labels)) && matchesAll(term.MatchFields, name)
	})
}

func matchesAll(demands []corev1.NodeSelectorRequirement, of labels.Set) bool {
	operators := map[corev1.NodeSelectorOperator]selection.Operator{
		corev1.NodeSelectorOpIn: selection.In, corev1.NodeSelectorOpNotIn: selection.NotIn,
		corev1.NodeSelectorOpExists: selection.Exists, corev1.NodeSelectorOpDoesNotExist: selection.DoesNotExist,
		corev1.NodeSelectorOpGt: selection.GreaterThan, corev1.NodeSelectorOpLt: selection.LessThan,
	}
	for _, demand := range demands {
		requirement, err := labels.NewRequirement(demand.Key, operators[demand.Operator], demand.Values)
		if err != nil || !requirement.Matches(of) {
			return false
		}
	}
	return true
}
