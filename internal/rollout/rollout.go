// Package rollout says what healthy means and what broken means: pure functions
// over the objects of a service, as the cluster has them.
package rollout

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skycap/skycap/pkg/skycap"
)

// Objects are the workloads of one service, and what they own.
type Objects struct {
	Deployments  []appsv1.Deployment
	StatefulSets []appsv1.StatefulSet
	DaemonSets   []appsv1.DaemonSet
	ReplicaSets  []appsv1.ReplicaSet
	Jobs         []batchv1.Job
	Pods         []corev1.Pod
}

// Assessment is how a service is.
type Assessment struct {
	State    skycap.State
	Message  string       // what it waits for, or what is wrong
	Grade    skycap.Grade // of what is wrong; empty when nothing is
	Evidence []string
}

// Broken reports whether waiting any longer is of no use.
func (a Assessment) Broken() bool {
	return a.State == skycap.StateDegraded && a.Grade != skycap.GradeTransient
}

// Assess judges a service by its worst workload.
func Assess(objects Objects) Assessment {
	worst := Assessment{State: skycap.StateAbsent, Message: "nothing of it is there"}
	consider := func(found Assessment) {
		if severity(found.State) > severity(worst.State) {
			worst = found
		}
	}
	for _, deployment := range objects.Deployments {
		consider(objects.deployment(deployment))
	}
	for _, set := range objects.StatefulSets {
		consider(objects.statefulSet(set))
	}
	for _, set := range objects.DaemonSets {
		consider(objects.daemonSet(set))
	}
	for _, job := range objects.Jobs {
		if !ownedBy(job.OwnerReferences, "CronJob") {
			consider(objects.job(job))
		}
	}
	for _, pod := range objects.Pods {
		if len(pod.OwnerReferences) == 0 {
			consider(barePod(pod))
		}
	}
	return worst
}

func severity(state skycap.State) int {
	switch state {
	case skycap.StateAbsent:
		return 0
	case skycap.StateStopped:
		return 1
	case skycap.StateHealthy:
		return 2
	case skycap.StateProgressing:
		return 3
	default:
		return 4
	}
}

func ownedBy(owners []metav1.OwnerReference, kind string) bool {
	for _, owner := range owners {
		if owner.Kind == kind {
			return true
		}
	}
	return false
}

func healthy() Assessment { return Assessment{State: skycap.StateHealthy} }

func progressing(format string, values ...any) Assessment {
	return Assessment{State: skycap.StateProgressing, Message: fmt.Sprintf(format, values...)}
}

func broken(grade skycap.Grade, format string, values ...any) Assessment {
	return Assessment{State: skycap.StateDegraded, Grade: grade, Message: fmt.Sprintf(format, values...)}
}
