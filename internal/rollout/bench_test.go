package rollout_test

import (
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/skycap/skycap/internal/rollout"
)

// BenchmarkAssess judges a thousand pods of which half are on their way.
func BenchmarkAssess(b *testing.B) {
	now := time.Now()
	pods := int32(1000)
	owner := func(uid types.UID) []metav1.OwnerReference { return []metav1.OwnerReference{{UID: uid}} }
	objects := rollout.Objects{
		Deployments: []appsv1.Deployment{{
			ObjectMeta: metav1.ObjectMeta{Name: "web", UID: "deployment"}, Spec: appsv1.DeploymentSpec{Replicas: &pods},
			Status: appsv1.DeploymentStatus{Replicas: pods, UpdatedReplicas: pods, AvailableReplicas: pods / 2},
		}},
		ReplicaSets: []appsv1.ReplicaSet{{ObjectMeta: metav1.ObjectMeta{Name: "web-1", UID: "set", OwnerReferences: owner("deployment")}}},
	}
	for i := range pods {
		pod := corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: fmt.Sprintf("web-1-%d", i), UID: types.UID(fmt.Sprint(i)), OwnerReferences: owner("set"), CreationTimestamp: metav1.NewTime(now),
			},
			Spec:   corev1.PodSpec{NodeName: "node", Containers: []corev1.Container{{Name: "web", Image: "web"}}},
			Status: corev1.PodStatus{Phase: corev1.PodPending},
		}
		if i%2 == 0 {
			pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "web", Ready: true}}
		}
		objects.Pods = append(objects.Pods, pod)
	}
	for b.Loop() {
		rollout.SuspectNodes(objects)
		rollout.Assess(objects, now)
	}
}
