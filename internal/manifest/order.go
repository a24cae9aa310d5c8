package manifest

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Key identifies an object within a namespace, whatever version its API has.
func Key(object *unstructured.Unstructured) string {
	kind := object.GroupVersionKind().GroupKind()
	return kind.String() + "/" + object.GetName()
}

// order is what others depend on first. What is not listed comes between the
// last of these and the workloads.
func order() []string {
	return []string{
		"Namespace", "CustomResourceDefinition", "PriorityClass", "StorageClass", "ResourceQuota", "LimitRange", "NetworkPolicy",
		"ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding",
		"Secret", "ConfigMap", "PersistentVolume", "PersistentVolumeClaim", "Service",
	}
}

func workloads() []string {
	return []string{"Pod", "DaemonSet", "StatefulSet", "ReplicaSet", "Deployment", "Job", "CronJob", "PodDisruptionBudget",
		"HorizontalPodAutoscaler", "Ingress"}
}

func rank(kind string) int {
	if i := slices.Index(order(), kind); i >= 0 {
		return i
	}
	if i := slices.Index(workloads(), kind); i >= 0 {
		return len(order()) + 1 + i
	}
	return len(order())
}

// Sort puts objects in the order in which they are to be applied; those of one kind keep theirs.
func Sort(objects []Object) {
	slices.SortStableFunc(objects, func(a, b Object) int { return rank(a.GetKind()) - rank(b.GetKind()) })
}
